import { type Row, alternate, atMost } from '../row.ts';
import { rateOf } from './end-to-end.ts';

/** One replica and a PostgreSQL on the same machine. */
export const postgres: Row = {
  name: 'postgres',
  measure: 'end to end on postgres, and in memory, pushes/s',
  bar: { least: 0.35 },
  aim: { least: 0.6 },
  judged: 'ratio',
  write: (value) => value.toFixed(0),
  run: (terms) =>
    alternate(
      atMost(3, terms),
      'pushes/s',
      () => rateOf('ours', terms),
      () => rateOf('ours', terms, 'postgres'),
    ),
};
