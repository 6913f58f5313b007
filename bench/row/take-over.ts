import { setTimeout as delay } from 'node:timers/promises';
import { type Row, type Terms, atMost } from '../row.ts';
import { onStage } from '../stage.ts';

const PUSHES = 200;

/** Milliseconds within which the owner's last sign of life can be anywhere: a third of the lease. */
const BEAT = 3400;

/** The worst of the runs: it is a promise. */
export const takeOver: Row = {
  name: 'take-over',
  measure: 'kill -9 of one of two replicas until the other has sent all, s',
  bar: { most: 15 },
  aim: { most: 8 },
  judged: 'ours',
  write: (value) => value.toFixed(1),
  async run(terms) {
    const { runs } = atMost(3, terms);
    const ours: number[] = [];
    for (let run = 0; run < runs; run++) {
      const { seconds, left } = await takenOver((BEAT * run) / runs, terms);
      terms.tell(`${seconds.toFixed(1)} s for ${left} tasks`);
      ours.push(seconds);
    }
    return { ours: Math.max(...ours), runs: { floor: [], ours } };
  },
};

/** @param wait milliseconds from the moment the replicas have the tasks to the kill */
function takenOver(wait: number, { profile }: Terms): Promise<{ seconds: number; left: number }> {
  return onStage({ cast: 'ours', store: 'postgres', replicas: 2, crowd: true, profile }, async (stage) => {
    const [one, other] = stage.replicas as [(typeof stage.replicas)[0], (typeof stage.replicas)[0]];
    await stage.sink.ask('hold');
    await stage.push(PUSHES, 'crowd');
    let left = 0;
    do {
      await delay(10);
      left = await one.ask<number>('in_hand');
    } while (left + (await other.ask<number>('in_hand')) < PUSHES);
    if (left === 0) throw new Error('the replica that is to be killed has no task');
    await delay(wait);
    await one.kill();
    const began = performance.now();
    await stage.sink.ask('release');
    await stage.arrived();
    return { seconds: (performance.now() - began) / 1000, left };
  });
}
