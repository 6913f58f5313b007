import { type Row, alternate, atMost } from '../row.ts';
import { rateOf } from './end-to-end.ts';

/** What it costs to have every push on the disk before it is answered, and every send before it leaves. */
export const sqlite: Row = {
  name: 'sqlite',
  measure: 'end to end on sqlite, and in memory, pushes/s',
  bar: { least: 0.5 },
  aim: { least: 0.8 },
  judged: 'ratio',
  write: (value) => value.toFixed(0),
  run: (terms) =>
    alternate(
      atMost(3, terms),
      'pushes/s',
      () => rateOf('ours', terms),
      () => rateOf('ours', terms, 'sqlite'),
    ),
};
