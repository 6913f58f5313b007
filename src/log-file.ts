import type { FileHandle } from 'node:fs/promises';
import { appendFileSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface LogFileOptions {
  readonly path: string;
  /** Bytes after which a new file is begun. */
  readonly max_size: number;
  /** Files kept of this log, the current one included: `app.log`, `app.log.1`, `app.log.2` … */
  readonly max_files: number;
  /** Told of each write that failed and of lines dropped; must not throw. */
  readonly failed: (error: unknown) => void;
}

/** One log file: appends in order, one write at a time, and begins a new file when this one is full. */
export interface LogFile {
  /** Takes whole lines. The write happens soon; what waits already is written with it. */
  append(lines: Buffer): void;
  /** Resolves when everything appended before is written, or given up. */
  flush(): Promise<void>;
  /** The next write opens the path anew: a log may have been moved from outside. */
  reopen(): void;
  /** Writes what waits and closes the file. */
  close(): Promise<void>;
  /** Writes what waits at once and without a thread: for the exit of the process. */
  flushNow(): void;
}

/** Bytes that may wait for a slow disk; beyond them lines are dropped, and the operator is told. */
const MOST_WAITING = 16 * 1024 * 1024;
const NEWLINE = 10;

export function createLogFile({ path, max_size, max_files, failed }: LogFileOptions): LogFile {
  let waiting: Buffer[] = [];
  let bytes = 0;
  let handle: FileHandle | undefined;
  let size = 0;
  let room = max_size;
  let stale = false;
  let work: Promise<void> | undefined;

  return {
    append(lines) {
      if (bytes + lines.length > MOST_WAITING)
        return failed(new Error(`${lines.length} bytes dropped, the disk is too slow`));
      waiting.push(lines);
      bytes += lines.length;
      work ??= drain();
    },
    flush: () => work ?? Promise.resolve(),
    reopen() {
      stale = true;
    },
    async close() {
      await work;
      await shut();
    },
    flushNow() {
      const rest = take();
      if (rest.length === 0) return;
      try {
        appendFileSync(handle?.fd ?? path, rest);
      } catch (error) {
        failed(error);
      }
    },
  };

  async function drain(): Promise<void> {
    // Until the caller is done what waits stays where `flushNow` finds it.
    await Promise.resolve();
    while (waiting.length > 0) {
      try {
        await write(take());
      } catch (error) {
        failed(error);
        await shut();
      }
    }
    work = undefined;
  }

  function take(): Buffer {
    const batch = waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting);
    waiting = [];
    bytes = 0;
    return batch;
  }

  /** Cuts at line ends, so that no file grows past its size unless one line alone does. */
  async function write(batch: Buffer): Promise<void> {
    let rest = batch;
    while (rest.length > 0) {
      const file = await opened();
      const whole = rest.length <= room ? rest.length : lineEnd(rest, room);
      if (whole === 0 && size > 0) {
        await rotate();
        continue;
      }
      const part = rest.subarray(0, whole === 0 ? rest.indexOf(NEWLINE) + 1 || rest.length : whole);
      await file.appendFile(part);
      size += part.length;
      room -= part.length;
      rest = rest.subarray(part.length);
    }
  }

  async function opened(): Promise<FileHandle> {
    if (stale) await shut();
    stale = false;
    if (handle !== undefined) return handle;
    await mkdir(dirname(path), { recursive: true });
    handle = await open(path, 'a', 0o640);
    const stat = await handle.stat();
    size = stat.size;
    // A device or a pipe (`/dev/stderr`) has no size and must not be renamed.
    room = stat.isFile() ? max_size - size : Number.POSITIVE_INFINITY;
    return handle;
  }

  async function rotate(): Promise<void> {
    await shut();
    const old = max_files - 1;
    if (old < 1) return rm(path, { force: true });
    for (let n = old - 1; n >= 1; n -= 1) await move(`${path}.${n}`, `${path}.${n + 1}`);
    await move(path, `${path}.1`);
  }

  async function shut(): Promise<void> {
    const file = handle;
    handle = undefined;
    await file?.close().catch(failed);
  }
}

/** The index after the last newline among the first `room` bytes; 0 = no whole line fits. */
function lineEnd(lines: Buffer, room: number): number {
  return room <= 0 ? 0 : lines.lastIndexOf(NEWLINE, room - 1) + 1;
}

async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
