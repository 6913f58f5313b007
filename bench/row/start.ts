import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fill } from '../backlog.ts';
import { startChild, startServe } from '../child.ts';
import { type StoreChoice, configuration } from '../configuration.ts';
import { median } from '../median.ts';
import { type Database, createDatabase } from '../postgres.ts';
import type { Figures, Row, Terms } from '../row.ts';

const UNFINISHED = 100_000;

/** Seconds after which nothing comes any more. */
const PATIENCE = 60;

/** From the start of the process, Node's own included. The slower one of the two stores that outlive a process. */
export const start: Row = {
  name: 'start',
  measure: 'start with 100,000 unfinished tasks until the first delivery, s',
  bar: { most: 3 },
  aim: { most: 1 },
  judged: 'ours',
  write: (value) => value.toFixed(2),
  run: measure,
};

async function measure({ runs, scale, tell }: Terms): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'pushserver-bench-'));
  const file = join(folder, 'full.db');
  let full: Database | undefined;
  try {
    full = await createDatabase();
    await fill({ driver: 'sqlite', path: file }, UNFINISHED * scale, folder);
    await fill({ driver: 'postgres', url: full.url }, UNFINISHED * scale, folder);
    const seconds = { sqlite: [] as number[], postgres: [] as number[] };
    for (let run = 0; run < runs; run++) {
      const path = join(folder, `${run}.db`);
      copyFileSync(file, path);
      seconds.sqlite.push(await firstDelivery({ driver: 'sqlite', path }, folder));
      const copy = await createDatabase(full);
      seconds.postgres.push(await firstDelivery({ driver: 'postgres', url: copy.url }, folder));
      await copy.drop();
      tell(`sqlite ${seconds.sqlite.at(-1)!.toFixed(2)} s, postgres ${seconds.postgres.at(-1)!.toFixed(2)} s`);
    }
    const { sqlite, postgres } = seconds;
    const slower = median(sqlite) > median(postgres) ? sqlite : postgres;
    return { ours: median(slower), runs: { floor: [], ours: slower }, details: seconds };
  } finally {
    await full?.drop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function firstDelivery(store: StoreChoice, folder: string): Promise<number> {
  const own = mkdtempSync(join(folder, 'run-'));
  const sink = startChild('sink');
  try {
    const { url } = await sink.ask<{ url: string }>('listen');
    const config = join(own, 'config.yaml');
    writeFileSync(config, configuration({ folder: own, sink: url, store, crowd: true }));
    const arrived = sink.ask('arrived', 1, PATIENCE);
    const began = performance.now();
    const server = startServe(config, own);
    try {
      await arrived;
      return (performance.now() - began) / 1000;
    } catch (error) {
      throw new Error(`nothing was delivered: ${server.words()}`, { cause: error });
    } finally {
      await server.kill();
    }
  } finally {
    await sink.end();
  }
}
