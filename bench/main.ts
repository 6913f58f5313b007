import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { killAll } from './child.ts';
import { closePostgres } from './postgres.ts';
import { type Figures, type Row, ratioOf, verdictOf } from './row.ts';
import { accept } from './row/accept.ts';
import { acceptPostgres } from './row/accept-postgres.ts';
import { endToEnd } from './row/end-to-end.ts';
import { growth } from './row/growth.ts';
import { heap } from './row/heap.ts';
import { latency } from './row/latency.ts';
import { render } from './row/render.ts';
import { list } from './row/list.ts';
import { loop } from './row/loop.ts';
import { postgres } from './row/postgres.ts';
import { replicas } from './row/replicas.ts';
import { sqlite } from './row/sqlite.ts';
import { start } from './row/start.ts';
import { storm } from './row/storm.ts';
import { takeOver } from './row/take-over.ts';
import { tableOf } from './table.ts';

const ROWS: readonly Row[] = [
  endToEnd,
  accept,
  growth,
  heap,
  latency,
  storm,
  render,
  sqlite,
  postgres,
  acceptPostgres,
  replicas,
  takeOver,
  loop,
  start,
  list,
];
const RESULTS = new URL('results.json', import.meta.url);

const HELP = `npm run bench -- [options]

Measures the server against a floor in the same run and writes a table and bench/results.json.
Exit 1: a bar was missed. Exit 2: a row could not be run.

  --row NAME      only this row, or several times: ${ROWS.map((row) => row.name).join(', ')}
  --runs N        alternations of each row, default 5
  --quick         one run of a tenth of the pushes: shows that the bench works, and no more
  --profile DIR   a CPU profile of every server process in that folder; the figures are then too low
`;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    killAll();
    process.exit(130);
  });
}

process.exitCode = await main();
await closePostgres();

async function main(): Promise<number> {
  const options = read();
  if (typeof options === 'string') {
    process.stderr.write(options);
    return options === HELP ? 0 : 2;
  }
  const { rows, runs, scale, profile } = options;
  if (profile !== undefined) mkdirSync(profile, { recursive: true });
  const results: { row: Row; figures: Figures }[] = [];
  let broken = false;
  for (const row of rows) {
    process.stderr.write(`${row.name}: ${row.measure}\n`);
    try {
      const tell = (line: string) => process.stderr.write(`  ${line}\n`);
      results.push({ row, figures: await row.run({ runs, scale, profile, tell }) });
    } catch (error) {
      broken = true;
      killAll();
      process.stderr.write(`  cannot be run: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  writeFileSync(RESULTS, `${JSON.stringify(report(results, runs, scale), null, 2)}\n`);
  process.stdout.write(`\n${tableOf(results)}\n`);
  for (const { row, figures } of results) {
    const disturbed = Number(figures.details?.['disturbed'] ?? 0);
    if (disturbed > 0)
      process.stdout.write(`\n${row.name}: ${disturbed} of ${runs} runs were disturbed; run it on a quiet machine\n`);
  }
  if (broken) return 2;
  if (scale !== 1) {
    process.stdout.write('\n--quick: these figures judge nothing\n');
    return 0;
  }
  return results.some(({ row, figures }) => verdictOf(row, figures) === 'MISSED') ? 1 : 0;
}

/** The options, or what is wrong with them. */
function read() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        row: { type: 'string', multiple: true, default: [] },
        runs: { type: 'string' },
        quick: { type: 'boolean', default: false },
        profile: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n\n${HELP}`;
  }
  if (values.help) return HELP;
  const unknown = values.row.find((name) => ROWS.every((row) => row.name !== name));
  if (unknown !== undefined) return `there is no row '${unknown}'\n\n${HELP}`;
  const runs = Number(values.runs ?? (values.quick ? 1 : 5));
  if (!Number.isInteger(runs) || runs < 1 || runs > 100) return `--runs is a whole number from 1 to 100\n\n${HELP}`;
  return {
    rows: values.row.length === 0 ? ROWS : ROWS.filter((row) => values.row.includes(row.name)),
    runs,
    scale: values.quick ? 0.1 : 1,
    profile: values.profile === undefined ? undefined : resolve(values.profile),
  };
}

function report(results: readonly { row: Row; figures: Figures }[], runs: number, scale: number) {
  return {
    at: new Date().toISOString(),
    node: process.version,
    cpus: cpus().map((cpu) => cpu.model),
    runs,
    scale,
    rows: results.map(({ row, figures }) => ({
      name: row.name,
      measure: row.measure,
      ...figures,
      ratio: ratioOf(figures),
      bar: row.bar,
      aim: row.aim,
      verdict: verdictOf(row, figures),
    })),
  };
}
