import { basename, dirname, join } from 'node:path';
import { createLogFile, type LogFile } from './log-file.ts';
import type { LogLevel } from './log-lines.ts';

export interface OutputSettings {
  readonly output: 'stdout' | 'file';
  readonly file_path: string;
  readonly max_size: number;
  readonly max_files: number;
}

/** Where finished lines go. They are gathered for some milliseconds and then written together, in order. */
export interface LogOutput {
  write(level: LogLevel, line: string): void;
  flush(): Promise<void>;
  flushNow(): void;
  reopen(): void;
  close(): Promise<void>;
}

/** What a stream (stdout) must offer. */
export interface LineStream {
  write(text: string): unknown;
  on?(name: 'error', listener: (error: unknown) => void): unknown;
}

/** How long a line may wait for company. One write per 10 ms costs nothing; one per line costs more than the line. */
const GATHER_MS = 10;
/** Characters gathered that are written without waiting. */
const GATHER_MOST = 64 * 1024;

/** The files of `log/`, and the levels each takes. The first is `file_path` itself. */
const FILES: readonly (readonly [name: string | undefined, levels: readonly LogLevel[]])[] = [
  [undefined, ['error', 'warn', 'info', 'debug']],
  ['error.log', ['error']],
  ['info.log', ['info', 'warn']],
  ['debug.log', ['debug']],
];

/**
 * @param stdout used when `output` is `stdout`
 * @param failed told of every failed write
 * @param ready nothing is written before: the output that is being replaced must have written its last line
 */
export function createLogOutput(
  settings: OutputSettings,
  stdout: LineStream,
  failed: (error: unknown) => void,
  ready?: Promise<void>,
): LogOutput {
  const files = settings.output === 'file' ? openFiles(settings, failed) : [];
  /** Lines in order, neighbours of one level joined: each run is encoded once, whatever the number of its files. */
  let runs: { level: LogLevel; text: string }[] = [];
  let length = 0;
  let timer: NodeJS.Timeout | undefined;
  let open = ready === undefined;
  const opening = begin();

  return {
    write(level, line) {
      const last = runs.at(-1);
      if (last?.level === level) last.text += line;
      else runs.push({ level, text: line });
      length += line.length;
      if (length >= GATHER_MOST && open) pass();
      else timer ??= setTimeout(onTime, GATHER_MS);
    },
    async flush() {
      await opening;
      pass();
      await Promise.all(files.map(({ file }) => file.flush()));
    },
    flushNow() {
      pass();
      for (const { file } of files) file.flushNow();
    },
    reopen() {
      for (const { file } of files) file.reopen();
    },
    async close() {
      await opening;
      pass();
      await Promise.all(files.map(({ file }) => file.close()));
    },
  };

  async function begin(): Promise<void> {
    await ready;
    open = true;
  }

  function onTime(): void {
    timer = undefined;
    if (open) pass();
    else void opening.then(pass);
  }

  function pass(): void {
    clearTimeout(timer);
    timer = undefined;
    const batch = runs;
    runs = [];
    length = 0;
    if (settings.output === 'stdout') return passTo(stdout, batch.map((run) => run.text).join(''));
    for (const { level, text } of batch) {
      const lines = Buffer.from(text);
      for (const { levels, file } of files) if (levels.includes(level)) file.append(lines);
    }
  }

  function passTo(stream: LineStream, text: string): void {
    try {
      if (text !== '') stream.write(text);
    } catch (error) {
      failed(error);
    }
  }
}

function openFiles(
  { file_path, max_size, max_files }: OutputSettings,
  failed: (error: unknown) => void,
): { levels: readonly LogLevel[]; file: LogFile }[] {
  return FILES.filter(([name]) => name !== basename(file_path)).map(([name, levels]) => {
    const path = name === undefined ? file_path : join(dirname(file_path), name);
    return { levels, file: createLogFile({ path, max_size, max_files, failed }) };
  });
}
