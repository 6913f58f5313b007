import assert from 'node:assert/strict';
import { test } from 'node:test';
import { taskView } from '../../src/push/view.ts';
import { OK, createRig, fail } from '../kit/rig.ts';

test('nothing is left on the clock once a drain has been cut', async () => {
  const rig = createRig({
    recipients: { ops: { feishu: ['f1'] } },
    rate: { per_second: 1 },
    settings: { retry: { base_delay: 25 } },
  });
  let n = 0;
  rig.script('f1', () => (++n === 2 ? fail('unavailable') : OK));
  await rig.push('ops', 'failover');
  const tasks = await Promise.all(Array.from({ length: 8 }, (_, i) => rig.push('ops', 'failover', { title: `t${i}` })));
  await rig.clock.advance(1100);
  const { done, hurry } = rig.service.drain(10_000);
  hurry();
  await done;
  await rig.delivery.close();
  const before = rig.clock.elapsed;
  await assert.rejects(rig.clock.until(() => false));
  assert.equal(rig.clock.elapsed, before, 'a timer of a digest keeps the process alive');
  assert.ok(tasks.every((t) => t.status === 'failed'));
});

test('an exception on the way into a lane still ends the task', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1', 'f2'] } } });
  const target = rig.recipients.get('ops')!.groups[0]!.targets[0]!;
  Object.defineProperty(target, 'lane', {
    get: () => {
      throw new Error('bug');
    },
  });
  await rig.push('ops', 'failover').catch(() => {});
  await rig.clock.advance(1_000_000);
  assert.equal(rig.service.stats().in_hand, 0);
  const { tasks } = await rig.store.list({ limit: 10 });
  assert.ok(
    tasks.every((task) => task.completed_at !== undefined),
    tasks.map((t) => t.status).join(),
  );
});

test('the API shows no field of the inside', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1', 'f2'] } } });
  rig.script('f1', () => fail('rate_limited'));
  const task = await rig.push('ops', 'failover');
  await rig.finished(task);
  assert.ok(
    !('passed' in taskView(task, rig.clock.now()).results[0]!),
    JSON.stringify(taskView(task, rig.clock.now()).results[0]),
  );
});
