import { type Row, type Sample, type Terms, alternate, atMost } from '../row.ts';
import { deliver } from './end-to-end.ts';

const FEW = 10_000;
const MANY = 200_000;

/** The store keeps 100,000 finished tasks: in the longer run it is full, and half of what came is gone again. */
export const growth: Row = {
  name: 'growth',
  measure: 'µs per push at 200,000, and at 10,000',
  bar: { most: 1.3 },
  aim: { most: 1.05 },
  judged: 'ratio',
  write: (value) => value.toFixed(0),
  run: (terms) =>
    alternate(
      atMost(3, terms),
      'µs/push',
      () => costAt(FEW, terms),
      () => costAt(MANY, terms),
    ),
};

/** Microseconds of wall time, end to end. */
async function costAt(pushes: number, terms: Terms): Promise<Sample> {
  const count = pushes * terms.scale;
  const { seconds, busy } = await deliver('ours', count, terms);
  return { value: (seconds * 1e6) / count, busy, cpu_us: (busy.server * seconds * 1e6) / count };
}
