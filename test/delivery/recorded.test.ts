import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Result, Task } from '../../src/model.ts';
import type { Leave } from '../../src/store/store.ts';
import { type Options, createDurableRig as durable, leftBehind } from '../kit/durable-rig.ts';
import { type Sent, OK, fail, told } from '../kit/rig.ts';

// A store that outlives its process: what must be recorded before a request leaves, and how another process goes on.

const ONE: Options = { recipients: { ops: { feishu: ['f1'] } } };
const TWO: Options = { recipients: { ops: { feishu: ['f1'], dingtalk: ['d1'] } } };

const titles = (sent: readonly Sent[]) => sent.map(({ message }) => message.title);

test('no request leaves before its departure is recorded', async () => {
  const { promise, resolve } = Promise.withResolvers<Leave>();
  const rig = durable(ONE, () => promise);
  const task = await rig.push('ops', 'failover');
  await rig.clock.advance(5000);
  assert.equal(rig.sent.length, 0);
  assert.deepEqual(task.results[0]!.trail, { sending: true, accepted: 0, parts: 1, plain: false, tries: 0 });
  resolve('go');
  await rig.finished(task);
  assert.equal(rig.sent.length, 1);
  assert.equal(task.results[0]!.trail, undefined, 'what has ended needs none');
});

test('its deadline passes while the store says nothing: it fails with its notice, and never leaves', async () => {
  const { promise, resolve } = Promise.withResolvers<Leave>();
  const rig = durable(ONE, () => promise);
  const task = await rig.push('ops', 'failover', { expires_in: 10 });
  await rig.finished(task);
  assert.equal(task.status, 'failed');
  assert.equal(rig.raised.length, 1);
  resolve('go');
  await rig.clock.advance(60_000);
  assert.equal(rig.sent.length, 0);
});

test('a bot that another process has used up: the message waits for its window, first in its lane', async () => {
  let full = true;
  const rig = durable({ ...ONE, rate: { per_second: 1 } }, (departure) => {
    if (!full) return 'go';
    full = false;
    // What the other process has sent, a moment ago.
    departure.limits[0]!.adopt({ times: [rig.clock.now()], paused_until: 0 }, rig.clock.now());
    return 'full';
  });
  const tasks = [await rig.push('ops', 'failover', { title: 'a' }), await rig.push('ops', 'failover', { title: 'b' })];
  await rig.finished(...tasks);
  assert.deepEqual(titles(rig.sent), ['a', 'b']);
  assert.deepEqual(
    rig.sent.map(({ at }) => at),
    [1000, 2000],
  );
});

test('a task that is somebody else’s by now: nothing is sent or told', async () => {
  const rig = durable(ONE, async ({ leaves }): Promise<Leave> => {
    await Promise.resolve();
    for (const { task } of leaves) rig.lose(task);
    return 'lost';
  });
  rig.service.resume();
  const task = await rig.push('ops', 'failover');
  await rig.clock.advance(60_000);
  assert.equal(rig.sent.length, 0);
  assert.equal(task.completed_at, undefined);
  assert.equal(rig.service.stats().in_hand, 0);
  assert.equal(rig.raised.length, 0);
});

test('a digest of which one task is somebody else’s is taken apart; the others go on', async () => {
  let taken: Task | undefined;
  const rig = durable({ ...ONE, rate: { per_second: 1 } }, ({ leaves }) => {
    if (leaves.length === 1 || taken) return 'go';
    taken = leaves[1]!.task;
    rig.lose(taken);
    return 'lost';
  });
  rig.service.resume();
  const tasks = await Promise.all(Array.from({ length: 9 }, (_, i) => rig.push('ops', 'failover', { title: `t${i}` })));
  await rig.clock.advance(20_000);
  assert.ok(taken);
  assert.ok(tasks.every((task) => task === taken || task.outcome === 'success'));
  const text = rig.sent.map(({ message }) => message.title + message.body).join();
  assert.ok(!text.includes(taken.message.title));
});

test('an attempt cut by a crash is repeated on the same target, under the same value', async () => {
  const ids: string[] = [];
  const task = leftBehind('t', [{ sending: true }, undefined]);
  const rig = durable(TWO, undefined, [task]);
  rig.script('f1', (_n, io) => {
    ids.push(io.id);
    return OK;
  });
  rig.service.resume();
  await rig.finished(task);
  assert.deepEqual(ids, ['t-0-0']);
  assert.deepEqual(told(task), ['f1 success']);
  assert.equal(task.results[0]!.attempts, 2, 'the one that was cut counts');
});

test('or, where that is configured, told as unknown, and the next target has its turn', async () => {
  const task = leftBehind('t', [{ sending: true }, undefined]);
  const rig = durable({ ...TWO, settings: { delivery: { on_unknown: 'report' } } }, undefined, [task]);
  rig.service.resume();
  await rig.finished(task);
  assert.deepEqual(told(task), ['f1 timeout unknown', 'd1 success']);
  assert.equal(rig.sent.length, 1);
});

test('a target with a recorded outcome is not sent again', async () => {
  const failed: Result = {
    platform: 'feishu',
    webhook: 'f1',
    status: 'failed',
    message: 'x',
    reason: 'invalid',
    attempts: 1,
    latency_ms: 1,
    timestamp: 1,
    paused_until: 0,
  };
  const task = leftBehind('t', [{}, undefined]);
  task.results[0] = failed;
  const rig = durable(TWO, undefined, [task]);
  rig.service.resume();
  await rig.finished(task);
  assert.deepEqual(told(task), ['f1 failed invalid', 'd1 success']);
  assert.deepEqual(
    rig.sent.map(({ bot }) => bot),
    ['d1'],
  );
});

test('a target that is gone at the resume is invalid with that reason, and the plan goes on', async () => {
  const task = leftBehind('t', [{ sending: true }, undefined]);
  const rig = durable({ recipients: { ops: { dingtalk: ['d1'] } } }, undefined, [task]);
  rig.service.resume();
  await rig.finished(task);
  assert.deepEqual(told(task), ['f1 failed invalid', 'd1 success']);
});

test('a long message goes on with the part that was not accepted', async () => {
  const body = 'x'.repeat(7000);
  const options: Options = { ...ONE, limits: { size: [{ of: 'text', max: 2000, unit: 'chars' }] } };
  const whole = durable(options);
  const all = await whole.push('ops', 'failover', { title: 'long', msg: body });
  await whole.finished(all);
  const parts = whole.sent.length;
  assert.ok(parts > 3);

  const message = { title: 'long', body, level: 'info', style: 'text', format: 'text' } as const;
  const task = leftBehind('t', [{ sending: true, accepted: 2, parts }], { message });
  const rig = durable(options, undefined, [task]);
  rig.service.resume();
  await rig.finished(task);
  assert.deepEqual(
    rig.sent.map((sent) => sent.message.body),
    whole.sent.slice(2).map((sent) => sent.message.body),
  );
  const other = leftBehind('u', [{ sending: true, accepted: 2, parts: parts + 1 }], { message });
  const again = durable(options, undefined, [other]);
  again.service.resume();
  await again.finished(other);
  assert.equal(again.sent.length, parts, 'cut otherwise than before: all of it, nobody can say what has arrived');
});

test('a digest cut by a crash leaves again as the same digest, with the members that are left', async () => {
  const members = ['a', 'b', 'c'].map((id) => leftBehind(id, [{ sending: true, digest_id: 'D' }]));
  const digest = { id: 'D', members: ['a', 'b', 'c', 'gone'].map((task_id) => ({ task_id, leaf: 0 })) };
  const ids: string[] = [];
  const rig = durable(ONE, undefined, members, [digest]);
  rig.script('f1', (_n, io) => {
    ids.push(io.id);
    return OK;
  });
  rig.service.resume();
  await rig.finished(...members);
  assert.deepEqual(ids, ['D-0']);
  assert.match(rig.sent[0]!.message.body, /a\n.*\n.*b\n.*\n.*c/s);
  assert.ok(members.every((task) => task.results[0]!.digest_id === 'D' && task.outcome === 'success'));
  assert.deepEqual(rig.departures[0]!.digest?.members.length, 3);
});

test('whose other members are elsewhere: it waits for them in vain for five seconds', async () => {
  const mine = leftBehind('a', [{ sending: true, digest_id: 'D' }]);
  const elsewhere = leftBehind('b', [{ sending: true, digest_id: 'D' }]);
  const digest = { id: 'D', members: ['a', 'b'].map((task_id) => ({ task_id, leaf: 0 })) };
  const rig = durable(ONE, undefined, [mine], [digest]);
  await rig.store.insert(elsewhere);
  rig.service.resume();
  await rig.finished(mine);
  assert.deepEqual(
    rig.sent.map(({ at }) => at),
    [5000],
  );
});

test('retries are counted on across processes', async () => {
  const task = leftBehind('t', [{ tries: 2 }]);
  const rig = durable(ONE, undefined, [task]);
  rig.script('f1', () => fail('unavailable'));
  rig.service.resume();
  await rig.finished(task);
  assert.equal(rig.sent.length, 1);
  assert.equal(task.status, 'failed');
});

test('a stop leaves what is in hand in the store: no notice, no end', async () => {
  const rig = durable(ONE);
  rig.script('f1', () => new Promise(() => {}));
  const task = await rig.push('ops', 'failover');
  await rig.clock.advance(0);
  const { done } = rig.service.drain(2000);
  await rig.clock.advance(2000);
  await done;
  assert.equal(task.completed_at, undefined);
  assert.equal(rig.raised.length, 0);
  assert.equal(task.results[0]!.trail?.sending, true);
});
