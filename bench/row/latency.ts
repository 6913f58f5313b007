import { median, percentile } from '../median.ts';
import { type Row, type Terms, isDisturbed, undisturbed } from '../row.ts';
import { type Busy, onStage } from '../stage.ts';

const WAITING = 10_000;
/** As many pushes a second as leave the server mostly idle, for five seconds. */
const RATE = 400;
const PROBES = 2000;
/** The first probes, which find connections that have just been opened, are not counted. */
const UNCOUNTED = 100;
/** Pushes to both bots in turn before the probes: V8 is to have compiled what this state of the server needs. */
const MIXED_ROUNDS = 10;
const MIXED = 200;
/** What one recipient may hold of a buffer of 20,000, whose last tenth is kept for others. */
const BUFFER_OF_ONE = 18_000;

/**
 * Probes go to two bots in turn. On the idle server both are free and the probes are delivered; on the loaded one 10,000
 * wait behind one of them, and half of the probes join those. Either server has had as many pushes before.
 */
export const latency: Row = {
  name: 'latency',
  measure: 'p99 of accepting with 10,000 waiting, and idle, ms',
  bar: { most: 2 },
  aim: { most: 1.1 },
  judged: 'ratio',
  write: (value) => value.toFixed(2),
  async run(terms) {
    const { kept, disturbed } = await undisturbed(terms, async () => {
      const idle = await probe(terms, false);
      const loaded = await probe(terms, true);
      terms.tell(`idle   ${JSON.stringify(idle.ms)}`);
      terms.tell(`loaded ${JSON.stringify(loaded.ms)}`);
      return { idle: idle.ms, loaded: loaded.ms, disturbed: isDisturbed(idle) || isDisturbed(loaded) };
    });
    const floor = kept.map(({ idle }) => idle.p99);
    const ours = kept.map(({ loaded }) => loaded.p99);
    return { floor: median(floor), ours: median(ours), runs: { floor, ours }, details: { ms: kept, disturbed } };
  },
};

/** Milliseconds. */
type Percentiles = Readonly<Record<'p50' | 'p90' | 'p99' | 'p100', number>>;

function probe({ scale, profile }: Terms, loaded: boolean): Promise<{ ms: Percentiles; busy: Busy }> {
  return onStage({ cast: 'ours', waiting: BUFFER_OF_ONE, profile }, async (stage) => {
    await stage.push(WAITING * scale, 'other');
    await stage.arrived();
    if (loaded) await stage.pause('bench');
    await stage.push(WAITING * scale);
    for (let i = 0; i < MIXED_ROUNDS; i++) {
      for (const alias of ['bench', 'other'] as const) await stage.push(MIXED * scale, alias);
    }
    await stage.arrived();
    let ms: number[] = [];
    const { busy } = await stage.timed(async () => {
      ms = await stage.drip(UNCOUNTED + PROBES * scale, RATE);
    });
    return { ms: percentiles(ms.slice(UNCOUNTED)), busy };
  });
}

function percentiles(ms: readonly number[]): Percentiles {
  const at = (share: number) => Number(percentile(ms, share).toFixed(3));
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), p100: at(1) };
}
