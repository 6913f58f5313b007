import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Notice } from '../model.ts';
import { compactTime } from './notice.ts';
import { noticeText } from './notice-text.ts';
import { codeOf, SinkError } from './sink-error.ts';
import { createWaitingLine } from './waiting-line.ts';

export interface FileSinkOptions {
  readonly folder: string;
  /** Most files in the folder; read at each notice. */
  readonly file_limit: () => number;
}

/**
 * Writes each notice to a file of its own and keeps the newest `file_limit` of them. Rejects when that fails.
 * One file at a time: names are given in order, and a storm does not take the threads of everything else.
 */
export function createFileSink({ folder, file_limit }: FileSinkOptions): (notice: Notice) => Promise<void> {
  const line = createWaitingLine(1, MOST_WAITING);
  /** Names in the folder, oldest first, from `oldest` on; read once, then kept. */
  let names: string[] | undefined;
  let oldest = 0;
  let lastStem = '';
  let count = 0;

  return (notice) => line.enter(() => write(notice)) ?? Promise.reject(new SinkError(TOO_SLOW));

  async function write(notice: Notice): Promise<void> {
    // So many newer ones wait that this one's file would be removed again.
    if (line.waiting() >= limit()) return;
    names ??= await readNames(folder);
    names.push(await createIn(stemOf(notice), noticeText(notice)));
    await prune(names);
  }

  /** The folder may have been removed while we run. */
  async function createIn(stem: string, text: string): Promise<string> {
    try {
      return await create(stem, text);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      await mkdir(folder, { recursive: true });
      return create(stem, text);
    }
  }

  /** `wx` neither overwrites a file nor follows a link; a name that is taken gets a number. */
  async function create(stem: string, text: string): Promise<string> {
    if (stem !== lastStem) {
      const made = await createFile(join(folder, `${stem}.txt`), text);
      lastStem = stem;
      count = 0;
      if (made) return `${stem}.txt`;
    }
    for (;;) {
      const name = numbered(stem);
      if (await createFile(join(folder, name), text)) return name;
    }
  }

  function numbered(stem: string): string {
    count += 1;
    return `${stem}_${String(count).padStart(6, '0')}.txt`;
  }

  function limit(): number {
    return Math.max(file_limit(), 1);
  }

  async function prune(all: string[]): Promise<void> {
    const most = limit();
    while (all.length - oldest > most) {
      const name = all[oldest]!;
      oldest += 1;
      await rm(join(folder, name), { force: true });
    }
    if (oldest > 1000 && oldest * 2 > all.length) {
      names = all.slice(oldest);
      oldest = 0;
    }
  }
}

/** The name is the seed's; the number is added when several notices share a second. */
const OURS = /^system_notify_\d{8}_\d{6}(?:_\d{6,})?\.txt$/;
const TOO_SLOW = { en: 'the disk is too slow', zh: '磁盘过慢' };
/** Notices that may wait for a disk that hangs. */
const MOST_WAITING = 100_000;

async function readNames(folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const names = await readdir(folder);
  return names.filter((name) => OURS.test(name)).toSorted();
}

function stemOf(notice: Notice): string {
  const time = compactTime(notice.created_at);
  return `system_notify_${time.slice(0, 8)}_${time.slice(8)}`;
}

/** False: the name is taken. A file that could not be written whole is removed. */
async function createFile(path: string, text: string): Promise<boolean> {
  const file = await open(path, 'wx', 0o640).catch((error: unknown) => {
    if (codeOf(error) === 'EEXIST') return undefined;
    throw error;
  });
  if (file === undefined) return false;
  try {
    await file.writeFile(text);
    return true;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}
