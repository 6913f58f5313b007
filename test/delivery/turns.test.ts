import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../src/model.ts';
import { OK, createRig, fail, told } from '../kit/rig.ts';

const bots = (rig: ReturnType<typeof createRig>) => rig.sent.map((s) => [s.bot, s.at]);

test('two full bots, the LAST one full for longer: delivered by the first when it is free again', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1', 'f2'] } } });
  rig.script('f1', (n) => (n === 1 ? fail('rate_limited', { retry_after: 45 }) : OK));
  rig.script('f2', (n) => (n === 1 ? fail('rate_limited', { retry_after: 3000 }) : OK));
  const task = await rig.push('ops', 'failover');
  await rig.finished(task);
  assert.equal(task.status, 'completed', task.error);
  assert.deepEqual(bots(rig), [
    ['f1', 0],
    ['f2', 0],
    ['f1', 45_000],
  ]);
});

test('the bot whose turn it is gets throttled again: another one that is free takes the message', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1', 'f2', 'f3'] } } });
  rig.script('f1', (n) =>
    n === 1 ? fail('rate_limited', { retry_after: 30 }) : fail('rate_limited', { retry_after: 3000 }),
  );
  rig.script('f2', (n) => (n === 1 ? fail('rate_limited', { retry_after: 60 }) : OK));
  rig.script('f3', () => fail('invalid'));
  const task = await rig.push('ops', 'failover');
  await rig.finished(task);
  assert.equal(task.status, 'completed', task.error);
  assert.deepEqual(bots(rig).at(-1), ['f2', 60_000]);
});

test('a 503, then a throttle answer: failover moves on instead of waiting out the pause', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1', 'f2'] } } });
  rig.script('f1', (n) => (n === 1 ? fail('unavailable') : fail('rate_limited', { retry_after: 3600 })));
  const task = await rig.push('ops', 'failover');
  await rig.finished(task);
  assert.equal(task.status, 'completed', task.error);
  assert.deepEqual(bots(rig), [
    ['f1', 0],
    ['f1', 1000],
    ['f2', 1000],
  ]);
});

test('a retry that comes back to a paused lane: failover moves on instead of waiting out the pause', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1', 'f2'] }, solo: { feishu: ['f1'] } } });
  rig.script('f1', (n) => (n === 1 ? fail('unavailable') : fail('rate_limited', { retry_after: 3600 })));
  const task = await rig.push('ops', 'failover');
  await rig.clock.advance(500);
  await rig.push('solo', 'failover'); // throttled: the lane pauses for an hour
  await rig.finished(task);
  assert.equal(task.status, 'completed', task.error);
});

test('late success while the later branch is in flight: its failure is not retried', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'], dingtalk: ['d1'] } } });
  const late = Promise.withResolvers<Outcome>();
  const second = Promise.withResolvers<Outcome>();
  rig.script('f1', () => late.promise);
  rig.script('d1', (n) => (n === 1 ? second.promise : OK));
  const task = await rig.push('ops', 'failover');
  await rig.clock.until(() => rig.sent.length === 2);
  late.resolve(OK);
  await rig.clock.advance(100);
  second.resolve(fail('unavailable'));
  await rig.finished(task);
  assert.deepEqual(
    rig.sent.map((s) => s.bot),
    ['f1', 'd1'],
    'nothing more is sent once f1 has been reached',
  );
});

test('late success while the later branch is in flight: its throttle answer does not make it wait and send again', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'], dingtalk: ['d1'] } } });
  const late = Promise.withResolvers<Outcome>();
  const second = Promise.withResolvers<Outcome>();
  rig.script('f1', () => late.promise);
  rig.script('d1', (n) => (n === 1 ? second.promise : OK));
  const task = await rig.push('ops', 'failover');
  await rig.clock.until(() => rig.sent.length === 2);
  late.resolve(OK);
  await rig.clock.advance(100);
  second.resolve(fail('rate_limited', { retry_after: 600 }));
  await rig.finished(task);
  assert.deepEqual(
    rig.sent.map((s) => s.bot),
    ['f1', 'd1'],
    'nothing more is sent once f1 has been reached',
  );
});

test('late success between two parts of the later branch: the begun message is finished, its result is kept', async () => {
  let channels = 0;
  const rig = createRig({
    recipients: { ops: { feishu: ['f1'], dingtalk: ['d1'] } },
    rates: { d1: { per_minute: 1 } },
    // feishu takes the message whole, dingtalk in two parts
    limits: {
      get size() {
        return [{ of: 'text', max: channels++ === 0 ? 100_000 : 2000, unit: 'chars' as const }];
      },
    },
  });
  const late = Promise.withResolvers<Outcome>();
  rig.script('f1', () => late.promise);
  const task = await rig.push('ops', 'failover', { msg: 'x'.repeat(3000) });
  await rig.clock.until(() => rig.sent.length === 2);
  assert.equal(rig.sent[1]!.bot, 'd1');
  late.resolve(OK);
  await rig.finished(task);
  assert.ok(task.results[1] !== undefined, 'd1 was tried: one part of the message is in that group');
});

test('late success while the retry is in flight, which then fails: the message did arrive', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'], dingtalk: ['d1'] } }, idempotent: true });
  const late = Promise.withResolvers<Outcome>();
  const again = Promise.withResolvers<Outcome>();
  rig.script('f1', (n) => (n === 1 ? late.promise : again.promise));
  const task = await rig.push('ops', 'failover');
  await rig.clock.until(() => rig.sent.length === 2); // the retry is out
  late.resolve(OK);
  await rig.clock.advance(100);
  again.resolve(fail('invalid'));
  await rig.finished(task);
  assert.deepEqual(told(task), ['f1 success']);
  assert.deepEqual(
    rig.sent.map((s) => s.bot),
    ['f1', 'f1'],
  );
});

test('a channel whose turn it is (mixed) does not hold the message while one of its bots stays paused', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1', 'f2'], dingtalk: ['d1'], email: ['m1'] } } });
  rig.script('f1', (n) => (n === 1 ? fail('rate_limited', { retry_after: 30 }) : fail('invalid')));
  rig.script('f2', () => fail('rate_limited', { retry_after: 3000 }));
  rig.script('d1', (n) => (n === 1 ? fail('rate_limited', { retry_after: 60 }) : OK));
  rig.script('m1', () => fail('invalid'));
  const task = await rig.push('ops', 'mixed');
  await rig.finished(task);
  assert.equal(task.status, 'completed', task.error);
});

test('a long message whose last part is answered late has arrived', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'], dingtalk: ['d1'] } } });
  const late = Promise.withResolvers<Outcome>();
  rig.script('f1', (n) => (n === 2 ? late.promise : OK));
  rig.script('d1', () => fail('unavailable'));
  const task = await rig.push('ops', 'failover', { msg: 'x'.repeat(3000) });
  await rig.clock.until(() => rig.sent.length === 3);
  late.resolve(OK);
  await rig.finished(task);
  assert.equal(task.status, 'completed', task.error);
});

test('the deadline between two parts: the reason does not say that nothing was sent', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'] } }, rate: { per_minute: 1 } });
  const task = await rig.push('ops', 'failover', { msg: 'x'.repeat(3000), expires_in: 10 });
  await rig.finished(task);
  assert.equal(rig.sent.length, 1);
  assert.doesNotMatch(task.results[0]!.remedy ?? '', /未轮到发送/);
});

test('a leaf that is waiting again is reached late by its first attempt: it is not sent again', async () => {
  const rig = createRig({
    recipients: { ops: { feishu: ['f1', 'f2'] }, solo: { feishu: ['f1'] } },
    idempotent: true,
  });
  const late = Promise.withResolvers<Outcome>();
  rig.script('f1', (n) => (n === 1 ? late.promise : n === 2 ? fail('rate_limited', { retry_after: 60 }) : OK));
  rig.script('f2', () => fail('rate_limited', { retry_after: 600 }));
  const task = await rig.push('ops', 'failover');
  await rig.clock.advance(10_500); // f1 has timed out and backs off
  await rig.push('solo', 'failover'); // pauses the lane of f1
  await rig.clock.advance(5000); // both are passed over, and wait again
  late.resolve(OK);
  await rig.finished(task);
  await rig.clock.advance(1_000_000);
  assert.equal(task.results[0]!.late, true, told(task).join());
  assert.equal(rig.sent.filter((s) => s.bot === 'f1').length, 3, 'its first attempt, and two of the other task');
});

test('a leaf that is entered again does not begin its retries anew each time', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1', 'f2'] } }, rates: { f1: { per_minute: 1 } } });
  rig.script('f1', (n) => (n === 1 ? fail('rate_limited', { retry_after: 10 }) : fail('unavailable')));
  rig.script('f2', () => fail('invalid'));
  const task = await rig.push('ops', 'failover');
  await rig.finished(task);
  assert.ok(task.results[0]!.attempts <= 3, `${task.results[0]!.attempts} attempts, retry.attempts is 3`);
});

test('a lane that pauses while the holder of the turn waits in it for its retry: the turn goes to another', async () => {
  const rig = createRig({
    recipients: { ops: { feishu: ['f1', 'f2', 'f3'] }, solo: { feishu: ['f1'] } },
    rate: { per_minute: 100 },
  });
  const other = Promise.withResolvers<Outcome>();
  rig.script('f1', (n) =>
    n === 1 ? fail('rate_limited', { retry_after: 10 }) : n === 2 ? fail('unavailable') : other.promise,
  );
  rig.script('f2', (n) => (n === 1 ? fail('rate_limited', { retry_after: 60 }) : OK));
  rig.script('f3', () => fail('invalid'));
  const task = await rig.push('ops', 'failover');
  await rig.clock.advance(10_500); // f1 has had the turn, and backs off
  await rig.push('solo', 'failover'); // occupies the lane
  await rig.clock.advance(1500); // the retry waits behind it
  other.resolve(fail('rate_limited', { retry_after: 3600 }));
  await rig.finished(task);
  assert.equal(task.status, 'completed', task.error);
});

test('a leaf that was tried, passed over, and out of time when it waited again: nobody is told that a part arrived', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1', 'f2'] } }, rates: { f1: { per_minute: 1 } } });
  rig.script('f1', () => fail('unavailable'));
  rig.script('f2', () => fail('invalid'));
  const task = await rig.push('ops', 'failover', { expires_in: 30 });
  await rig.finished(task);
  assert.equal(task.results[0]!.attempts, 1);
  assert.equal(task.results[0]!.message, '已超过任务时限');
});
