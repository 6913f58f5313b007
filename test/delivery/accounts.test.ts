import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Target } from '../../src/model.ts';
import { OK, type Reply, createRig, fail, told } from '../kit/rig.ts';

/** Changes targets in place, as a reload would. */
function change(rig: ReturnType<typeof createRig>, alias: string, f: (t: Target) => Target): void {
  const old = rig.recipients.get(alias)!;
  rig.recipients.set(alias, { ...old, groups: old.groups.map((g) => ({ ...g, targets: g.targets.map(f) })) });
}

const TWO = { a: { feishu: ['f1'] }, b: { feishu: ['f2'] } };
const SAME = { f1: 'x', f2: 'x' };

/** A reply that the test gives when it likes. */
function held() {
  const { promise, resolve } = Promise.withResolvers<Awaited<Reply>>();
  return { reply: () => promise, answer: resolve };
}

test('an account whose targets are all disabled for a while is still one account', async () => {
  const rig = createRig({
    recipients: TWO,
    rates: { f1: { per_hour: 100 } },
    account: { rate: { per_minute: 1 }, of: SAME },
  });
  await rig.push('a', 'all');
  await rig.clock.advance(120_000);
  for (const enabled of [false, true]) {
    for (const alias of ['a', 'b']) change(rig, alias, (t) => ({ ...t, enabled }));
    rig.delivery.reload();
  }
  await Promise.all(['a', 'b'].map((alias) => rig.push(alias, 'all')));
  await rig.clock.advance(0);
  assert.equal(rig.sent.length, 2);
  await rig.clock.advance(60_000);
  assert.equal(rig.sent.length, 3);
});

test('an account is closed for longer than it has while a part is out: the rest of the message fails at once', async () => {
  const rig = createRig({
    recipients: TWO,
    limits: { size: [{ of: 'text', max: 100, unit: 'chars' }] },
    account: { rate: {}, of: SAME },
  });
  const part = held();
  rig.script('f1', part.reply);
  const long = await rig.push('a', 'all', { msg: 'm'.repeat(150), expires_in: 60 });
  await rig.clock.advance(0);
  rig.script('f2', () => fail('rate_limited', { retry_after: 3000, account: true }));
  await rig.push('b', 'all');
  await rig.clock.advance(0);
  part.answer(OK);
  await rig.clock.advance(0);
  assert.deepEqual(told(long), ['f1 failed rate_limited']);
  assert.equal(long.results[0]!.paused_until, rig.clock.now() + 3_000_000);
});

test('likewise while a card is out that the platform then refuses as malformed', async () => {
  const rig = createRig({ recipients: TWO, account: { rate: {}, of: SAME } });
  const card = held();
  rig.script('f1', card.reply);
  const task = await rig.push('a', 'all', { style: 'card', expires_in: 60 });
  await rig.clock.advance(0);
  rig.script('f2', () => fail('rate_limited', { retry_after: 3000, account: true }));
  await rig.push('b', 'all');
  await rig.clock.advance(0);
  card.answer(fail('invalid', { as_text: true }));
  await rig.clock.advance(0);
  assert.deepEqual(told(task), ['f1 failed rate_limited']);
});

test('a message that a reload moves into a lane closed for longer than it has fails at once', async () => {
  const rig = createRig({ recipients: TWO, rates: { f1: { per_minute: 1 } }, account: { rate: {}, of: { f2: 'y' } } });
  rig.script('f2', () => fail('rate_limited', { retry_after: 3000, account: true }));
  await rig.push('b', 'all');
  await rig.push('a', 'all');
  const moved = await rig.push('a', 'all', { expires_in: 59 });
  await rig.clock.advance(0);
  change(rig, 'a', (t) => ({ ...t, lane: 'feishu:f2', account: 'y' }));
  rig.delivery.reload();
  await rig.clock.advance(0);
  assert.deepEqual(told(moved), ['f1 failed rate_limited']);
});

test('the lanes of one account take turns', async () => {
  const names = ['f1', 'f2', 'f3', 'f4'];
  const rig = createRig({
    recipients: Object.fromEntries(names.map((name) => [name, { feishu: [name] }])),
    settings: { digest: { enabled: false } },
    account: { rate: { per_minute: 2 }, of: Object.fromEntries(names.map((name) => [name, 'x'])) },
  });
  for (const name of names) rig.script(name, () => new Promise((resolve) => rig.clock.after(100, () => resolve(OK))));
  for (const name of names) for (let i = 0; i < 10; i++) await rig.push(name, 'all');
  await rig.clock.advance(10 * 60_000 - 1);
  const counts = names.map((name) => rig.sent.filter(({ bot }) => bot === name).length);
  assert.equal(rig.sent.length, 20);
  assert.ok(Math.min(...counts) >= 4, counts.join());
});

test('a wide lane keeps the windows of its account', async () => {
  const rig = createRig({ recipients: TWO, account: { rate: { per_minute: 3 }, of: SAME } });
  for (let i = 0; i < 6; i++) for (const alias of ['a', 'b']) await rig.push(alias, 'all', { type: 'error' });
  await rig.clock.advance(0);
  assert.equal(rig.sent.length, 3);
});

test('a raised limit of an account wakes its lanes', async () => {
  const rig = createRig({ recipients: TWO, account: { rate: { per_day: 1 }, of: SAME } });
  const tasks = [await rig.push('a', 'all'), await rig.push('b', 'all')];
  await rig.clock.advance(1000);
  assert.equal(rig.sent.length, 1);
  for (const alias of ['a', 'b']) change(rig, alias, (t) => ({ ...t, account_rate_limit: { per_day: 10 } }));
  rig.delivery.reload();
  await rig.clock.advance(0);
  assert.deepEqual(
    tasks.map(({ status }) => status),
    ['completed', 'completed'],
  );
});

test('the reserve of an account is kept for urgent messages, whichever target they go to', async () => {
  const rig = createRig({
    recipients: TWO,
    settings: { digest: { enabled: false } },
    account: { rate: { per_day: 10 }, of: SAME },
  });
  for (let i = 0; i < 12; i++) await rig.push('a', 'all');
  await rig.clock.advance(0);
  assert.equal(rig.sent.length, 9);
  const urgent = await rig.push('b', 'all', { type: 'error' });
  await rig.clock.advance(0);
  assert.equal(urgent.status, 'completed');
  assert.equal(rig.sent.length, 10);
});

test('the renewal of an allowance further off than the longest timer is waited for, and the lane wakes', async () => {
  const rig = createRig({ recipients: { a: { feishu: ['f1'] } }, account: { rate: {}, of: SAME } });
  rig.script('f1', (n) =>
    n === 1 ? fail('rate_limited', { retry_after: 31 * 86_400, quota: true, account: true }) : OK,
  );
  rig.settings.queue.deadline = 40 * 86_400;
  const task = await rig.push('a', 'all');
  await rig.clock.advance(31 * 86_400_000 - 1);
  assert.equal(rig.sent.length, 1);
  await rig.clock.advance(1);
  assert.equal(task.status, 'completed');
  assert.equal(task.results[0]!.attempts, 1);
});

test('a reload moves a bot to another account while a message is out: the pause of the old one does not hold it', async () => {
  const rig = createRig({ recipients: { a: { feishu: ['f1'] } }, account: { rate: {}, of: SAME } });
  const first = held();
  rig.script('f1', (n) => (n === 1 ? first.reply() : OK));
  const task = await rig.push('a', 'all', { expires_in: 60 });
  await rig.clock.advance(0);
  change(rig, 'a', (t) => ({ ...t, lane: 'feishu:f1:y', account: 'y' }));
  rig.delivery.reload();
  first.answer(fail('rate_limited', { retry_after: 3000, account: true }));
  await rig.clock.advance(0);
  assert.equal(task.status, 'completed');
});

test('an account is closed for longer than they have: those who wait in its other lanes fail at once too', async () => {
  const rig = createRig({
    recipients: TWO,
    rates: { f1: { per_minute: 1 } },
    account: { rate: {}, of: SAME },
  });
  await rig.push('a', 'all');
  const waiting = await rig.push('a', 'all', { expires_in: 300 });
  await rig.clock.advance(0);
  rig.script('f2', () => fail('rate_limited', { retry_after: 3000, account: true }));
  await rig.push('b', 'all');
  await rig.clock.advance(0);
  assert.deepEqual(told(waiting), ['f1 failed rate_limited']);
  assert.equal(waiting.results[0]!.paused_until, rig.clock.now() + 3_000_000);
});
