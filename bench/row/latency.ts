import { median, percentile } from '../median.ts';
import type { Row, Terms } from '../row.ts';
import { onStage } from '../stage.ts';

const WAITING = 10_000;
/** As many pushes a second as leave the server mostly idle, for five seconds. */
const RATE = 400;
const PROBES = 2000;
/** The first probes, which find connections that have just been opened, are not counted. */
const UNCOUNTED = 100;
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
    const runs: { idle: Percentiles; loaded: Percentiles }[] = [];
    for (let run = 1; run <= terms.runs; run++) {
      const both = { idle: await probe(terms, false), loaded: await probe(terms, true) };
      runs.push(both);
      terms.tell(`idle   ${JSON.stringify(both.idle)}`);
      terms.tell(`loaded ${JSON.stringify(both.loaded)}`);
    }
    const floor = runs.map(({ idle }) => idle.p99);
    const ours = runs.map(({ loaded }) => loaded.p99);
    return { floor: median(floor), ours: median(ours), runs: { floor, ours }, details: { percentiles: runs } };
  },
};

/** Milliseconds. */
type Percentiles = Readonly<Record<'p50' | 'p90' | 'p99' | 'p100', number>>;

function probe({ scale, profile }: Terms, loaded: boolean): Promise<Percentiles> {
  return onStage({ cast: 'ours', waiting: BUFFER_OF_ONE, profile }, async (stage) => {
    await stage.push(WAITING * scale, 'other');
    await stage.arrived();
    if (loaded) await stage.pause('bench');
    await stage.push(WAITING * scale - 1);
    await stage.arrived();
    const ms = await stage.drip(UNCOUNTED + PROBES * scale, RATE);
    return percentiles(ms.slice(UNCOUNTED));
  });
}

function percentiles(ms: readonly number[]): Percentiles {
  const at = (share: number) => Number(percentile(ms, share).toFixed(3));
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), p100: at(1) };
}
