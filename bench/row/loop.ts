import { median } from '../median.ts';
import { type Row, type Terms, atMost, isDisturbed, undisturbed } from '../row.ts';
import { type Busy, onStage } from '../stage.ts';
import { WARM_UP } from './end-to-end.ts';

const RATE = 2000;
const PUSHES = 10_000;

/** How late the event loop is while pushes come in: what the store does must not hold up a request. */
export const loop: Row = {
  name: 'loop',
  measure: 'p99 of event-loop delay at 2,000 pushes/s, sqlite, and memory, ms',
  bar: { most: 2 },
  aim: { most: 1.2 },
  judged: 'ratio',
  write: (value) => value.toFixed(2),
  async run(terms) {
    const { kept, disturbed } = await undisturbed(atMost(3, terms), async () => {
      const memory = await delaysOf('memory', terms);
      const sqlite = await delaysOf('sqlite', terms);
      terms.tell(`memory ${JSON.stringify(memory.ms)}`);
      terms.tell(`sqlite ${JSON.stringify(sqlite.ms)}`);
      return { memory: memory.ms, sqlite: sqlite.ms, disturbed: isDisturbed(memory) || isDisturbed(sqlite) };
    });
    const floor = kept.map(({ memory }) => memory.p99);
    const ours = kept.map(({ sqlite }) => sqlite.p99);
    return { floor: median(floor), ours: median(ours), runs: { floor, ours }, details: { ms: kept, disturbed } };
  },
};

/** Milliseconds. */
type Delays = Readonly<Record<'p50' | 'p90' | 'p99' | 'p100', number>>;

function delaysOf(store: 'memory' | 'sqlite', { scale, profile }: Terms): Promise<{ ms: Delays; busy: Busy }> {
  return onStage({ cast: 'ours', store, waiting: WARM_UP, profile }, async (stage) => {
    for (const alias of ['bench', 'other'] as const) await stage.push((WARM_UP * scale) / 2, alias);
    await stage.arrived();
    await stage.server.ask('watch');
    const { busy } = await stage.timed(() => stage.drip(PUSHES * scale, RATE));
    const delays = await stage.server.ask<number[]>('delays', [50, 90, 99, 100]);
    const [p50, p90, p99, p100] = delays.map((ms) => Number(ms.toFixed(3))) as [number, number, number, number];
    await stage.arrived();
    return { ms: { p50, p90, p99, p100 }, busy };
  });
}
