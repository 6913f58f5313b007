import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OK, createRig, fail, told } from '../kit/rig.ts';

const ONE = { ops: { feishu: ['f1'] } };
const MALFORMED = fail('invalid', { as_text: true, code: '230099' });
const CHARS_100 = { size: [{ of: 'text', max: 100, unit: 'chars' as const }] };

const looks = (rig: ReturnType<typeof createRig>) => rig.sent.map(({ message }) => `${message.style} ${message.title}`);

test('the second of three cards is refused: it and the third go as text, the first is not repeated', async () => {
  const rig = createRig({ recipients: ONE, limits: CHARS_100 });
  rig.script('f1', (n) => (n === 2 ? MALFORMED : OK));
  const parts: string[] = [];
  rig.events.on('attempted', ({ part, parts: of }) => parts.push(`${part}/${of}`));
  const msg = Array.from({ length: 250 }, (_, i) => 'abcdefghij'[i % 10]).join('');
  const task = await rig.push('ops', 'all', { style: 'card', msg });
  await rig.finished(task);
  assert.deepEqual(looks(rig), ['card t (1/3)', 'card t (2/3)', 'text t (2/3)', 'text t (3/3)']);
  assert.equal(
    rig.sent
      .filter((_, i) => i !== 1)
      .map(({ message }) => message.body)
      .join(''),
    msg,
  );
  assert.deepEqual(parts, ['1/3', '2/3', '2/3', '3/3']);
  assert.equal(task.outcome, 'success');
  assert.equal(task.results[0]!.attempts, 4);
});

test('the text that takes its place is throttled: the pause is kept, and it stays text', async () => {
  const rig = createRig({ recipients: ONE });
  rig.script('f1', (n) => [MALFORMED, fail('rate_limited', { retry_after: 30 }), fail('unavailable'), OK][n - 1]!);
  const task = await rig.push('ops', 'all', { style: 'card' });
  await rig.finished(task);
  assert.deepEqual(looks(rig), ['card t', 'text t', 'text t', 'text t']);
  assert.equal(rig.sent[2]!.at - rig.sent[1]!.at, 30_000);
  assert.equal(task.results[0]!.attempts, 3);
});

test('the text that takes its place is throttled for longer than there is time: it fails at once', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'], dingtalk: ['d1'] } } });
  rig.script('f1', (n) => (n === 1 ? MALFORMED : fail('rate_limited', { retry_after: 3000, code: '11232' })));
  const task = await rig.push('ops', 'failover', { style: 'card', expires_in: 60 });
  await rig.clock.advance(0);
  assert.deepEqual(told(task), ['f1 failed rate_limited', 'd1 success']);
  const [result] = task.results;
  assert.equal(result!.attempts, 1);
  assert.equal(result!.code, '11232');
  assert.equal(result!.paused_until, rig.clock.now() + 3_000_000);
});

test('the deadline passes while the text waits for its slot: it is not sent', async () => {
  const rig = createRig({ recipients: ONE, rate: { per_minute: 1 } });
  rig.script('f1', () => MALFORMED);
  const task = await rig.push('ops', 'all', { style: 'card', expires_in: 30 });
  await rig.finished(task);
  await rig.clock.advance(600_000);
  assert.equal(rig.sent.length, 1);
  assert.equal(task.results[0]!.code, '230099');
  assert.equal(task.results[0]!.attempts, 1);
});

test('a digest that is refused as a card goes as text, once, for all its members', async () => {
  const rig = createRig({ recipients: ONE, rate: { per_second: 1 }, settings: { digest: { threshold: 2 } } });
  rig.script('f1', (n) => (n === 2 ? MALFORMED : OK));
  const tasks = await Promise.all(
    Array.from({ length: 6 }, (_, i) => rig.push('ops', 'all', { title: `t${i}`, style: 'card' })),
  );
  await rig.finished(...tasks);
  assert.deepEqual(looks(rig), ['card t0', 'card 合并通知：5 条消息', 'text 合并通知：5 条消息']);
  const members = tasks.slice(1).map(({ results }) => results[0]!);
  assert.deepEqual(new Set(members.map(({ status, attempts }) => `${status} ${attempts}`)), new Set(['success 2']));
  assert.equal(new Set(members.map(({ digest_id }) => digest_id)).size, 1);
});

test('a member whose time runs out while its digest waits to go as text does not go with it', async () => {
  const rig = createRig({ recipients: ONE, rate: { per_minute: 1 }, settings: { digest: { threshold: 2 } } });
  rig.script('f1', (n) => (n === 2 ? MALFORMED : OK));
  const tasks = await Promise.all(
    Array.from({ length: 6 }, (_, i) =>
      rig.push('ops', 'all', { title: `t${i}`, style: 'card', expires_in: i === 3 ? 90 : 600 }),
    ),
  );
  await rig.clock.advance(119_000);
  assert.equal(tasks[3]!.status, 'failed');
  await rig.clock.advance(2000);
  const last = rig.sent.at(-1)!.message;
  assert.equal(last.style, 'text');
  assert.match(last.body, /t2[^]*t4/);
  assert.doesNotMatch(last.body, /t3/);
  assert.match(tasks[3]!.results[0]!.message, /^已超过任务时限/);
  assert.equal(tasks[3]!.results[0]!.attempts, 1);
  assert.ok(tasks.every((task, i) => i === 3 || task.outcome === 'success'));
});

test('a member whose time runs out between two parts of its digest is told that it has arrived', async () => {
  const rig = createRig({
    recipients: ONE,
    rate: { per_minute: 1 },
    limits: CHARS_100,
    settings: { digest: { threshold: 2 } },
  });
  const tasks = await Promise.all(
    Array.from({ length: 6 }, (_, i) =>
      rig.push('ops', 'all', { title: `${i}`.repeat(25), expires_in: i === 3 ? 90 : 600 }),
    ),
  );
  await rig.clock.advance(119_000);
  assert.equal(tasks[3]!.status, 'failed');
  await rig.finished(...tasks);
  assert.ok(rig.sent.some(({ message }) => message.body.includes('3'.repeat(25))));
  assert.deepEqual(told(tasks[3]!), ['f1 success']);
  assert.equal(tasks[3]!.results[0]!.late, true);
  assert.equal(tasks[3]!.status, 'failed');
});

test('what is refused as a card and would be the same as text is not sent again', async () => {
  const rig = createRig({ recipients: ONE });
  rig.script('f1', () => MALFORMED);
  const task = await rig.push('ops', 'all', { style: 'text' });
  await rig.finished(task);
  assert.deepEqual(looks(rig), ['text t']);
  assert.deepEqual(told(task), ['f1 failed invalid']);
});

test('the text that takes its place is another message, and its repeats are one', async () => {
  const rig = createRig({ recipients: ONE, idempotent: true });
  const ids: string[] = [];
  rig.script('f1', (n, io) => {
    ids.push(io.id);
    return [MALFORMED, fail('unknown'), OK][n - 1]!;
  });
  await rig.finished(await rig.push('ops', 'all', { style: 'card' }));
  assert.equal(ids.length, 3);
  assert.notEqual(ids[0], ids[1]);
  assert.equal(ids[1], ids[2]);
});
