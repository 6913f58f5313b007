import type { Usage } from '../child/answer.ts';
import { median } from '../median.ts';
import type { Row, Terms } from '../row.ts';
import { type Stage, onStage } from '../stage.ts';
import { inHand } from './accept.ts';

const WAITING = 100_000;

export const heap: Row = {
  name: 'heap',
  measure: 'heap per waiting task at 100,000, bytes',
  bar: { most: 4096 },
  aim: { most: 1536 },
  judged: 'ours',
  write: (value) => value.toFixed(0),
  async run(terms) {
    const ours: number[] = [];
    for (let run = 1; run <= terms.runs; run++) {
      ours.push(await bytesPerTask(terms));
      terms.tell(`${run}/${terms.runs} ${ours.at(-1)!.toFixed(0)} bytes`);
    }
    return { ours: median(ours), runs: { floor: [], ours } };
  },
};

function bytesPerTask({ scale, profile }: Terms): Promise<number> {
  const count = WAITING * scale;
  return onStage({ cast: 'ours', waiting: count, profile }, async (stage) => {
    const empty = await heapOf(stage);
    await stage.pause('bench');
    await stage.push(count - 1);
    await inHand(stage.server, count);
    return ((await heapOf(stage)) - empty) / count;
  });
}

async function heapOf({ server }: Stage): Promise<number> {
  await server.ask('gc');
  return (await server.ask<Usage>('usage')).heap;
}
