import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = join(ROOT, 'src/main.ts');

export interface Run {
  readonly process: ChildProcess;
  /** What it has printed so far. */
  out(): string;
  err(): string;
  /** Resolves with the match as soon as stdout has it; rejects if the process ends before. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  /** The exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
}

export interface Start {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly cwd?: string;
}

/** A folder for one test file, removed at its end. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pushserver-cli-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts the command line as its own process. Its environment holds nothing of ours. */
export const start = (words: readonly string[], options: Start = {}): Run =>
  launch(process.execPath, [MAIN, ...words], options);

/** Starts any program; it is ended with the test file at the latest. */
export function launch(program: string, words: readonly string[], { env = {}, input, cwd = ROOT }: Start = {}): Run {
  const { PATH = '', HOME = '', NODE_V8_COVERAGE } = process.env;
  const child = spawn(program, words, {
    cwd,
    env: { PATH, HOME, ...(NODE_V8_COVERAGE && { NODE_V8_COVERAGE }), ...env },
    stdio: 'pipe',
  });
  let [out, err] = ['', ''];
  let over = false;
  const waiting = new Set<() => void>();
  const tell = () => waiting.forEach((look) => look());
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    tell();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      over = true;
      tell();
      resolve(code ?? signal!);
    });
  });
  child.stdin.end(input);
  after(() => child.kill('SIGKILL'));
  return {
    process: child,
    out: () => out,
    err: () => err,
    ended,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(out);
          if (match === null && !over) return;
          waiting.delete(look);
          if (match !== null) resolve(match);
          else reject(new Error(`ended without ${pattern}:\n${out}${err}`));
        };
        waiting.add(look);
        look();
      }),
  };
}

/** Runs a command to its end. */
export async function run(
  words: readonly string[],
  options?: Start,
): Promise<{ code: number | string; out: string; err: string }> {
  const started = start(words, options);
  return { code: await started.ended, out: started.out(), err: started.err() };
}

/** Writes a configuration into the folder; gives its path. */
export function writeConfig(folder: string, yaml: string, name = 'config.yaml'): string {
  const file = join(folder, name);
  writeFileSync(file, yaml);
  return file;
}
