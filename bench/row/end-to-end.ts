import { type Row, type Sample, type Terms, alternate } from '../row.ts';
import { type Cast, type StageOptions, onStage } from '../stage.ts';

/** Pushes before the clock starts: a server that has just started is slower until V8 has compiled what is hot. */
export const WARM_UP = 20_000;
const PUSHES = 20_000;

export const endToEnd: Row = {
  name: 'end-to-end',
  measure: 'end to end, pushes/s',
  bar: { least: 0.55 },
  aim: { least: 0.8 },
  judged: 'ratio',
  write: (value) => value.toFixed(0),
  run: (terms) =>
    alternate(
      terms,
      'pushes/s',
      () => rateOf('floor', terms),
      () => rateOf('ours', terms),
    ),
};

export async function rateOf(cast: Cast, terms: Terms, store: StageOptions['store'] = 'memory'): Promise<Sample> {
  const count = PUSHES * terms.scale;
  const { seconds, busy } = await deliver(cast, count, terms, store);
  return { value: count / seconds, busy, cpu_us: (busy.server * seconds * 1e6) / count };
}

/** From the first push to the moment the sink has counted as many different messages, on a warm server. */
export function deliver(cast: Cast, count: number, { scale, profile }: Terms, store: StageOptions['store'] = 'memory') {
  return onStage({ cast, waiting: count, profile, store }, async (stage) => {
    await stage.push(WARM_UP * scale);
    await stage.arrived();
    return stage.timed(async () => {
      await stage.push(count);
      await stage.arrived();
    });
  });
}
