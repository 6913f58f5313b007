import type { Order } from './order.ts';
import type { Server } from './server.ts';
import type { World } from './world.ts';

/** Callers that push at once. */
const WIDTH = 16;

/** A refused push is made again so often. */
const MOST_REFUSALS = 2;

/**
 * Makes these pushes, in their order, at the living ones among these servers in turn.
 * @returns those that are to be made again: never made, refused, or without an answer although they have a key
 */
export async function pushAll(
  { caller }: World,
  servers: Server | readonly Server[],
  orders: readonly Order[],
): Promise<Order[]> {
  const all = [servers].flat();
  let turn = 0;
  const queue = [...orders];
  const again: Order[] = [];
  const callers = Array.from({ length: WIDTH }, async () => {
    for (;;) {
      const living = all.filter(({ isOver, isFrozen }) => !isOver && !isFrozen);
      const server = living[turn++ % living.length];
      const order = server && queue.shift();
      if (server === undefined || order === undefined) return;
      const answer = await caller.push(server, order);
      const { refused } = caller.fateOf(order);
      if (answer === 'refused' ? refused < MOST_REFUSALS : answer !== 'accepted' && order.hasKey) {
        again.push(order);
      }
      // It is dead, or about to die, and who asks on would be a caller without an answer again and again.
      if (answer === 'cut' && !server.isFrozen && !(await answers(server))) await endedOrFrozen(server);
    }
  });
  await Promise.all(callers);
  return [...again, ...queue];
}

async function answers({ url, deaf }: Server): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`, { signal: deaf })).ok;
  } catch {
    return false;
  }
}

function endedOrFrozen({ ended, deaf }: Server): Promise<unknown> {
  return Promise.race([ended, new Promise((resolve) => deaf.addEventListener('abort', resolve, { once: true }))]);
}
