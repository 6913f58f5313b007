import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CROWD } from '../configuration.ts';
import { median, percentile } from '../median.ts';
import { type Figures, type Row, type Terms, atMost, isDisturbed, undisturbed } from '../row.ts';
import { type Busy, onStage } from '../stage.ts';

const FEW = 1000;
/** How many times as many are in the other file. */
const TIMES = 1000;

const LOOKS = 1500;
/** The first looks, for which V8 compiles, are not counted. */
const UNCOUNTED = 500;
const LOOKS_WITH_FILTER = 20;

/** Finished tasks of which one has failed. */
const FAILED = 97;

/** A page of tasks costs the same however many there are. */
export const list: Row = {
  name: 'list',
  measure: 'p99 of GET /api/v1/tasks with 1,000,000 finished, and 1,000, ms',
  bar: { most: 3 },
  aim: { most: 1.2 },
  judged: 'ratio',
  write: (value) => value.toFixed(2),
  run: measure,
};

const PAGE = '/api/v1/tasks';

const FILTERS: readonly string[] = [
  '?status=failed',
  `?recipient=${CROWD[7]}`,
  '?platform=feishu',
  `?recipient=${CROWD[7]}&status=failed`,
  '?platform=feishu&status=failed',
  `?platform=feishu&recipient=${CROWD[7]}`,
  '?status=pending',
];

async function measure(terms: Terms): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'pushserver-bench-'));
  try {
    const few = join(folder, 'few.db');
    const many = join(folder, 'many.db');
    await finish(few, FEW);
    copyFileSync(few, many);
    multiply(many, Math.ceil(TIMES * terms.scale));
    const { kept, disturbed } = await undisturbed(atMost(2, terms), async () => {
      const floor = await looks(few, terms);
      const ours = await looks(many, terms);
      terms.tell(`few  ${JSON.stringify(floor.p99)}`);
      terms.tell(`many ${JSON.stringify(ours.p99)}`);
      return { floor: floor.p99, ours: ours.p99, disturbed: isDisturbed(floor) || isDisturbed(ours) };
    });
    const runs = { floor: kept.map(({ floor }) => floor[PAGE]!), ours: kept.map(({ ours }) => ours[PAGE]!) };
    return { floor: median(runs.floor), ours: median(runs.ours), runs, details: { p99: kept, disturbed } };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds, by path. */
type P99 = Readonly<Record<string, number>>;

function looks(path: string, { scale, profile }: Terms): Promise<{ p99: P99; busy: Busy }> {
  return onStage({ cast: 'ours', store: 'sqlite', path, crowd: true, profile }, async (stage) => {
    const p99: Record<string, number> = {};
    let ms: number[] = [];
    const { busy } = await stage.timed(async () => {
      ms = await stage.look(UNCOUNTED + LOOKS * scale, [PAGE]);
    });
    p99[PAGE] = p99Of(ms.slice(UNCOUNTED));
    for (const filter of FILTERS) p99[filter] = p99Of(await stage.look(LOOKS_WITH_FILTER, [PAGE + filter]));
    return { p99, busy };
  });
}

const p99Of = (ms: readonly number[]): number => Number(percentile(ms, 0.99).toFixed(3));

/** A file with so many tasks that have been pushed and delivered; then some of them are said to have failed. */
async function finish(path: string, count: number): Promise<void> {
  await onStage({ cast: 'ours', store: 'sqlite', path, crowd: true }, async (stage) => {
    await stage.push(count, 'crowd');
    await stage.arrived();
    // An end is written after the answer of the sink.
    while ((await stage.server.ask<number>('in_hand')) > 0) await delay(10);
  });
  const file = new DatabaseSync(path);
  file.exec(`update tasks set status = 'failed', outcome = 'failed' where rowid % ${FAILED} = 0`);
  file.close();
}

/** Makes copies of every task until there are `times` as many, each right after its model in the order of the ids. */
function multiply(path: string, times: number): void {
  const file = new DatabaseSync(path);
  // A file that is lost is made again.
  file.exec('pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -200000; begin');
  file.exec(`create temp table copies as
    with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${times} - 1)
    select id, substr(id, 1, 24) || printf('%012x', row_number() over (order by id, n)) as copy
    from (select id from tasks), numbers order by id, n`);
  for (const [table, key] of [
    ['tasks', 'id'],
    ['task_platforms', 'task_id'],
  ] as const) {
    const columns = file.prepare(`select name from pragma_table_info('${table}')`).all();
    const others = columns
      .map(({ name }) => String(name))
      .filter((name) => name !== key)
      .join(', ');
    file.exec(`insert into ${table} (${key}, ${others})
      select copies.copy, ${others} from copies cross join ${table} as model on model.${key} = copies.id`);
  }
  file.exec('commit');
  file.close();
}
