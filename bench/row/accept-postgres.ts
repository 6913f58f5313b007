import { Client } from 'pg';
import { type Row, type Sample, type Terms, alternate, atMost } from '../row.ts';
import { onStage } from '../stage.ts';

const PUSHES = 20_000;
const WARM_UP = 10_000;

/** Many pushes share a commit; the floor commits each by itself. */
export const acceptPostgres: Row = {
  name: 'accept-postgres',
  measure: 'accept alone on postgres, and one INSERT per push, pushes/s',
  bar: { least: 1.2 },
  aim: { least: 2 },
  judged: 'ratio',
  write: (value) => value.toFixed(0),
  run: (terms) =>
    alternate(
      atMost(3, terms),
      'pushes/s',
      () => rateOf('floor with insert', terms),
      () => rateOf('ours', terms),
    ),
};

function rateOf(cast: 'ours' | 'floor with insert', { scale, profile }: Terms): Promise<Sample> {
  const count = PUSHES * scale;
  const warm = WARM_UP * scale;
  return onStage({ cast, store: 'postgres', waiting: warm + count + 1, profile }, async (stage) => {
    if (cast === 'ours') await stage.pause('bench');
    await stage.push(warm);
    const { seconds, busy } = await stage.timed(() => stage.push(count));
    await stored(stage.database!.url, cast, warm + count);
    return { value: count / seconds, busy, cpu_us: (busy.server * seconds * 1e6) / count };
  });
}

const STORED = {
  ours: 'select count(*)::integer from pushserver.tasks where completed_at is null',
  'floor with insert': 'select count(*)::integer + 1 as count from pushes',
};

/** What is not in the table was not accepted; what has ended was not held back: then something else was measured. */
async function stored(url: string, cast: keyof typeof STORED, expected: number): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ count: number }>(STORED[cast]);
    const count = rows[0]!.count;
    if (count !== expected + 1) throw new Error(`${count} pushes are stored instead of ${expected + 1}`);
  } finally {
    await client.end();
  }
}
