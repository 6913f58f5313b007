import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Result } from '../../src/model.ts';

/** An attempt that a dead server had begun, and whose outcome it had not recorded: what may be sent twice. */
export interface InFlight {
  /** Of the digest, or of the leaf that went alone. */
  readonly id: string;
  /** `<platform>/<target>`. */
  readonly bot: string;
  readonly titles: readonly string[];
  /** Of a long message, from 1. */
  readonly part: number;
}

export interface OpenTask {
  readonly id: string;
  readonly message: string;
  readonly results: string;
}

/** Of an unfinished task, what is asked of the tables. */
export const OPEN_TASKS = 'select id, message, results from tasks where completed_at is null';

/** Reads a file of SQLite as a dead server has left it. The file itself stays as it is: a copy is opened. */
export function inFlightIn(path: string): InFlight[] {
  const folder = mkdtempSync(join(tmpdir(), 'pushserver-chaos-copy-'));
  try {
    for (const end of ['', '-wal']) if (existsSync(path + end)) copyFileSync(path + end, join(folder, `copy${end}`));
    const database = new DatabaseSync(join(folder, 'copy'));
    try {
      return inFlightOf(database.prepare(OPEN_TASKS).all() as unknown as OpenTask[]);
    } finally {
      database.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function inFlightOf(tasks: readonly OpenTask[]): InFlight[] {
  const found = new Map<string, { bot: string; titles: string[]; part: number }>();
  for (const { id, message, results } of tasks) {
    const { title } = JSON.parse(message) as { title: string };
    for (const [leaf, result] of (JSON.parse(results) as (Result | null)[]).entries()) {
      const trail = result?.trail;
      if (!result || trail?.sending !== true) continue;
      const key = trail.digest_id ?? `${id}-${leaf}`;
      const known = found.get(key);
      if (known) known.titles.push(title);
      else found.set(key, { bot: `${result.platform}/${result.webhook}`, titles: [title], part: trail.accepted + 1 });
    }
  }
  return [...found].map(([id, rest]) => ({ id, ...rest }));
}
