import { median, percentile } from '../median.ts';
import type { Row, Terms } from '../row.ts';
import { onStage } from '../stage.ts';
import { WARM_UP } from './end-to-end.ts';

const WAITING = 10_000;
/** As many pushes a second as leave the server mostly idle, for five seconds. */
const RATE = 400;
const PROBES = 2000;
/** The buffer that the figure is defined for, with the tenth that is kept for others. */
const BUFFER_OF_ONE = 18_000;

/**
 * Probes go to two bots in turn. With both free they are delivered; then one is throttled and 10,000 wait behind it,
 * and half of the probes join them.
 */
export const latency: Row = {
  name: 'latency',
  measure: 'p99 of accepting with 10,000 waiting, and idle, ms',
  bar: { most: 2 },
  aim: { most: 1.1 },
  judged: 'ratio',
  write: (value) => value.toFixed(2),
  async run(terms) {
    const floor: number[] = [];
    const ours: number[] = [];
    const details: unknown[] = [];
    for (let run = 1; run <= terms.runs; run++) {
      const { idle, loaded } = await probe(terms);
      floor.push(percentile(idle, 0.99));
      ours.push(percentile(loaded, 0.99));
      details.push({ idle: summary(idle), loaded: summary(loaded) });
      terms.tell(`${run}/${terms.runs} idle ${floor.at(-1)!.toFixed(2)} ms, loaded ${ours.at(-1)!.toFixed(2)} ms`);
    }
    return { floor: median(floor), ours: median(ours), runs: { floor, ours }, details: { ms: details } };
  },
};

function probe({ scale, profile }: Terms): Promise<{ idle: number[]; loaded: number[] }> {
  const probes = PROBES * scale;
  return onStage({ cast: 'ours', waiting: BUFFER_OF_ONE, profile }, async (stage) => {
    for (const alias of ['bench', 'other'] as const) await stage.push(WARM_UP * scale, alias);
    await stage.arrived();
    const idle = await stage.drip(probes, RATE);
    await stage.arrived();
    await stage.pause('bench');
    await stage.push(WAITING * scale - 1);
    return { idle, loaded: await stage.drip(probes, RATE) };
  });
}

const summary = (ms: readonly number[]) =>
  Object.fromEntries([0.5, 0.9, 0.99, 1].map((share) => [`p${share * 100}`, Number(percentile(ms, share).toFixed(3))]));
