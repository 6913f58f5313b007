import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../src/model.ts';
import { OK, createRig, fail } from '../kit/rig.ts';

/** Two bots of one channel, without limits: only the slots hold them back. */
function createQueue(settings: { max_concurrent_per_platform: number }) {
  const rig = createRig({
    recipients: { a: { feishu: ['f1'] }, b: { feishu: ['f2'] } },
    settings: { queue: settings },
  });
  const open: ((outcome: Outcome) => void)[] = [];
  const reply = () => new Promise<Outcome>((resolve) => open.push(resolve));
  for (const bot of ['f1', 'f2']) rig.script(bot, reply);
  return { rig, open, settle: () => rig.clock.advance(0) };
}

test('a lane that keeps its slot gives it back once another lane waits for it', async () => {
  const { rig, open, settle } = createQueue({ max_concurrent_per_platform: 1 });
  for (let i = 0; i < 3; i++) await rig.push('a', 'all');
  for (let i = 0; i < 3; i++) await rig.push('b', 'all');
  for (let i = 0; i < 6; i++) {
    await settle();
    assert.equal(open.length, 1, 'one at a time');
    open.pop()!(OK);
  }
  await settle();
  assert.deepEqual(
    rig.sent.map(({ bot }) => bot),
    ['f1', 'f2', 'f1', 'f2', 'f1', 'f2'],
  );
});

test('slots that a reload has taken away are not kept', async () => {
  const { rig, open, settle } = createQueue({ max_concurrent_per_platform: 4 });
  const push = async (times: number) => {
    for (let i = 0; i < times; i++) await rig.push(i % 2 === 0 ? 'a' : 'b', 'all');
    await settle();
  };
  await push(4);
  assert.equal(open.length, 4);
  Object.assign(rig.settings.queue, { max_concurrent_per_platform: 1 });
  rig.delivery.reload();
  await push(4);
  const inFlight: number[] = [];
  for (let answered = 0; answered < 8; answered++) {
    open.shift()!(OK);
    await settle();
    inFlight.push(open.length);
  }
  assert.deepEqual(inFlight, [3, 2, 1, 1, 1, 1, 1, 0]);
});

test('a lane whose attempt timed out gives up what it held and waits among the slow ones', async () => {
  const { rig, open, settle } = createQueue({ max_concurrent_per_platform: 2 });
  // Half of two: the slow ones share one slot.
  for (let i = 0; i < 4; i++) await rig.push('a', 'all');
  await settle();
  await rig.clock.advance(10_000);
  await settle();
  assert.equal(rig.sent.length, 3, 'two have timed out, one of the others has the slot of the slow');
  open[2]!(fail('invalid'));
  await settle();
  assert.equal(rig.sent.length, 4);
});

test('a bot that is given a limit while several are under way goes on one at a time', async () => {
  const { rig, open, settle } = createQueue({ max_concurrent_per_platform: 3 });
  for (let i = 0; i < 6; i++) await rig.push('a', 'all');
  await settle();
  assert.equal(open.length, 3);
  const [group] = rig.recipients.get('a')!.groups;
  Object.assign(group!.targets[0]!, { rate_limit: { per_second: 5 } });
  rig.delivery.reload();
  // What was sent before there was a window counts as having filled it.
  await rig.clock.advance(1000);
  const inFlight: number[] = [];
  while (open.length > 0) {
    open.shift()!(OK);
    await rig.clock.advance(0);
    inFlight.push(open.length);
  }
  assert.deepEqual(inFlight, [2, 1, 1, 1, 1, 0]);
});
