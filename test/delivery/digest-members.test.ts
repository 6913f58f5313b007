import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome, Target } from '../../src/model.ts';
import { OK, createRig, fail, told } from '../kit/rig.ts';

/** Changes targets in place, as a reload would. */
function change(rig: ReturnType<typeof createRig>, alias: string, f: (t: Target) => Target): void {
  const old = rig.recipients.get(alias)!;
  rig.recipients.set(alias, { ...old, groups: old.groups.map((g) => ({ ...g, targets: g.targets.map(f) })) });
}

test('a digest whose second part is throttled does not send its first part again', async () => {
  const rig = createRig({
    recipients: { ops: { feishu: ['f1'] } },
    rate: { per_minute: 1000 },
    limits: { size: [{ of: 'text', max: 300, unit: 'chars' }] },
  });
  rig.script('f1', (n) => (n === 1 || n === 3 ? fail('rate_limited', { retry_after: 10 }) : OK));
  const tasks = await Promise.all(
    Array.from({ length: 8 }, (_, i) => rig.push('ops', 'failover', { title: `title-${i}-${'y'.repeat(40)}` })),
  );
  await rig.finished(...tasks);
  const accepted = rig.sent.filter((_, i) => i !== 0 && i !== 2);
  const text = accepted.map((s) => s.message.title + s.message.body).join('\n');
  for (let i = 0; i < 8; i++) assert.equal(text.split(`title-${i}-`).length - 1, 1, `title ${i}\n${text}`);
});

test('a digest of two aliases: when one alias loses its target the other one still gets its message', async () => {
  const rig = createRig({
    recipients: { a: { feishu: ['f1'] }, b: { feishu: ['f1'] } },
    rate: { per_second: 1 },
  });
  let n = 0;
  rig.script('f1', () => (++n === 2 ? fail('unavailable') : OK));
  await rig.push('b', 'failover');
  const as = await Promise.all([1, 2, 3, 4].map((i) => rig.push('a', 'failover', { title: `a${i}` })));
  const bs = await Promise.all([1, 2, 3, 4].map((i) => rig.push('b', 'failover', { title: `b${i}` })));
  await rig.clock.advance(1100); // the digest has failed once and backs off
  assert.equal(rig.sent.length, 2);
  change(rig, 'a', (t) => ({ ...t, enabled: false }));
  rig.delivery.reload();
  await rig.finished(...as, ...bs);
  assert.deepEqual(
    bs.map((t) => t.status),
    Array(4).fill('completed'),
    bs[0]!.error,
  );
});

test('a digest of two aliases: when one alias moves to another bot, the other alias is not sent there', async () => {
  const rig = createRig({
    recipients: { a: { feishu: ['f1'] }, b: { feishu: ['f1'] } },
    rate: { per_second: 1 },
  });
  let n = 0;
  rig.script('f1', () => (++n === 2 ? fail('unavailable') : OK));
  await rig.push('b', 'failover');
  const as = await Promise.all([1, 2, 3, 4].map((i) => rig.push('a', 'failover', { title: `a${i}!` })));
  const bs = await Promise.all([1, 2, 3, 4].map((i) => rig.push('b', 'failover', { title: `b${i}!` })));
  await rig.clock.advance(1100);
  change(rig, 'a', (t) => ({ ...t, lane: 'feishu:f9', config: { bot: 'f9' } }));
  rig.delivery.reload();
  await rig.finished(...as, ...bs);
  const to = (bot: string) =>
    rig.sent
      .filter((s) => s.bot === bot)
      .map((s) => s.message.title + s.message.body)
      .join('\n');
  assert.ok(!to('f9').includes('b1!'), `b's messages in a's new group:\n${to('f9')}`);
});

test('a member of a digest that backs off past its deadline: the result says what happened', async () => {
  const rig = createRig({
    recipients: { ops: { feishu: ['f1'] } },
    rate: { per_second: 1 },
    settings: { retry: { base_delay: 20 } },
  });
  let n = 0;
  rig.script('f1', () => (++n === 2 ? fail('unavailable') : OK));
  await rig.push('ops', 'failover');
  const tasks = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      rig.push('ops', 'failover', { title: `t${i}!`, expires_in: i === 3 ? 10 : 100 }),
    ),
  );
  await rig.finished(...tasks);
  await rig.clock.advance(1000);
  const arrived = rig.sent.some((s, i) => i !== 1 && (s.message.title + s.message.body).includes('t3!'));
  assert.equal(
    tasks[3]!.results[0]!.status === 'success',
    arrived,
    `arrived: ${arrived}, told: ${told(tasks[3]!).join()}`,
  );
});

test('late success of a digest carries its digest_id', async () => {
  const rig = createRig({
    recipients: { ops: { feishu: ['f1'] } },
    rate: { per_second: 1 },
    idempotent: true,
    settings: { retry: { base_delay: 20 } },
  });
  const late = Promise.withResolvers<Outcome>();
  let n = 0;
  rig.script('f1', () => (++n === 2 ? late.promise : OK));
  await rig.push('ops', 'failover');
  const tasks = await Promise.all(
    Array.from({ length: 8 }, (_, i) => rig.push('ops', 'failover', { title: `t${i}!` })),
  );
  await rig.clock.advance(11_500);
  late.resolve(OK);
  await rig.finished(...tasks);
  assert.equal(rig.sent.length, 2);
  for (const task of tasks) assert.ok(task.results[0]!.digest_id !== undefined, told(task).join());
});

test('a member of a digest that is no longer wanted does not go on when the digest is throttled', async () => {
  const rig = createRig({
    recipients: { ops: { feishu: ['f1'], dingtalk: ['d1'] }, solo: { dingtalk: ['d1'] } },
    rates: { d1: { per_second: 1 } },
    settings: { digest: { threshold: 2 }, queue: { failover_patience: 30 } },
  });
  const late = Promise.withResolvers<Outcome>();
  const digest = Promise.withResolvers<Outcome>();
  rig.script('f1', () => late.promise);
  rig.script('d1', (n) => (n === 1 ? fail('rate_limited', { retry_after: 12 }) : n === 2 ? digest.promise : OK));
  const task = await rig.push('ops', 'failover', { title: 'mine!' });
  await rig.clock.advance(5000);
  for (let i = 0; i < 5; i++) await rig.push('solo', 'failover', { title: `other ${i}` });
  await rig.clock.advance(13_000); // f1 has timed out; its successor d1 is part of the digest in flight
  const inDigest = rig.sent.at(-1)!.message;
  assert.match(inDigest.title + inDigest.body, /合并通知.*mine!/s);
  late.resolve(OK);
  await rig.clock.advance(100);
  digest.resolve(fail('rate_limited', { retry_after: 60 }));
  await rig.finished(task);
  await rig.clock.advance(100_000);
  const again = rig.sent.slice(rig.sent.findIndex((s) => s.message === inDigest) + 1);
  assert.ok(!again.some((s) => (s.message.title + s.message.body).includes('mine!')), 'f1 has been reached');
});

test('a member of a digest that is no longer wanted is left out when the digest is tried again', async () => {
  const rig = createRig({
    recipients: { ops: { feishu: ['f1'], dingtalk: ['d1'] }, solo: { dingtalk: ['d1'] } },
    rates: { d1: { per_second: 1 } },
    settings: { digest: { threshold: 2 }, queue: { failover_patience: 30 } },
  });
  const late = Promise.withResolvers<Outcome>();
  rig.script('f1', () => late.promise);
  rig.script('d1', (n) =>
    n === 1 ? fail('rate_limited', { retry_after: 12 }) : n === 2 ? fail('unavailable', { retry_after: 20 }) : OK,
  );
  const task = await rig.push('ops', 'failover', { title: 'mine!' });
  await rig.clock.advance(5000);
  for (let i = 0; i < 5; i++) await rig.push('solo', 'failover', { title: `other ${i}` });
  await rig.clock.advance(13_000); // the digest backs off
  const sent = rig.sent.length;
  assert.match(rig.sent.at(-1)!.message.body, /mine!/);
  late.resolve(OK);
  await rig.finished(task);
  await rig.clock.advance(100_000);
  assert.ok(
    !rig.sent.slice(sent).some((s) => (s.message.title + s.message.body).includes('mine!')),
    'f1 has been reached',
  );
});

test('late success of a digest whose members were taken apart and wait singly: nobody is sent twice', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'] } }, rate: { per_second: 1 }, idempotent: true });
  const late = Promise.withResolvers<Outcome>();
  rig.script('f1', (n) => (n === 2 ? late.promise : n === 3 ? fail('rate_limited', { retry_after: 30 }) : OK));
  await rig.push('ops', 'failover');
  const tasks = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      rig.push('ops', 'failover', { title: `t${i}!`, ...(i < 4 ? { expires_in: 15 } : {}) }),
    ),
  );
  await rig.clock.until(() => rig.sent.length === 3);
  await rig.clock.advance(6000); // four have expired: the rest waits singly
  late.resolve(OK);
  await rig.finished(...tasks);
  await rig.clock.advance(100_000);
  assert.equal(rig.sent.length, 3, rig.sent.map((s) => s.message.title).join());
});

test('what may have arrived is repeated under its own idempotency value, never inside a digest', async () => {
  const rig = createRig({
    recipients: { ops: { feishu: ['f1'] } },
    rate: { per_second: 1 },
    idempotent: true,
    settings: { digest: { threshold: 2 } },
  });
  rig.script('f1', (n) => (n === 1 ? fail('unknown') : n === 2 ? fail('rate_limited', { retry_after: 5 }) : OK));
  const tasks = await Promise.all(
    Array.from({ length: 6 }, (_, i) => rig.push('ops', 'failover', { title: `t${i}!` })),
  );
  await rig.finished(...tasks);
  const digests = rig.sent.filter((s) => s.message.title.startsWith('合并通知')).map((s) => s.message.body);
  assert.ok(
    digests.every((body) => !body.includes('t0!')),
    digests.join('\n'),
  );
});

test('a leaf that is sending again is reached late by its first attempt, and then refused: it stays reached', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1', 'f2'] }, solo: { feishu: ['f1'] } }, idempotent: true });
  const late = Promise.withResolvers<Outcome>();
  const again = Promise.withResolvers<Outcome>();
  rig.script('f1', (n) =>
    n === 1 ? late.promise : n === 2 ? fail('rate_limited', { retry_after: 5 }) : again.promise,
  );
  rig.script('f2', () => fail('rate_limited', { retry_after: 600 }));
  const task = await rig.push('ops', 'failover');
  await rig.clock.advance(10_500); // f1 has timed out and backs off
  await rig.push('solo', 'failover'); // pauses the lane of f1 for five seconds
  await rig.clock.advance(5500); // passed over, entered again, sent again
  late.resolve(OK);
  await rig.clock.advance(500);
  again.resolve(fail('invalid'));
  await rig.clock.advance(1_000_000);
  assert.deepEqual([task.status, ...told(task)].slice(0, 2), ['completed', 'f1 success']);
});

test('a digest that comes back for its retry to a paused lane: the plans of its members go on', async () => {
  const rig = createRig({
    recipients: { ops: { feishu: ['f1'], dingtalk: ['d1'] }, solo: { feishu: ['f1'] } },
    rates: { f1: { per_second: 1 } },
    settings: { queue: { failover_patience: 30 } },
  });
  rig.script('f1', (n) =>
    n === 1
      ? fail('rate_limited', { retry_after: 2 })
      : n === 2
        ? fail('unavailable', { retry_after: 10 })
        : fail('rate_limited', { retry_after: 3600 }),
  );
  const tasks = await Promise.all(Array.from({ length: 8 }, (_, i) => rig.push('ops', 'failover', { title: `t${i}` })));
  await rig.clock.advance(5000); // the digest has failed once, and backs off
  assert.equal(rig.sent.length, 2);
  await rig.push('solo', 'failover', { type: 'error' }); // pauses the lane for an hour
  await rig.finished(...tasks);
  for (const task of tasks) assert.equal(task.status, 'completed', task.error);
});

test('a digest waits for its text or its retry while a reload moves the bot: nobody is told that the target is gone', async () => {
  for (const idempotent of [false, true]) {
    const rig = createRig({
      recipients: { ops: { feishu: ['f1'] } },
      rates: { f1: { per_minute: 1 } },
      idempotent,
      settings: { digest: { threshold: 2 } },
    });
    rig.script('f1', (n) => (n !== 2 ? OK : idempotent ? fail('unknown') : fail('invalid', { as_text: true })));
    const tasks = await Promise.all(
      Array.from({ length: 6 }, (_, i) => rig.push('ops', 'all', { title: `t${i}`, style: 'card' })),
    );
    await rig.clock.advance(65_000);
    assert.equal(rig.sent.length, 2);
    const old = rig.recipients.get('ops')!;
    const groups = old.groups.map((g) => ({ ...g, targets: g.targets.map((t) => ({ ...t, lane: 'feishu:f9' })) }));
    rig.recipients.set('ops', { ...old, groups });
    rig.delivery.reload();
    await rig.finished(...tasks);
    const ends = new Set(tasks.slice(1).flatMap((task) => told(task)));
    assert.deepEqual(ends, new Set([idempotent ? 'f1 failed unknown' : 'f1 success']));
  }
});

test('a member whose time is over while its digest is out ends with the answer, whatever becomes of the others', async () => {
  const answers = [fail('unavailable', { retry_after: 30 }), fail('invalid', { as_text: true }), fail('rate_limited')];
  for (const answer of answers) {
    for (const unclear of [false, true]) {
      const rig = createRig({
        recipients: { ops: { feishu: ['f1'] } },
        rates: { f1: { per_minute: 1 } },
        idempotent: true,
        settings: { digest: { threshold: 2 } },
      });
      // The digest is sent at 60 s, and once more at 120 s if its first answer says nothing.
      rig.script('f1', (n) => {
        if (n === 1) return OK;
        if (unclear && n === 2) return fail('unknown');
        return new Promise((resolve) => rig.clock.after(8000, () => resolve(answer)));
      });
      const seconds = unclear ? 126 : 66;
      const tasks = await Promise.all(
        Array.from({ length: 6 }, (_, i) =>
          rig.push('ops', 'all', { title: `t${i}`, style: 'card', expires_in: i === 3 ? seconds : 140 }),
        ),
      );
      await rig.clock.advance(seconds * 1000 + 2000);
      assert.deepEqual(told(tasks[3]!), [`f1 failed ${answer.kind}`]);
      await rig.clock.advance(100_000);
      assert.equal(rig.service.stats().in_hand, 0);
    }
  }
});
