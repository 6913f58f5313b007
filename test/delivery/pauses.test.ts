import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../src/model.ts';
import { OK, createRig, fail } from '../kit/rig.ts';

const DAY = 86_400;

test('a pause that ends after the deadline fails the leaf at once, and says until when', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'] } } });
  const remedy = { en: 'Send less.', zh: '减少发送量' };
  rig.script('f1', () => fail('rate_limited', { retry_after: 3000, code: '11232', message: '频率超限', remedy }));
  const task = await rig.push('ops', 'failover', { expires_in: 60 });
  await rig.clock.advance(0);
  assert.equal(task.status, 'failed');
  const [result] = task.results;
  assert.equal(result!.reason, 'rate_limited');
  assert.equal(result!.code, '11232');
  assert.match(result!.message, /恢复时间晚于任务时限；最近一次情况：频率超限$/);
  assert.equal(result!.remedy, remedy.zh);
  assert.equal(result!.attempts, 0);
  assert.equal(result!.paused_until, rig.clock.now() + 3_000_000);
  assert.equal(rig.raised.length, 1);
});

test('a first goes on at once when the pause of a branch outlasts the task', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'], dingtalk: ['d1'] } } });
  rig.script('f1', () => fail('rate_limited', { retry_after: 3000 }));
  const task = await rig.push('ops', 'failover', { expires_in: 60 });
  await rig.clock.advance(0);
  assert.equal(task.status, 'completed');
  assert.deepEqual(
    task.results.map((result) => result!.status),
    ['failed', 'success'],
  );
});

test('those who wait in a lane fail at once when it is closed for longer than they have', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'] } }, rate: { per_minute: 1 } });
  const first = await rig.push('ops', 'failover', { expires_in: 100 });
  await rig.clock.advance(0);
  rig.script('f1', () => fail('rate_limited', { retry_after: 3000 }));
  const waiting = await rig.push('ops', 'failover', { expires_in: 90 });
  const patient = await rig.push('ops', 'failover', { expires_in: 4000 });
  await rig.clock.advance(60_000);
  assert.equal(first.status, 'completed');
  assert.equal(waiting.status, 'failed');
  assert.equal(patient.status, 'processing');
  assert.ok(patient.results[0]!.paused_until > rig.clock.now());
  rig.script('f1', () => OK);
  await rig.clock.advance(3_100_000);
  assert.equal(patient.status, 'completed');
  assert.equal(patient.results[0]!.paused_until, 0);
});

test('a pause of more than an hour is asked again; the renewal of an allowance is waited for', async () => {
  for (const [quota, expected] of [
    [undefined, 2],
    [true, 1],
  ] as const) {
    const rig = createRig({ recipients: { ops: { feishu: ['f1'] } } });
    let asked = 0;
    rig.script('f1', () => {
      asked++;
      return fail('rate_limited', { retry_after: DAY / 2, ...(quota && { quota }) });
    });
    await rig.push('ops', 'failover', { expires_in: DAY });
    await rig.clock.advance(2 * 3_600_000 - 1);
    assert.equal(asked, expected);
  }
});

test('bots of one account share its windows', async () => {
  const rig = createRig({
    recipients: { a: { feishu: ['f1'] }, b: { feishu: ['f2'] }, c: { feishu: ['f3'] } },
    account: { rate: { per_minute: 1 }, of: { f1: 'x', f2: 'x', f3: 'y' } },
  });
  await Promise.all(['a', 'b', 'c'].map((alias) => rig.push(alias, 'all')));
  await rig.clock.advance(0);
  assert.deepEqual(rig.sent.map(({ bot }) => bot).toSorted(), ['f1', 'f3']);
  await rig.clock.advance(60_000);
  assert.deepEqual(
    rig.sent.slice(2).map(({ bot, at }) => [bot, at - rig.sent[0]!.at]),
    [['f2', 60_000]],
  );
});

test('an account that is throttled closes the lanes of all its bots, and of no other', async () => {
  const rig = createRig({
    recipients: { a: { feishu: ['f1'] }, b: { feishu: ['f2'] }, c: { feishu: ['f3'] } },
    account: { rate: {}, of: { f1: 'x', f2: 'x', f3: 'y' } },
  });
  rig.script('f1', (n) => (n === 1 ? fail('rate_limited', { retry_after: 600, account: true }) : OK));
  await rig.push('a', 'all');
  await rig.clock.advance(0);
  const late = await rig.push('b', 'all', { expires_in: 60 });
  const patient = await rig.push('b', 'all');
  await rig.push('c', 'all');
  await rig.clock.advance(0);
  assert.deepEqual(
    rig.sent.map(({ bot }) => bot),
    ['f1', 'f3'],
  );
  assert.equal(late.status, 'failed');
  await rig.clock.advance(600_000);
  assert.equal(patient.status, 'completed');
});

test('windows of an hour and of a day are kept', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'] } }, rate: { per_hour: 2, per_day: 3 } });
  const started = rig.clock.monotonic();
  const times = () => rig.sent.map(({ at }) => at - started);
  for (let i = 0; i < 3; i++) await rig.push('ops', 'all', { expires_in: DAY });
  await rig.clock.advance(7_200_000);
  await rig.push('ops', 'all', { expires_in: DAY });
  await rig.clock.advance(DAY * 1000);
  assert.deepEqual(times(), [0, 0, 3_600_000, DAY * 1000]);
});

test('a card that the platform cannot read is sent once more as text, with a slot of its own', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'] } }, rate: { per_minute: 1 } });
  rig.script('f1', (n) => (n === 1 ? fail('invalid', { as_text: true, code: '230099' }) : OK));
  const task = await rig.push('ops', 'all', { style: 'card' });
  await rig.finished(task);
  assert.equal(task.status, 'completed');
  assert.deepEqual(
    rig.sent.map(({ message }) => message.style),
    ['card', 'text'],
  );
  assert.equal(rig.sent[1]!.at - rig.sent[0]!.at, 60_000);
  assert.equal(task.results[0]!.attempts, 2);
  assert.match(task.results[0]!.message, /已改为纯文本发送/);
});

test('what is refused as text too has failed', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'] } } });
  rig.script('f1', () => fail('invalid', { as_text: true, code: '230099' }));
  const card = await rig.push('ops', 'all', { style: 'card' });
  const text = await rig.push('ops', 'all', { style: 'text' });
  await rig.finished(card);
  await rig.finished(text);
  assert.equal(card.results[0]!.attempts, 2);
  assert.equal(text.results[0]!.attempts, 1);
  assert.equal(card.results[0]!.code, '230099');
});

test('whom a message did not reach is told, and does not fail it', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'] } } });
  const refused = [{ recipient: 'u***', code: '1', message: '不存在' }];
  rig.script('f1', () => ({ ok: true, refused, note: '加急失败' }));
  const task = await rig.push('ops', 'all');
  await rig.finished(task);
  assert.equal(task.outcome, 'success');
  assert.deepEqual(task.results[0]!.refused, refused);
  assert.match(task.results[0]!.message, /1 个接收人未送达；加急失败/);
});

test('each part of a long message may have missed others: all of them are told, once', async () => {
  const rig = createRig({
    recipients: { ops: { feishu: ['f1'] } },
    limits: { size: [{ of: 'text', max: 100, unit: 'chars' }] },
  });
  const missed = (recipient: string) => ({ recipient, message: '不存在' });
  rig.script('f1', (n) => ({ ok: true, refused: n === 1 ? [missed('a***'), missed('b***')] : [missed('b***')] }));
  const task = await rig.push('ops', 'all', { msg: 'm'.repeat(150) });
  await rig.finished(task);
  assert.equal(rig.sent.length, 2);
  assert.deepEqual(task.results[0]!.refused, [missed('a***'), missed('b***')]);
});

test('a message that moves out of a closed lane into an open one is not said to be paused', async () => {
  const rig = createRig({
    recipients: { ops: { feishu: ['f1'] }, other: { feishu: ['f2'] } },
    settings: { queue: { max_concurrent_per_platform: 1 } },
  });
  rig.script('f1', () => fail('rate_limited', { retry_after: 300 }));
  rig.script('f2', () => new Promise(() => {}));
  const task = await rig.push('ops', 'all');
  await rig.clock.advance(0);
  assert.equal(task.results[0]!.paused_until, rig.clock.now() + 300_000);
  // It has the only slot.
  await rig.push('other', 'all');
  Object.assign(rig.recipients.get('ops')!.groups[0]!.targets[0]!, { lane: 'feishu:moved' });
  rig.delivery.reload();
  assert.equal(task.results[0]!.paused_until, 0);
});

test('a throttle answer without a code that comes after the deadline is said once', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'] } } });
  const answer = Promise.withResolvers<Outcome>();
  rig.script('f1', () => answer.promise);
  const task = await rig.push('ops', 'all', { expires_in: 5 });
  await rig.clock.advance(6000);
  answer.resolve(fail('rate_limited', { message: '频率超限' }));
  await rig.finished(task);
  assert.equal(task.results[0]!.message, '频率超限');
});
