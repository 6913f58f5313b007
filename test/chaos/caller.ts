import type { Order } from './order.ts';
import type { Server } from './server.ts';
import { type Tally, createTally } from './tally.ts';

/** What a caller knows of one of its pushes. */
export interface Fate {
  readonly order: Order;
  /** Every task id that it was answered with 200: one, whatever happens. */
  readonly task_ids: Set<string>;
  /** Answers that promise that nothing was stored: 503 without a task. */
  refused: number;
  /** Requests without an answer, or with the answer that nobody knows. */
  unclear: number;
}

/** `cut`: the connection was lost before an answer had come; `unclear`: the server does not know whether it is stored. */
export type Answer = 'accepted' | 'refused' | 'unclear' | 'cut';

/** Makes pushes over HTTP, and remembers what it was told. */
export interface Caller {
  readonly fates: readonly Fate[];
  fateOf(order: Order): Fate;
  /** Count answers. */
  readonly accepted: Tally;
  readonly refused: Tally;
  /** Makes one request; again for the same order when it has been made before. Rejects for any other answer. */
  push(server: Pick<Server, 'url' | 'deaf'>, order: Order): Promise<Answer>;
}

/** Milliseconds after which a caller gives up: more than a store without an answer takes the server. */
const PATIENCE = 20_000;

export function createCaller(): Caller {
  const fates = new Map<string, Fate>();
  const accepted = createTally();
  const refused = createTally();

  function fateOf(order: Order): Fate {
    let fate = fates.get(order.title);
    if (fate === undefined) {
      fate = { order, task_ids: new Set(), refused: 0, unclear: 0 };
      fates.set(order.title, fate);
    }
    return fate;
  }

  return {
    get fates() {
      return [...fates.values()];
    },
    fateOf,
    accepted,
    refused,
    async push(server, order) {
      const fate = fateOf(order);
      const reply = await post(server, order.body);
      if (reply?.status === 200) {
        fate.task_ids.add(reply.data.task_id!);
        accepted.add();
        return 'accepted';
      }
      if (reply === undefined || (reply.status === 503 && reply.data.task_id !== undefined)) {
        fate.unclear++;
        return reply === undefined ? 'cut' : 'unclear';
      }
      if (reply.status !== 503) throw new Error(`${order.title} was answered ${reply.status}`);
      fate.refused++;
      refused.add();
      return 'refused';
    },
  };
}

/** Undefined: the connection was lost, or the patience, before a whole answer had come. */
async function post({ url, deaf }: Pick<Server, 'url' | 'deaf'>, body: unknown) {
  try {
    const reply = await fetch(`${url}/api/v1/push`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.any([deaf, AbortSignal.timeout(PATIENCE)]),
    });
    const { data } = (await reply.json()) as { data: { task_id?: string } | null };
    return { status: reply.status, data: data ?? {} };
  } catch {
    return undefined;
  }
}
