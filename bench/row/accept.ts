import { type Row, type Sample, type Terms, alternate } from '../row.ts';
import { type Cast, onStage } from '../stage.ts';
import { WARM_UP } from './end-to-end.ts';

const PUSHES = 20_000;

export const accept: Row = {
  name: 'accept',
  measure: 'accept alone, its lane paused, pushes/s',
  bar: { least: 0.65 },
  aim: { least: 0.85 },
  judged: 'ratio',
  write: (value) => value.toFixed(0),
  run: (terms) =>
    alternate(
      terms,
      'pushes/s',
      () => rateOf('floor without post', terms),
      () => rateOf('ours', terms),
    ),
};

function rateOf(cast: Cast, { scale, profile }: Terms): Promise<Sample> {
  const count = PUSHES * scale;
  return onStage({ cast, waiting: count + WARM_UP + 1, profile }, async (stage) => {
    if (cast === 'ours') await stage.pause('bench');
    await stage.push(WARM_UP * scale);
    const { seconds, busy } = await stage.timed(() => stage.push(count));
    if (cast === 'ours') await inHand(stage.server, 1 + WARM_UP * scale + count);
    return { value: count / seconds, busy, cpu_us: (busy.server * seconds * 1e6) / count };
  });
}

/** A push that is not waiting was not accepted, or not held back: then something else was measured. */
export async function inHand(server: { ask<T>(name: string): Promise<T> }, expected: number): Promise<void> {
  const waiting = await server.ask<number>('in_hand');
  if (waiting !== expected) throw new Error(`${waiting} pushes are waiting instead of ${expected}`);
}
