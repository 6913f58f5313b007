import { parseArgs } from 'node:util';
import { startPostgres } from '../kit/postgres.ts';
import { createCluster } from './cluster.ts';
import type { Report } from './conclude.ts';
import { type RunOptions, run } from './run.ts';
import { runCluster } from './run-cluster.ts';
import { createWorld } from './world.ts';

const HELP = `npm run chaos -- [options]

Runs the real server against the sandbox, pushes, kills it again and again, and asserts from the sandbox's own record
that nothing accepted was lost. Exit 1: a guarantee was broken; the seed is printed.

  --store NAME    sqlite (default): one server, again and again; postgres: several at once, on a PostgreSQL of its own,
                  which is restarted, cut off and replaced, too
  --replicas N    postgres: how many, default 2
  --lease N       postgres: seconds, default 2
  --outage N      postgres: most seconds that it is away, default 5
  --seconds N     how long new rounds are begun, default 60
  --rounds N      at most so many rounds
  --keep          leaves the folder with configuration, store and logs
  --seed N        which faults and pushes; default: another one each time
`;

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      store: { type: 'string', default: 'sqlite' },
      replicas: { type: 'string', default: '2' },
      lease: { type: 'string', default: '2' },
      outage: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '60' },
      rounds: { type: 'string', default: 'Infinity' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help || !(values.store in RUNS)) {
    process.stdout.write(HELP);
    return values.help ? 0 : 2;
  }
  const [seconds, rounds, seed] = [Number(values.seconds), Number(values.rounds), Number(values.seed)];
  const tell = (line: string) =>
    process.stdout.write(`${((performance.now() - begun) / 1000).toFixed(1)} s  ${line}\n`);
  const begun = performance.now();
  tell(`seed ${seed}`);
  const goesOn = (round: number) => round <= rounds && performance.now() - begun < seconds * 1000;
  const { broken, figures } = await RUNS[values.store as keyof typeof RUNS]({ seed, goesOn, tell }, values);
  for (const [name, figure] of Object.entries(figures)) tell(`${name.padEnd(12)} ${figure}`);
  for (const line of broken) tell(`BROKEN: ${line}`);
  tell(broken.length === 0 ? 'every guarantee has held' : `broken with --seed ${seed}`);
  return broken.length === 0 ? 0 : 1;
}

interface Values {
  readonly keep: boolean;
  readonly replicas: string;
  readonly lease: string;
  readonly outage: string;
}

const RUNS = {
  async sqlite(options: RunOptions, { keep }: Values): Promise<Report> {
    const world = await createWorld();
    try {
      return await run(world, options);
    } finally {
      await world.close(keep);
      if (keep) options.tell(`everything is in ${world.folder}`);
    }
  },
  async postgres(options: RunOptions, { keep, replicas, ...values }: Values): Promise<Report> {
    const lengths = { lease: Number(values.lease), outage: Number(values.outage) };
    const cluster = await createCluster(await startPostgres({ settings: { fsync: 'off', max_connections: '400' } }), {
      lease: lengths.lease,
      withRelay: true,
    });
    try {
      return await runCluster(cluster, { ...options, replicas: Number(replicas), lengths });
    } finally {
      await cluster.close(keep);
      await cluster.postgres.close();
      if (keep) options.tell(`everything but the database is in ${cluster.world.folder}`);
    }
  },
};

process.exitCode = await main();
