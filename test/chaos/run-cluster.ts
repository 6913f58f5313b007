import type { Cluster } from './cluster.ts';
import { type ClusterKind, type Lengths, clusterRoundsOf } from './cluster-faults.ts';
import { type Report, conclude } from './conclude.ts';
import { pushAll } from './load.ts';
import { type Order, createOrders } from './order.ts';
import { strikeAll } from './outage.ts';
import { createRandom } from './random.ts';
import type { RunOptions } from './run.ts';
import type { Server } from './server.ts';
import { strike } from './strike.ts';

export interface ClusterRunOptions extends RunOptions {
  /** Servers that are alive before each round. */
  readonly replicas: number;
  readonly lengths: Lengths;
  /** What may happen; default: everything. */
  readonly kinds?: readonly ClusterKind[];
}

/** As `run`, for several servers on one database: those that live through a round are still there in the next one. */
export async function runCluster(
  cluster: Cluster,
  { seed, goesOn, tell, replicas, lengths, kinds }: ClusterRunOptions,
): Promise<Report> {
  const { world } = cluster;
  const random = createRandom(seed);
  const order = createOrders(createRandom(seed + 1));
  const rounds = clusterRoundsOf(random, lengths, kinds);
  let standing: Server[] = [];
  let again: Order[] = [];

  /** As many as there should be, all of which have their database. */
  async function stand(): Promise<void> {
    standing = standing.filter(({ isOver }) => !isOver);
    while (standing.length < replicas) standing.push(await world.start());
    await Promise.all(standing.map((server) => world.ready(server)));
  }

  for (let n = 1; goesOn(n); n++) {
    const { fault, pushes } = rounds.next().value!;
    tell(`round ${n}: ${again.length} pushes again, ${pushes} new ones, ${JSON.stringify(fault)}`);
    await stand();
    const orders = Array.from({ length: pushes }, () => order());
    // Who dies at a point comes for that.
    const victim = fault.kind === 'point' ? await world.start(fault.point) : random.pick(standing);
    const load = pushAll(world, [...new Set([...standing, victim])], [...again, ...orders]);
    switch (fault.kind) {
      case 'kill':
      case 'terminate':
      case 'point':
      case 'blackhole':
      case 'reload':
        await strike(world, victim, fault, load);
        break;
      default:
        await strikeAll(cluster, victim, fault, load);
    }
    const left = await load;
    if (fault.kind === 'point' && !victim.isOver) victim.signal('SIGKILL');
    const dies = fault.kind === 'reload' ? fault.kill : MORTAL.includes(fault.kind);
    if (dies) await world.bury(victim);
    world.clearFaults();
    // With a key a push may be repeated although it has been answered.
    const repeats = orders.filter(({ hasKey }) => hasKey && random.next() < 0.2);
    again = [...new Set([...left, ...repeats])];
  }
  tell(`the end: ${again.length} pushes again, and nothing more happens`);
  await stand();
  await pushAll(world, standing, again);
  const report = await conclude(world, ...standing);
  for (const server of standing) server.signal('SIGTERM');
  const codes = await Promise.all(standing.map(({ ended }) => ended));
  const failed = codes.filter((code) => code !== 0);
  return {
    ...report,
    broken: [...report.broken, ...failed.map((code) => `one of the last servers ended with ${code}`)],
  };
}

const MORTAL: readonly ClusterKind[] = ['kill', 'terminate', 'point', 'blackhole'];
