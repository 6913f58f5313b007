import { type Report, conclude } from './conclude.ts';
import { roundsOf } from './faults.ts';
import { pushAll } from './load.ts';
import { type Order, createOrders } from './order.ts';
import { createRandom } from './random.ts';
import { strike } from './strike.ts';
import type { World } from './world.ts';

export interface RunOptions {
  readonly seed: number;
  /** Asked before each round. */
  readonly goesOn: (round: number) => boolean;
  readonly tell: (line: string) => void;
}

/**
 * Runs a server, pushes, and lets something happen to it, again and again; then lets everything come to an end, and
 * judges what has become of it.
 */
export async function run(world: World, { seed, goesOn, tell }: RunOptions): Promise<Report> {
  const random = createRandom(seed);
  // A source of their own: what is pushed does not depend on how often something happens.
  const order = createOrders(createRandom(seed + 1));
  const rounds = roundsOf(random);
  let again: Order[] = [];
  for (let n = 1; goesOn(n); n++) {
    const { fault, pushes } = rounds.next().value!;
    tell(`round ${n}: ${again.length} pushes again, ${pushes} new ones, ${JSON.stringify(fault)}`);
    const orders = Array.from({ length: pushes }, () => order());
    const server = await world.start(fault.kind === 'point' ? fault.point : fault.kind === 'full' ? null : undefined);
    const load = pushAll(world, server, [...again, ...orders]);
    await strike(world, server, fault, load);
    const left = await load;
    if (!server.isOver && fault.kind !== 'terminate') server.signal('SIGKILL');
    await world.bury(server);
    world.clearFaults();
    // With a key a push may be repeated although it has been answered.
    const repeats = orders.filter(({ hasKey }) => hasKey && random.next() < 0.2);
    again = [...new Set([...left, ...repeats])];
  }
  tell(`the end: ${again.length} pushes again, and nothing more happens`);
  const server = await world.start();
  await pushAll(world, server, again);
  const report = await conclude(world, server);
  server.signal('SIGTERM');
  const code = await server.ended;
  return code === 0 ? report : { ...report, broken: [...report.broken, `the last server ended with ${code}`] };
}
