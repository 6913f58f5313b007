import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OK, createRig, fail, told } from '../kit/rig.ts';

const ONE = { ops: { feishu: ['f1'] } };
const NOTE = { ok: true, note: '加急未得到答复' } as const;

/** Never answers. */
const silence = () => new Promise<never>(() => {});

test('a follow-up that hangs until the time is over: the message is a success with its note, sent once', async () => {
  const rig = createRig({ recipients: ONE, idempotent: true });
  rig.script('f1', (_n, io) => {
    io.accepted(NOTE);
    return silence();
  });
  const task = await rig.push('ops', 'failover');
  await rig.finished(task);
  assert.deepEqual(told(task), ['f1 success']);
  assert.match(task.results[0]!.message, /加急未得到答复/);
  assert.equal(task.results[0]!.attempts, 1);
  await rig.clock.advance(100_000);
  assert.equal(rig.sent.length, 1);
});

test('a follow-up that fails, in whatever way, takes nothing back', async () => {
  for (const after of [() => fail('unavailable'), () => fail('rate_limited'), () => Promise.reject(new Error('bug'))]) {
    const rig = createRig({ recipients: ONE, idempotent: true });
    rig.script('f1', (_n, io) => {
      io.accepted(NOTE);
      return after();
    });
    const task = await rig.push('ops', 'failover');
    await rig.finished(task);
    assert.deepEqual(told(task), ['f1 success']);
    assert.match(task.results[0]!.message, /加急未得到答复/);
    await rig.clock.advance(100_000);
    assert.equal(rig.sent.length, 1);
  }
});

test('a message that was taken late, with a follow-up that is never answered, has arrived late', async () => {
  const rig = createRig({ recipients: ONE, idempotent: true });
  rig.script('f1', (_n, io) => {
    rig.clock.after(10_500, () => io.accepted(NOTE));
    return silence();
  });
  const task = await rig.push('ops', 'failover');
  await rig.clock.advance(30_000);
  assert.deepEqual(told(task), ['f1 success']);
  assert.equal(task.results[0]!.late, true);
  assert.match(task.results[0]!.message, /加急未得到答复/);
  assert.equal(rig.sent.length, 1, 'it was known to have arrived before its retry');
});

test('a follow-up of a late answer that ends well after all takes its note back', async () => {
  const rig = createRig({ recipients: ONE });
  rig.script('f1', (_n, io) => {
    rig.clock.after(12_000, () => io.accepted(NOTE));
    return new Promise((resolve) => rig.clock.after(14_000, () => resolve(OK)));
  });
  const task = await rig.push('ops', 'failover');
  await rig.clock.advance(13_000);
  assert.match(task.results[0]!.message, /加急未得到答复/);
  await rig.clock.advance(1000);
  assert.equal(task.results[0]!.message, '消息已送达（应答迟到）');
  assert.equal(task.results[0]!.late, true);
});

test('a pause that makes no sense does not stop a lane for ever', async () => {
  for (const retry_after of [NaN, -5, Infinity]) {
    const rig = createRig({ recipients: ONE });
    rig.script('f1', (n) => (n === 1 ? fail('rate_limited', { retry_after }) : OK));
    const task = await rig.push('ops', 'failover', { expires_in: 7200 });
    await rig.finished(task);
    assert.equal(task.status, 'completed', String(retry_after));
  }
});

test('a result says until when its lane is closed only while it is, and when that was the end of it', async () => {
  const rig = createRig({ recipients: ONE });
  rig.script('f1', (n) => (n === 1 ? fail('rate_limited', { retry_after: 30 }) : silence()));
  const task = await rig.push('ops', 'failover');
  await rig.clock.advance(0);
  assert.equal(task.results[0]!.paused_until, rig.clock.now() + 30_000);
  await rig.clock.advance(30_000);
  assert.equal(task.results[0]!.message, '发送中');
  assert.equal(task.results[0]!.paused_until, 0);
});

test('a failure for want of time has the code of a throttle answer, and of no other', async () => {
  const rig = createRig({ recipients: ONE, idempotent: true });
  rig.script('f1', (n) =>
    n === 1 ? fail('unavailable', { code: 'HTTP 502', retry_after: 5 }) : fail('rate_limited', { retry_after: 3000 }),
  );
  const first = await rig.push('ops', 'failover', { expires_in: 100 });
  await rig.clock.advance(1000);
  await rig.push('ops', 'failover', { expires_in: 4000 });
  await rig.clock.advance(5000);
  assert.deepEqual(told(first), ['f1 failed rate_limited']);
  assert.equal(first.results[0]!.code, undefined);
});
