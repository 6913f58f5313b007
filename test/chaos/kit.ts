import assert from 'node:assert/strict';
import { after } from 'node:test';
import { type Bot, BOTS } from './bots.ts';
import type { Answer } from './caller.ts';
import { conclude } from './conclude.ts';
import { type Order, type OrderOptions, orderOf } from './order.ts';
import type { Server } from './server.ts';
import { type TaskView, type World, type WorldOptions, createWorld } from './world.ts';

/** A world for one test, closed after it. */
export async function worldFor(options?: WorldOptions): Promise<World> {
  const world = await createWorld(options);
  after(() => world.close());
  return world;
}

/** Pushes, one after the other; gives the ids of the tasks. Fails unless each is accepted. */
export async function pushEach(world: World, server: Server, orders: readonly Order[]): Promise<string[]> {
  const ids: string[] = [];
  for (const order of orders) {
    assert.equal(await world.caller.push(server, order), 'accepted' satisfies Answer, server.words());
    ids.push([...world.caller.fateOf(order).task_ids][0]!);
  }
  return ids;
}

/** The same at a server that may not reach its store at first: whoever is refused asks again when it is ready. */
export async function pushUntilTaken(world: World, server: Server, orders: readonly Order[]): Promise<string[]> {
  for (const order of orders) while ((await world.caller.push(server, order)) !== 'accepted') await world.ready(server);
  return orders.map((order) => [...world.caller.fateOf(order).task_ids][0]!);
}

/** Orders numbered from `from`. */
export const ordersTo = (alias: string, count: number, from = 1): Order[] =>
  Array.from({ length: count }, (_, i) => orderOf(from + i, alias));

/** The same, ahead of the others and into no digest. */
export const urgentTo = (alias: string, count: number, from = 1, rest: OrderOptions = {}): Order[] =>
  Array.from({ length: count }, (_, i) => orderOf(from + i, alias, { ...rest, priority: 9 }));

/** The end of each of these. */
export const ends = (world: World, server: Server, ids: readonly string[]): Promise<TaskView[]> =>
  Promise.all(ids.map((id) => world.ended(server, id)));

/** What a bot has received: titles and parts, in order. */
export function received({ record }: World, bot: Bot): string[] {
  return record.arrivals
    .filter((one) => one.bot === `${bot.platform}/${bot.name}`)
    .map(({ titles, part, parts }) => `${titles.join('+')}${parts === 1 ? '' : ` ${part}/${parts}`}`);
}

/** Every law of the harness holds, as any of these servers tells. */
export async function assertLawful(world: World, ...servers: readonly Server[]): Promise<void> {
  const { broken } = await conclude(world, ...servers);
  assert.deepEqual(broken, [], servers.map((server) => server.words()).join('\n'));
}

export { BOTS, orderOf };
