import { type Row, type Sample, type Terms, alternate, atMost } from '../row.ts';
import { onStage } from '../stage.ts';

const PUSHES = 4000;
const WARM_UP = 1000;

/** Milliseconds that the sink takes: it is the pools that bound one replica. */
const SINK_MS = 50;

export const replicas: Row = {
  name: 'replicas',
  measure: 'two replicas, and one, sink of 50 ms, pushes/s',
  bar: { least: 1.7 },
  aim: { least: 1.95 },
  judged: 'ratio',
  write: (value) => value.toFixed(0),
  run: (terms) =>
    alternate(
      atMost(3, terms),
      'pushes/s',
      () => rateOf(1, terms),
      () => rateOf(2, terms),
    ),
};

/** From the first push to the moment the sink has the last one. */
function rateOf(count: number, { scale, profile }: Terms): Promise<Sample> {
  const pushes = PUSHES * scale;
  return onStage({ cast: 'ours', store: 'postgres', replicas: count, crowd: true, profile }, async (stage) => {
    await stage.push(WARM_UP * scale, 'crowd');
    await stage.arrived();
    await stage.sink.ask('slow', SINK_MS);
    const { seconds, busy } = await stage.timed(async () => {
      await stage.push(pushes, 'crowd');
      await stage.arrived();
    });
    return { value: pushes / seconds, busy, cpu_us: (busy.server * seconds * 1e6) / pushes };
  });
}
