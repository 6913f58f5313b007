import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome, Target } from '../../src/model.ts';
import { OK, createRig, fail, told } from '../kit/rig.ts';

/** Changes targets in place, as a reload would. */
function change(rig: ReturnType<typeof createRig>, alias: string, f: (t: Target) => Target): void {
  const old = rig.recipients.get(alias)!;
  rig.recipients.set(alias, { ...old, groups: old.groups.map((g) => ({ ...g, targets: g.targets.map(f) })) });
}

test('a deep backlog: a failover push is accepted and ends', async () => {
  const rig = createRig({
    recipients: { solo: { feishu: ['f1'] }, ops: { feishu: ['f1', 'f2'] } },
    rates: { f1: { per_minute: 1 } },
    buffer: 100_000,
  });
  for (let i = 0; i < 30_000; i++) await rig.push('solo', 'failover', { type: 'error' });
  const task = await rig.push('ops', 'failover', { type: 'error' });
  await rig.clock.advance(0);
  assert.equal(task.status, 'completed');
});

test('a platform called ":all" is an unknown platform', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'] } } });
  const first = await rig.push('ops', 'all');
  await rig.finished(first);
  const task = await rig.push('ops', '', { platform: ':all' });
  await rig.finished(task);
  assert.equal(rig.sent.length, 1);
  assert.equal(task.status, 'failed');
});

test('"Retry-After: 0" does not make the lane hammer the platform', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'] } }, rate: { per_minute: 10_000 } });
  rig.script('f1', (n) => (n <= 500 ? fail('rate_limited', { retry_after: 0 }) : OK));
  await rig.push('ops', 'failover');
  await rig.clock.advance(0);
  assert.ok(rig.sent.length < 5, `${rig.sent.length} requests in no time`);
});

test('one burst of throttle answers is one pause, not several doublings', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'] } } });
  rig.script('f1', (n) => (n <= 4 ? fail('rate_limited') : OK));
  const seconds: number[] = [];
  const replies = Promise.withResolvers<void>();
  rig.script('f1', (n) => (n <= 4 ? replies.promise.then(() => fail('rate_limited')) : OK));
  rig.events.on('paused', (e) => seconds.push(e.seconds));
  const tasks = await Promise.all([1, 2, 3, 4].map(() => rig.push('ops', 'failover')));
  await rig.clock.advance(0);
  assert.equal(rig.sent.length, 4);
  replies.resolve();
  await rig.clock.advance(60_000);
  assert.deepEqual(
    tasks.map((t) => t.status),
    Array(4).fill('completed'),
    `pauses: ${seconds.join()}`,
  );
});

test('reload moves a bot while a message backs off: the new bot stays within its window', async () => {
  const rig = createRig({ recipients: { a: { feishu: ['f1'] } }, rate: { per_minute: 2 } });
  rig.script('f1', () => fail('unavailable'));
  const first = await rig.push('a', 'failover', { type: 'error' });
  await rig.clock.advance(500);
  change(rig, 'a', (t) => ({ ...t, lane: 'feishu:f9', config: { bot: 'f9' } }));
  rig.delivery.reload();
  const second = await rig.push('a', 'failover', { type: 'error' });
  const third = await rig.push('a', 'failover', { type: 'error' });
  await rig.finished(first, second, third);
  const at = rig.sent.filter((s) => s.bot === 'f9').map((s) => s.at);
  assert.ok(at[2]! - at[0]! >= 60_000, `two a minute, but f9 was sent messages at ${at.join()}`);
});

test('a bot taken out and put back: its window still counts', async () => {
  const rig = createRig({ recipients: { a: { feishu: ['f1'] } }, rate: { per_minute: 1 } });
  const first = await rig.push('a', 'failover');
  await rig.finished(first);
  const whole = rig.recipients.get('a')!;
  rig.recipients.set('a', { ...whole, groups: [] });
  rig.delivery.reload();
  await rig.clock.advance(5000);
  rig.recipients.set('a', whole);
  rig.delivery.reload();
  const second = await rig.push('a', 'failover');
  await rig.finished(second);
  assert.ok(rig.sent[1]!.at >= 60_000, `sent at ${rig.sent[1]!.at}`);
});

test('a target disabled before its turn in the plan ends invalid, even when its lane is paused', async () => {
  const rig = createRig({ recipients: { a: { feishu: ['f1', 'f2'], dingtalk: ['d1'] }, b: { feishu: ['f2'] } } });
  const answer = Promise.withResolvers<Outcome>();
  rig.script('f1', () => answer.promise);
  rig.script('f2', () => fail('rate_limited', { retry_after: 3000 }));
  await rig.push('b', 'failover');
  const task = await rig.push('a', 'failover');
  await rig.clock.advance(0);
  change(rig, 'a', (t) => (t.name === 'f2' ? { ...t, enabled: false } : t));
  rig.delivery.reload();
  answer.resolve(fail('invalid'));
  await rig.finished(task);
  assert.deepEqual(told(task), ['f1 failed invalid', 'f2 failed invalid', 'd1 success']);
});

test('a reload that moves a bot listed twice: one message', async () => {
  const rig = createRig({ recipients: { a: { feishu: ['f1', 'f2', 'f3'] } } });
  change(rig, 'a', (t) => (t.name === 'f2' ? { ...t, lane: 'feishu:f1', config: { bot: 'f1' } } : t));
  rig.script('f1', (n) => (n === 1 ? fail('rate_limited', { retry_after: 300 }) : OK));
  rig.script('f3', () => fail('invalid'));
  const task = await rig.push('a', 'failover');
  await rig.clock.advance(100);
  change(rig, 'a', (t) => (t.name === 'f3' ? t : { ...t, lane: 'feishu:f9', config: { bot: 'f9' } }));
  rig.delivery.reload();
  await rig.finished(task);
  await rig.clock.advance(1000);
  assert.deepEqual(rig.sent.filter((s) => s.bot === 'f9').length, 1);
});

test('an urgent message uses the reserve although a long one waits for its next part', async () => {
  const rig = createRig({ recipients: { a: { feishu: ['f1'] } }, rate: { per_minute: 10 } });
  const long = await rig.push('a', 'failover', { title: 'long', msg: 'x'.repeat(1900 * 15) });
  await rig.clock.advance(0);
  assert.equal(rig.sent.length, 9);
  const urgent = await rig.push('a', 'failover', { title: 'fire', type: 'error' });
  await rig.clock.advance(0);
  assert.equal(urgent.status, 'completed');
  await rig.finished(long);
});

test('a digest that is taken apart by a throttle answer, then its first attempt is answered late: nobody is sent twice', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'] } }, rate: { per_second: 1 }, idempotent: true });
  const late = Promise.withResolvers<Outcome>();
  rig.script('f1', (n) => (n === 2 ? late.promise : n === 3 ? fail('rate_limited', { retry_after: 30 }) : OK));
  await rig.push('ops', 'failover');
  const tasks = await Promise.all(
    Array.from({ length: 8 }, (_, i) => rig.push('ops', 'failover', { title: `t${i}!` })),
  );
  await rig.clock.until(() => rig.sent.length === 3); // the retry of the digest, which is throttled
  await rig.clock.advance(100);
  late.resolve(OK); // the first attempt did arrive: all eight have been reached
  await rig.finished(...tasks);
  await rig.clock.advance(100_000);
  assert.ok(
    tasks.every((task) => task.results[0]!.late),
    told(tasks[0]!).join(),
  );
  assert.equal(rig.sent.length, 3, rig.sent.map((s) => s.message.title).join());
});
test('a limit that a reload adds counts what has been sent already', async () => {
  const rig = createRig({ recipients: { a: { feishu: ['f1'] } }, rate: 'off' });
  const first = await Promise.all(Array.from({ length: 10 }, () => rig.push('a', 'failover')));
  await rig.finished(...first);
  change(rig, 'a', (t) => ({ ...t, rate_limit: { per_minute: 5 } }));
  rig.delivery.reload();
  const next = await rig.push('a', 'failover');
  await rig.finished(next);
  assert.ok(rig.sent.at(-1)!.at >= 60_000, `the eleventh in a minute at ${rig.sent.at(-1)!.at}`);
});

test('a reload that gives a busy lane a limit of any size takes no time, and the window counts as full', async () => {
  const rig = createRig({ recipients: { a: { feishu: ['f1'] } } });
  await rig.push('a', 'all');
  await rig.clock.advance(1000);
  change(rig, 'a', (t) => ({ ...t, rate_limit: { per_minute: Number.MAX_SAFE_INTEGER } }));
  rig.delivery.reload();
  const task = await rig.push('a', 'all', { type: 'error' });
  await rig.clock.advance(58_999);
  assert.equal(rig.sent.length, 1);
  await rig.clock.advance(1);
  assert.equal(task.status, 'completed');
});
