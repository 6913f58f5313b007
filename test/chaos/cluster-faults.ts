import { type Fault, MAKERS, type Round, drawn } from './faults.ts';
import type { Random } from './random.ts';

/** What happens to the database, or between it and the servers, at the `nth` accepted push of a round. */
export type Outage =
  /** SIGSTOP of one server, for so many seconds. */
  | { readonly kind: 'freeze'; readonly nth: number; readonly seconds: number }
  | { readonly kind: 'restart'; readonly nth: number; readonly mode: 'fast' | 'immediate' }
  /** Connections are refused, for so many seconds. */
  | { readonly kind: 'unreachable'; readonly nth: number; readonly seconds: number }
  /** The database stands still. */
  | { readonly kind: 'silent'; readonly nth: number; readonly seconds: number }
  /** Connections stay open, and nothing comes through. */
  | { readonly kind: 'half-open'; readonly nth: number }
  /** SIGKILL of the database, and a standby takes its place. */
  | { readonly kind: 'failover'; readonly nth: number };

export type ClusterFault = Extract<Fault, { kind: 'kill' | 'terminate' | 'point' | 'blackhole' | 'reload' }> | Outage;

export type ClusterKind = ClusterFault['kind'];

export interface Lengths {
  /** Seconds. */
  readonly lease: number;
  /** Most seconds that the database is away. */
  readonly outage: number;
}

const OUTAGES: {
  readonly [K in Outage['kind']]: (random: Random, lengths: Lengths) => Extract<Outage, { kind: K }>;
} = {
  // Longer than a lease, and shorter.
  freeze: (random, { lease }) => ({ kind: 'freeze', nth: random.whole(1, 60), seconds: lease * random.pick([0.5, 3]) }),
  restart: (random) => ({ kind: 'restart', nth: random.whole(1, 60), mode: random.pick(['fast', 'immediate']) }),
  unreachable: (random, { outage }) => ({
    kind: 'unreachable',
    nth: random.whole(1, 60),
    seconds: random.whole(1, outage),
  }),
  silent: (random, { outage }) => ({ kind: 'silent', nth: random.whole(1, 60), seconds: random.whole(1, outage) }),
  'half-open': (random) => ({ kind: 'half-open', nth: random.whole(1, 60) }),
  failover: (random) => ({ kind: 'failover', nth: random.whole(1, 60) }),
};

const ALL: readonly ClusterKind[] = [
  'kill',
  'kill',
  'point',
  'point',
  'terminate',
  'blackhole',
  'reload',
  ...(Object.keys(OUTAGES) as Outage['kind'][]),
];

/** As roundsOf, for several servers on one database. @param kinds default: all */
export function* clusterRoundsOf(
  random: Random,
  lengths: Lengths,
  kinds: readonly ClusterKind[] = ALL,
): Generator<Round<ClusterFault>> {
  for (const kind of drawn(kinds, random)) {
    const fault =
      kind in OUTAGES ? OUTAGES[kind as Outage['kind']](random, lengths) : MAKERS[kind as Fault['kind']](random);
    yield { fault: fault as ClusterFault, pushes: random.whole(60, 100) };
  }
}
