import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../src/model.ts';
import { OK, createRig, fail, told } from '../kit/rig.ts';

const THREE = { ops: { feishu: ['f1', 'f2'], dingtalk: ['d1'], email: ['m1', 'm2'] } };

test('failover goes on after a failure and stops at the first target that takes the message', async () => {
  const rig = createRig({ recipients: THREE });
  rig.script('f1', () => fail('unauthorized', { code: '19021' }));
  const task = await rig.push('ops', 'failover');
  await rig.finished(task);
  assert.equal(task.status, 'completed');
  assert.equal(task.outcome, 'success');
  assert.deepEqual(told(task), ['f1 failed unauthorized', 'f2 success']);
  assert.deepEqual(
    rig.sent.map((s) => s.bot),
    ['f1', 'f2'],
  );
});

test('mixed sends to all of the first channel and ends there', async () => {
  const rig = createRig({ recipients: THREE });
  rig.script('f1', () => fail('invalid'));
  const task = await rig.push('ops', 'mixed');
  await rig.finished(task);
  assert.deepEqual(rig.sent.map((s) => s.bot).toSorted(), ['f1', 'f2']);
  assert.equal(task.outcome, 'partial');
  assert.equal(task.status, 'completed');
});

test('webhook_failover fails over inside each channel', async () => {
  const rig = createRig({ recipients: THREE });
  rig.script('f1', () => fail('invalid'));
  const task = await rig.push('ops', 'webhook_failover');
  await rig.finished(task);
  assert.deepEqual(told(task), ['f1 failed invalid', 'f2 success', 'd1 success', 'm1 success']);
  assert.equal(task.outcome, 'success');
});

test('unavailable is retried with back-off before failover moves on', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1', 'f2'] } } });
  rig.script('f1', () => fail('unavailable'));
  const task = await rig.push('ops', 'failover');
  await rig.finished(task);
  assert.deepEqual(
    rig.sent.map((s) => [s.bot, s.at]),
    [
      ['f1', 0],
      ['f1', 1000],
      ['f1', 3000],
      ['f2', 3000],
    ],
  );
  assert.equal(task.results[0]!.attempts, 3);
});

test('a throttle answer costs no attempt, pauses the lane, and failover moves on at once', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1', 'f2'] } } });
  rig.script('f1', () => fail('rate_limited'));
  const task = await rig.push('ops', 'failover');
  await rig.finished(task);
  assert.deepEqual(told(task), ['f1 failed rate_limited', 'f2 success']);
  assert.equal(task.results[0]!.attempts, 0);
  assert.equal(rig.clock.elapsed, 0);
});

test('a plan of one target waits for its throttled lane', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'] } } });
  rig.script('f1', (n) => (n === 1 ? fail('rate_limited', { retry_after: 30 }) : OK));
  const task = await rig.push('ops', 'failover');
  await rig.finished(task);
  assert.equal(task.outcome, 'success');
  assert.deepEqual(
    rig.sent.map((s) => s.at),
    [0, 30_000],
  );
});

test('two full bots under failover: the push is delivered when one is free again, not failed', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1', 'f2'] } } });
  rig.script('f1', (n) => (n === 1 ? fail('rate_limited', { retry_after: 600 }) : OK));
  rig.script('f2', (n) => (n === 1 ? fail('rate_limited', { retry_after: 45 }) : OK));
  const task = await rig.push('ops', 'failover');
  await rig.finished(task);
  assert.equal(task.outcome, 'success');
  assert.deepEqual(
    rig.sent.map((s) => [s.bot, s.at]),
    [
      ['f1', 0],
      ['f2', 0],
      ['f2', 45_000],
    ],
  );
  assert.deepEqual(told(task), ['f1 failed rate_limited', 'f2 success']);
});

test('among passed-over targets only one begins at a time; when it fails the others wait again', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1', 'f2'] } } });
  rig.script('f1', (n) => (n === 1 ? fail('rate_limited', { retry_after: 60 }) : OK));
  rig.script('f2', (n) => (n === 1 ? fail('rate_limited', { retry_after: 30 }) : fail('invalid')));
  const task = await rig.push('ops', 'failover');
  await rig.finished(task);
  assert.deepEqual(
    rig.sent.map((s) => [s.bot, s.at]),
    [
      ['f1', 0],
      ['f2', 0],
      ['f2', 30_000],
      ['f1', 60_000],
    ],
  );
  assert.equal(task.outcome, 'success');
});

test('a leaf in a throttled lane is passed over after the patience, not before', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1', 'f2'] } }, rates: { f1: { per_second: 1 } } });
  const first = await rig.push('ops', 'failover');
  const second = await rig.push('ops', 'failover');
  await rig.finished(first, second);
  // The forecast is one second, below the patience of three: it waits.
  assert.deepEqual(
    rig.sent.map((s) => [s.bot, s.at]),
    [
      ['f1', 0],
      ['f1', 1000],
    ],
  );
});

test('a timeout moves failover on; a late success stops what has not been sent yet', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'], dingtalk: ['d1'], email: ['m1'] } } });
  const answer = Promise.withResolvers<Outcome>();
  rig.script('f1', () => answer.promise);
  rig.script('d1', () => fail('unavailable'));
  const task = await rig.push('ops', 'failover');
  await rig.clock.until(() => rig.sent.length === 2);
  assert.equal(task.results[0]!.status, 'timeout');
  answer.resolve(OK);
  await rig.finished(task);
  assert.equal(task.outcome, 'success');
  assert.equal(task.results[0]!.status, 'success');
  assert.equal(task.results[0]!.late, true);
  assert.deepEqual(
    rig.sent.map((s) => s.bot),
    ['f1', 'd1'],
  );
});

test('a late success after the end corrects the result but never the status', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'] } } });
  const answer = Promise.withResolvers<Outcome>();
  rig.script('f1', () => answer.promise);
  const task = await rig.push('ops', 'failover');
  await rig.finished(task);
  assert.equal(task.status, 'failed');
  answer.resolve(OK);
  await rig.clock.advance(0);
  assert.equal(task.status, 'failed');
  assert.equal(task.results[0]!.late, true);
  assert.equal(rig.raised.length, 1);
});

test('the deadline ends a waiting task as failed, with the last failure in its reason', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'] } }, rate: { per_minute: 1 } });
  rig.script('f1', () => fail('unavailable', { code: '2200' }));
  const task = await rig.push('ops', 'failover', { expires_in: 40 });
  await rig.finished(task);
  assert.equal(task.status, 'failed');
  assert.ok(rig.clock.elapsed >= 40_000 && rig.clock.elapsed <= 41_000);
  assert.deepEqual(told(task), ['f1 failed unavailable']);
  assert.match(task.error!, /超过任务时限/);
  assert.equal(rig.raised.length, 1);
});
