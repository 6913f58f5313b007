import { parseArgs } from 'node:util';
import { run } from './run.ts';
import { createWorld } from './world.ts';

const HELP = `npm run chaos -- [options]

Runs the real server against the sandbox, pushes, kills it again and again, and asserts from the sandbox's own record
that nothing accepted was lost. Exit 1: a guarantee was broken; the seed is printed.

  --seconds N     how long new rounds are begun, default 60
  --rounds N      at most so many rounds
  --keep          leaves the folder with configuration, store and logs
  --seed N        which faults and pushes; default: another one each time
`;

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      rounds: { type: 'string', default: 'Infinity' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [seconds, rounds, seed] = [Number(values.seconds), Number(values.rounds), Number(values.seed)];
  const tell = (line: string) =>
    process.stdout.write(`${((performance.now() - begun) / 1000).toFixed(1)} s  ${line}\n`);
  const begun = performance.now();
  tell(`seed ${seed}`);
  const world = await createWorld();
  try {
    const goesOn = (round: number) => round <= rounds && performance.now() - begun < seconds * 1000;
    const { broken, figures } = await run(world, { seed, goesOn, tell });
    for (const [name, figure] of Object.entries(figures)) tell(`${name.padEnd(12)} ${figure}`);
    for (const line of broken) tell(`BROKEN: ${line}`);
    tell(broken.length === 0 ? 'every guarantee has held' : `broken with --seed ${seed}`);
    return broken.length === 0 ? 0 : 1;
  } finally {
    await world.close(values.keep);
    if (values.keep) tell(`everything is in ${world.folder}`);
  }
}
