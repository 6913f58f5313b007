import { RECIPIENTS } from './bots.ts';
import type { Random } from './random.ts';
import { titleOf } from './titles.ts';

/** A push that somebody wants to make. */
export interface Order {
  readonly title: string;
  /** It has an idempotency key. */
  readonly hasKey: boolean;
  /** The body of the request. */
  readonly body: { readonly [name: string]: unknown };
}

/** How often each recipient is chosen: bursts, so that there are digests, and some of everything else. */
const WEIGHTS: { readonly [alias: string]: number } = {
  one: 20,
  burst: 30,
  both: 8,
  chain: 14,
  long: 8,
  dark: 8,
  lonely: 4,
  closed: 4,
  nobody: 4,
};

const ALIASES = Object.entries(WEIGHTS).flatMap(([alias, weight]) => Array<string>(weight).fill(alias));

/** Of three narrow parts or so. */
const LONG = '很长的一行内容，需要分成几条才能发完。\n'.repeat(90);

/** Makes pushes, of every kind, without end; the same ones for the same seed. */
export function createOrders(random: Random): () => Order {
  let n = 0;
  return () => {
    const hasKey = random.next() < 0.5;
    const type = random.pick(['info', 'warning', 'error']);
    // One in ten goes ahead of the others and into no digest.
    const priority = random.next() < 0.1 ? 9 : 4;
    return orderOf(++n, random.pick(ALIASES), { hasKey, type, priority });
  };
}

export interface OrderOptions {
  readonly hasKey?: boolean;
  readonly type?: string;
  readonly priority?: number;
  /** Seconds. */
  readonly expires_in?: number;
}

/** @param n makes its title, and its key */
export function orderOf(
  n: number,
  alias: string,
  { hasKey = false, type = 'info', priority = 4, ...rest }: OrderOptions = {},
): Order {
  const title = titleOf(n);
  const key = hasKey ? { idempotency_key: `key-${title}` } : {};
  const { strategy } = RECIPIENTS.find((recipient) => recipient.alias === alias)!;
  const content = { title, msg: alias === 'long' ? LONG : `第 ${n} 条` };
  return { title, hasKey, body: { recipient_alias: alias, strategy, type, priority, content, ...rest, ...key } };
}
