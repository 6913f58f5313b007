import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OK, createRig, fail, told } from '../kit/rig.ts';

const ONE = { ops: { feishu: ['f1'] } };
const BURST = Array.from({ length: 25 }, (_, i) => `alert ${i}`);

test('twenty-five pushes at a bot of eighteen a minute: all arrive, and no window holds more than its limit', async () => {
  const rig = createRig({
    recipients: ONE,
    rate: { per_minute: 18 },
    settings: { digest: { enabled: false } },
  });
  const tasks = await Promise.all(BURST.map((title) => rig.push('ops', 'failover', { title, type: 'error' })));
  await rig.finished(...tasks);
  assert.deepEqual(
    rig.sent.map((s) => s.message.title),
    BURST,
  );
  for (const { at } of rig.sent) {
    assert.ok(rig.sent.filter((s) => s.at > at - 60_000 && s.at <= at).length <= 18);
  }
});

test('the last tenth of a minute window is kept for urgent messages', async () => {
  const rig = createRig({ recipients: ONE, rate: { per_minute: 18 } });
  const low = await Promise.all(BURST.map((title) => rig.push('ops', 'failover', { title })));
  await rig.clock.advance(0);
  assert.equal(rig.sent.length, 16);
  const urgent = await rig.push('ops', 'failover', { title: 'fire', type: 'error' });
  await rig.clock.advance(0);
  assert.equal(rig.sent.at(-1)!.message.title, 'fire');
  assert.equal(urgent.status, 'completed');
  await rig.finished(...low);
});

test('what waits for the rate limit is folded into a digest that names every title', async () => {
  const rig = createRig({ recipients: ONE, rate: { per_minute: 10 } });
  const tasks = await Promise.all(
    Array.from({ length: 40 }, (_, i) => rig.push('ops', 'failover', { title: `alert-${i}!`, msg: 'body' })),
  );
  await rig.finished(...tasks);
  const titles = rig.sent.map((s) => s.message.title);
  assert.deepEqual(titles.slice(9), ['合并通知：20 条消息', '合并通知：11 条消息']);
  const text = rig.sent.map((s) => s.message.title + s.message.body).join();
  for (let i = 0; i < 40; i++) assert.ok(text.includes(`alert-${i}!`));
  assert.ok(tasks.every((task) => task.outcome === 'success'));
  assert.equal(new Set(tasks.map((task) => task.results[0]!.digest_id)).size, 3);
});

test('a busy lane folds nothing', async () => {
  const rig = createRig({ recipients: ONE, rate: { per_minute: 1000 } });
  let open: (() => void)[] = [];
  rig.script('f1', () => new Promise((resolve) => open.push(() => resolve(OK))));
  const tasks = await Promise.all(BURST.map((title) => rig.push('ops', 'failover', { title })));
  while (tasks.some((task) => task.completed_at === undefined)) {
    for (const answer of open) answer();
    open = [];
    await rig.clock.advance(0);
  }
  assert.equal(rig.sent.length, BURST.length);
});

test('messages with mentions, and those near their deadline, are never folded', async () => {
  const rig = createRig({ recipients: ONE, rate: { per_minute: 5 } });
  const tasks = await Promise.all(
    Array.from({ length: 12 }, (_, i) =>
      rig.push('ops', 'failover', { title: `t${i}`, ...(i === 8 ? { mentions: { all: true } } : {}) }),
    ),
  );
  await rig.finished(...tasks);
  assert.equal(tasks[8]!.results[0]!.digest_id, undefined);
  assert.ok(tasks[7]!.results[0]!.digest_id !== undefined);
  assert.ok(rig.sent.some((s) => s.message.title === 't8'));
});

test('a digest that fails gives its failure to every member, and their plans go on', async () => {
  const rig = createRig({
    recipients: { ops: { feishu: ['f1'], dingtalk: ['d1'] } },
    rates: { f1: { per_second: 1 } },
    settings: { queue: { failover_patience: 30 } },
  });
  rig.script('f1', (n) => (n === 1 ? fail('rate_limited', { retry_after: 2 }) : fail('invalid')));
  const tasks = await Promise.all(Array.from({ length: 8 }, (_, i) => rig.push('ops', 'failover', { title: `t${i}` })));
  await rig.finished(...tasks);
  for (const task of tasks) assert.deepEqual(told(task), ['f1 failed invalid', 'd1 success']);
  assert.ok(tasks.every((task) => task.results[0]!.digest_id !== undefined));
});

test('a throttled digest is taken apart and folded anew; no member is lost', async () => {
  const rig = createRig({ recipients: ONE });
  rig.script('f1', (n) => (n <= 2 ? fail('rate_limited', { retry_after: 10 }) : OK));
  const tasks = await Promise.all(Array.from({ length: 8 }, (_, i) => rig.push('ops', 'failover', { title: `t${i}` })));
  await rig.finished(...tasks);
  assert.ok(tasks.every((task) => task.outcome === 'success'));
});

test('parts of a long message leave together and in order', async () => {
  const rig = createRig({ recipients: ONE, rate: { per_second: 2 } });
  const long = await rig.push('ops', 'failover', { title: 'long', msg: 'x'.repeat(7000) });
  const short = await rig.push('ops', 'failover', { title: 'short' });
  await rig.finished(long, short);
  assert.deepEqual(
    rig.sent.map((s) => s.message.title),
    ['long (1/4)', 'long (2/4)', 'long (3/4)', 'long (4/4)', 'short'],
  );
  assert.equal(
    rig.sent
      .map((s) => s.message.body)
      .join('')
      .startsWith('x'.repeat(7000)),
    true,
  );
  assert.equal(long.results[0]!.attempts, 4);
});

test('a retry of a long message repeats only the parts not yet accepted', async () => {
  const rig = createRig({ recipients: ONE });
  rig.script('f1', (n) => (n === 2 ? fail('unavailable') : OK));
  const task = await rig.push('ops', 'failover', { title: 'long', msg: 'x'.repeat(3000) });
  await rig.finished(task);
  assert.deepEqual(
    rig.sent.map((s) => s.message.title),
    ['long (1/2)', 'long (2/2)', 'long (2/2)'],
  );
});

test('a message that backs off does not hold up its lane', async () => {
  const rig = createRig({ recipients: ONE, rate: { per_minute: 100 } });
  rig.script('f1', (n) => (n === 1 ? fail('unavailable') : OK));
  const first = await rig.push('ops', 'failover', { title: 'first' });
  const second = await rig.push('ops', 'failover', { title: 'second' });
  await rig.finished(first, second);
  assert.deepEqual(
    rig.sent.map((s) => s.message.title),
    ['first', 'second', 'first'],
  );
});

test('the same bot under two aliases is one lane, and the strictest limit holds', async () => {
  const rig = createRig({
    recipients: { a: { feishu: ['f1'] }, b: { feishu: ['f1'] } },
    settings: { digest: { enabled: false } },
    rate: { per_minute: 4 },
  });
  const tasks = await Promise.all(
    Array.from({ length: 8 }, (_, i) => rig.push(i % 2 ? 'a' : 'b', 'failover', { title: `t${i}` })),
  );
  await rig.finished(...tasks);
  assert.deepEqual(
    rig.sent.map((s) => s.at),
    [0, 0, 0, 0, 60_000, 60_000, 60_000, 60_000],
  );
});

test('blackholed bots share half of the slots once they have timed out, and another recipient is not held up', async () => {
  const bots = Array.from({ length: 20 }, (_, i) => `dead${i}`);
  const rig = createRig({ recipients: { dead: { feishu: bots }, live: { feishu: ['alive'] } } });
  for (const bot of bots) rig.script(bot, () => new Promise(() => {}));
  const first = await rig.push('dead', 'all');
  await rig.finished(first);
  await rig.push('dead', 'all');
  await rig.clock.advance(0);
  assert.equal(rig.sent.length, 30);
  const live = await rig.push('live', 'all');
  await rig.clock.advance(0);
  assert.equal(live.status, 'completed');
});

test('a caller that fills the buffer does not get the pushes of another recipient refused', async () => {
  const rig = createRig({
    recipients: { loud: { feishu: ['f1'] }, quiet: { dingtalk: ['d1'] } },
    buffer: 20,
    rates: { f1: { per_minute: 1 } },
  });
  const replies = await Promise.all(
    Array.from({ length: 30 }, () =>
      rig.service.push({ recipient_alias: 'loud', content: { title: 't', msg: 'm' } }, ''),
    ),
  );
  assert.equal(replies.filter((r) => r.kind === 'accepted').length, 18);
  assert.equal(replies.filter((r) => r.kind === 'busy').length, 12);
  const quiet = await rig.push('quiet', 'failover');
  await rig.clock.advance(0);
  assert.equal(quiet.status, 'completed');
});

test('a removed target ends invalid at the reload, and its plan goes on', async () => {
  const rig = createRig({
    recipients: { ops: { feishu: ['f1'], dingtalk: ['d1'] } },
    rates: { f1: { per_minute: 1 } },
  });
  await rig.push('ops', 'all');
  const task = await rig.push('ops', 'all');
  await rig.clock.advance(0);
  const old = rig.recipients.get('ops')!;
  rig.recipients.set('ops', { ...old, groups: old.groups.filter((group) => group.platform !== 'feishu') });
  rig.delivery.reload();
  await rig.finished(task);
  assert.deepEqual(told(task), ['f1 failed invalid', 'd1 success']);
  assert.equal(rig.clock.elapsed, 0);
});

test('draining ends what cannot be sent in time, each with its notice', async () => {
  const rig = createRig({ recipients: ONE, rate: { per_minute: 5 }, settings: { digest: { enabled: false } } });
  const tasks = await Promise.all(
    Array.from({ length: 12 }, (_, i) => rig.push('ops', 'failover', { title: `t${i}` })),
  );
  const { done } = rig.service.drain(10_000);
  const late = await rig.service.push({ recipient_alias: 'ops', content: { title: 't', msg: 'm' } }, '');
  assert.equal(late.kind, 'busy');
  await rig.clock.until(() => tasks.every((task) => task.completed_at !== undefined));
  await done;
  assert.equal(tasks.filter((task) => task.status === 'completed').length, 4);
  assert.equal(rig.raised.length, 8);
  assert.match(rig.raised[0]!.error!, /服务停止/);
});
