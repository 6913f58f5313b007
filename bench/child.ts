import { type ChildProcess, type ForkOptions, fork } from 'node:child_process';
import type { Question, Reply, Usage } from './child/answer.ts';

/** One of the bench's processes, seen from the bench. */
export interface Child {
  /**
   * @param seconds after which the process counts as hung
   * @throws Error in words for people: what it was asked, and its own last words
   */
  ask<T>(name: string, input?: unknown, seconds?: number): Promise<T>;
  usage(): Promise<Usage>;
  /** The end of what it said on stderr. */
  words(): string;
  /** Lets it end by itself, within some seconds. */
  end(): Promise<void>;
  /** Ends it on the spot, as a crash does. */
  kill(): Promise<void>;
}

/** Seconds for an ordinary question, and for an end. */
const PATIENCE = 20;
/** Characters kept of what a process says on stderr. */
const LAST_WORDS = 2000;

const running = new Set<ChildProcess>();
process.on('exit', killAll);

/** Ends, at once, every process that was started here. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/**
 * Starts `bench/child/<name>.ts`.
 * @param flags of Node itself
 */
export function startChild(name: string, args: readonly string[] = [], flags: readonly string[] = []): Child {
  return start(name, new URL(`child/${name}.ts`, import.meta.url), args, { execArgv: [...flags] });
}

/** Starts the server as people do. It answers no questions. */
export function startServe(config: string, folder: string): Pick<Child, 'words' | 'kill'> {
  return start('serve', new URL('../src/main.ts', import.meta.url), ['serve', '--config', config], { cwd: folder });
}

function start(name: string, file: URL, args: readonly string[], options: ForkOptions): Child {
  const child = fork(file, args, {
    execArgv: [],
    ...options,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  const open = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let last = 0;
  let words = '';
  running.add(child);
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-LAST_WORDS);
  });
  child.on('message', (reply: Reply) => {
    const asked = open.get(reply.id);
    open.delete(reply.id);
    if ('error' in reply) asked?.reject(new Error(`${name}: ${reply.error}`));
    else asked?.resolve(reply.value as never);
  });
  const exited = new Promise<void>((resolve) => {
    const gone = (why: string) => {
      running.delete(child);
      for (const { reject } of open.values()) reject(new Error(`the process ${name} ended (${why}) ${words}`.trim()));
      open.clear();
      resolve();
    };
    child.once('exit', (code, signal) => gone(String(signal ?? code)));
    child.once('error', (error) => gone(error.message));
  });

  async function ask<T>(question: string, input?: unknown, seconds = PATIENCE): Promise<T> {
    const id = ++last;
    return within<T>(
      seconds,
      () => new Error(`${name} did not answer '${question}' within ${seconds} s ${words}`.trim()),
      new Promise<T>((resolve, reject) => {
        open.set(id, { resolve, reject });
        if (!child.connected) return reject(new Error(`the process ${name} is not running ${words}`.trim()));
        child.send({ id, name: question, input } satisfies Question);
      }),
    );
  }

  return {
    ask,
    usage: () => ask<Usage>('usage'),
    words: () => words.trim(),
    async end() {
      if (child.connected) child.disconnect();
      await within(PATIENCE, () => new Error('hung'), exited).catch(() => child.kill('SIGKILL'));
    },
    kill() {
      child.kill('SIGKILL');
      return exited;
    },
  };
}

async function within<T>(seconds: number, late: () => Error, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late()), seconds * 1000);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
