import type { Order } from './order.ts';
import type { Server } from './server.ts';
import type { World } from './world.ts';

/** Callers that push at once. */
const WIDTH = 16;

/** A refused push is made again so often. */
const MOST_REFUSALS = 2;

/**
 * Makes these pushes, in their order.
 * @returns those that are to be made again: never made, refused, or without an answer although they have a key
 */
export async function pushAll({ caller }: World, server: Server, orders: readonly Order[]): Promise<Order[]> {
  const queue = [...orders];
  const again: Order[] = [];
  const callers = Array.from({ length: WIDTH }, async () => {
    for (;;) {
      const order = server.isOver ? undefined : queue.shift();
      if (order === undefined) return;
      const answer = await caller.push(server.url, order);
      const { refused } = caller.fateOf(order);
      if (answer === 'refused' ? refused < MOST_REFUSALS : answer !== 'accepted' && order.hasKey) {
        again.push(order);
      }
      // It is dead, or about to die, and who asks on would be a caller without an answer again and again.
      if (answer === 'cut' && !(await answers(server))) await server.ended;
    }
  });
  await Promise.all(callers);
  return [...again, ...queue];
}

async function answers({ url }: Server): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`)).ok;
  } catch {
    return false;
  }
}
