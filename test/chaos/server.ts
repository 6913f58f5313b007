import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { POINT_VARIABLE, type Point } from './point.ts';

/** One process of the server. */
export interface Server {
  /** Numbered from 1 in the order of the starts of this harness. */
  readonly generation: number;
  readonly url: string;
  /** The exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
  readonly isOver: boolean;
  /** By a signal of the harness. */
  readonly isFrozen: boolean;
  /** Aborted when it is frozen: whoever waits for its answer need not wait any longer. */
  readonly deaf: AbortSignal;
  signal(name: NodeJS.Signals): void;
  /** Ends it at once, and resolves when it has. */
  kill(): Promise<void>;
  /** Of the child only: resolves when it has heard it. */
  order(words: string): Promise<void>;
  /** Resolves as soon as it has printed a match since this call. */
  says(pattern: RegExp): Promise<void>;
  /** The last that it has printed. */
  words(): string;
}

export interface StartOptions {
  readonly file: string;
  readonly folder: string;
  /** Starts the child instead of `pushserver serve`, to die there; `null`: the child, to be ordered about. */
  readonly point?: Point | null | undefined;
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));
const LISTENS = /PushServer listens on (http:\/\/\S+) /;
/** Beside the packages, where `npm ci` removes it. */
const NODE_COMPILE_CACHE = fileURLToPath(new URL('../../node_modules/.cache/pushserver-chaos', import.meta.url));

/** Characters kept of what a server prints. */
const LAST_WORDS = 20_000;

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
let generations = 0;

/**
 * Starts a server and waits until it listens.
 * @throws Error with its last words when it ends before that
 */
export async function startServer({ file, folder, point }: StartOptions): Promise<Server> {
  const generation = ++generations;
  const { PATH = '', HOME = '', NODE_V8_COVERAGE } = process.env;
  const child = spawn(process.execPath, point === undefined ? [MAIN, 'serve', '--config', file] : [CHILD, file], {
    cwd: folder,
    env: {
      PATH,
      HOME,
      // What one of them has compiled the next ones need not; coverage has to see it all.
      ...(NODE_V8_COVERAGE ? { NODE_V8_COVERAGE } : { NODE_COMPILE_CACHE }),
      ...(point && { [POINT_VARIABLE]: JSON.stringify(point) }),
    },
    stdio: ['ignore', 'pipe', 'pipe', ...(point === undefined ? [] : ['ipc' as const])],
  });
  running.add(child);
  let words = '';
  let over = false;
  let deaf = new AbortController();
  const listeners = new Set<() => void>();
  const tell = () => listeners.forEach((look) => look());
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-LAST_WORDS);
      appendFileSync(join(folder, `server-${generation}.log`), text);
      tell();
    });
  }
  const ended = new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      running.delete(child);
      over = true;
      tell();
      resolve(code ?? signal!);
    });
  });
  const match = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(words);
        if (found === null && !over) return;
        listeners.delete(look);
        if (found) resolve(found);
        else reject(new Error(`the server ended without ${pattern}:\n${words}`));
      };
      listeners.add(look);
      look();
    });

  const [, url] = await match(LISTENS);
  return {
    generation,
    url: url!,
    ended,
    get isOver() {
      return over;
    },
    get isFrozen() {
      return deaf.signal.aborted;
    },
    get deaf() {
      return deaf.signal;
    },
    signal(name) {
      child.kill(name);
      if (name === 'SIGSTOP') deaf.abort();
      if (name === 'SIGCONT') deaf = new AbortController();
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    order: (order) =>
      new Promise((resolve, reject) => {
        const heard = (answer: unknown) => {
          if (answer !== order) return;
          child.off('message', heard);
          resolve();
        };
        child.on('message', heard);
        child.send(order, (error) => error && reject(error));
      }),
    async says(pattern) {
      words = '';
      await match(pattern);
    },
    words: () => words,
  };
}
