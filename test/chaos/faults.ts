import type { Point, PointName } from './point.ts';
import type { Random } from './random.ts';

/** What happens to the server in one round. Counts are of this round, from 1. */
export type Fault =
  /** SIGKILL or SIGTERM at the `nth` accepted push, or the `nth` message that a platform has received. */
  | { readonly kind: 'kill'; readonly on: 'accepted' | 'arrived'; readonly nth: number }
  | { readonly kind: 'terminate'; readonly on: 'accepted' | 'arrived'; readonly nth: number }
  /** It ends itself. */
  | { readonly kind: 'point'; readonly point: Point }
  /** A platform reads `times` requests and does not answer; SIGKILL at the `nth` of them. */
  | { readonly kind: 'blackhole'; readonly times: number; readonly nth: number }
  /** The configuration changes at the `nth` accepted push, and is read again; SIGKILL in the middle of that, or it goes on. */
  | { readonly kind: 'reload'; readonly nth: number; readonly kill: boolean; readonly without: boolean }
  /** The disk is full from the `nth` accepted push until pushes are refused; SIGKILL, or it goes on. */
  | { readonly kind: 'full'; readonly nth: number; readonly kill: boolean };

export interface Round<F> {
  readonly fault: F;
  /** Pushes made in it. */
  readonly pushes: number;
}

const POINTS: readonly PointName[] = [
  'storing',
  'committing',
  'accepted',
  'departing',
  'leaving',
  'answered',
  'finishing',
  'noticed',
];

type Kind = Fault['kind'];

/** How the fault of a round comes about; each is tried before any is repeated. */
export const MAKERS: { readonly [K in Kind]: (random: Random) => Extract<Fault, { kind: K }> } = {
  kill: (random) => ({ kind: 'kill', on: random.pick(['accepted', 'arrived']), nth: random.whole(1, 100) }),
  terminate: (random) => ({ kind: 'terminate', on: random.pick(['accepted', 'arrived']), nth: random.whole(1, 100) }),
  point: (random) => {
    const at = random.pick(POINTS);
    return { kind: 'point', point: { at, nth: random.whole(1, at === 'noticed' ? 4 : 60) } };
  },
  blackhole: (random) => ({ kind: 'blackhole', times: random.whole(3, 8), nth: random.whole(1, 3) }),
  reload: (random) => ({
    kind: 'reload',
    nth: random.whole(1, 100),
    kill: random.next() < 0.5,
    without: random.next() < 0.5,
  }),
  full: (random) => ({ kind: 'full', nth: random.whole(10, 100), kill: random.next() < 0.5 }),
};

/** Which faults there are, in which order: the same for the same seed. Without end. */
export function* roundsOf(random: Random): Generator<Round<Fault>> {
  for (const kind of drawn<Kind>([...(Object.keys(MAKERS) as Kind[]), 'kill', 'point', 'point'], random))
    yield { fault: MAKERS[kind](random), pushes: random.whole(60, 100) };
}

/** All of these in any order, again and again. */
export function* drawn<T>(items: readonly T[], random: Random): Generator<T> {
  for (;;) {
    const bag = [...items];
    while (bag.length > 0) yield bag.splice(random.whole(0, bag.length - 1), 1)[0]!;
  }
}
