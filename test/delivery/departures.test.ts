import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Task } from '../../src/model.ts';
import type { Store } from '../../src/store/store.ts';
import { type Options, createDurableRig as durable, leftBehind } from '../kit/durable-rig.ts';
import { createRig } from '../kit/rig.ts';

const BOUND = { timeout: 10_000 };

const ONE: Options = { recipients: { ops: { feishu: ['f1'] } } };

test('a task whose deadline passed while nobody ran is not sent at the resume', BOUND, async () => {
  const start = Date.UTC(2026, 0, 1);
  const task = leftBehind('t', [undefined], { created_at: start - 7200_000, deadline: start - 3600_000 });
  const rig = durable(ONE, undefined, [task]);
  rig.service.resume();
  await rig.finished(task);
  assert.equal(rig.sent.length, 0);
  assert.equal(task.status, 'failed');
});

test('a take that is under way when the drain ends: nothing starts in a server that has stopped', BOUND, async () => {
  const task = leftBehind('t', [undefined]);
  const { promise, resolve } = Promise.withResolvers<{ tasks: Task[]; more: boolean }>();
  const rig = durable(ONE, undefined, [], [], { take: () => promise });
  rig.service.resume();
  await rig.clock.advance(0);
  let over = false;
  void rig.service.drain(2000).done.then(() => (over = true));
  await rig.clock.advance(0);
  const early = over;
  await rig.store.insert(task);
  resolve({ tasks: [task], more: false });
  await rig.clock.advance(5000);
  assert.deepEqual([early && rig.sent.length > 0, rig.sent.length], [false, 0]);
});

test('a push that is being stored when the time of the drain is over stays in the durable store', BOUND, async () => {
  const gate = Promise.withResolvers<void>();
  const rig = createRig({
    ...ONE,
    store: (memory): Partial<Store> => ({
      durable: true,
      begin: () => 'go',
      async take() {
        return { tasks: [], more: false };
      },
      listen() {},
      async insert(...args) {
        await gate.promise;
        return memory.insert(...args);
      },
    }),
  });
  const pushed = rig.push('ops', 'failover');
  await rig.clock.advance(0);
  const { done } = rig.service.drain(1000);
  await rig.clock.advance(1000);
  gate.resolve();
  const task = await pushed;
  await rig.clock.advance(0);
  await done;
  assert.deepEqual([task.completed_at, rig.raised.length], [undefined, 0]);
});

test('a store that is closing says lost: the delivery does not ask again and again', BOUND, async () => {
  let asked = 0;
  const rig = durable(ONE, () => {
    // What the journal says once it is closed; nobody is told.
    if (++asked > 1000) throw new Error('a hot loop');
    return 'lost';
  });
  await rig.push('ops', 'failover');
  await rig.clock.advance(1000);
  assert.ok(asked < 10, `asked ${asked} times`);
});

test('cut between the parts of a digest: the members lose nothing of their own text', BOUND, async () => {
  const options: Options = {
    ...ONE,
    rate: { per_second: 1 },
    limits: { size: [{ of: 'text', max: 300, unit: 'chars' }], title: { max: 100, unit: 'chars' } },
  };
  const first = durable(options);
  const title = (i: number) => `t${i}`.padEnd(60, '-');
  // Each is two parts by itself.
  const body = 'b'.repeat(290) + 'END';
  const tasks = await Promise.all(
    Array.from({ length: 9 }, (_, i) => first.push('ops', 'failover', { title: title(i), msg: body })),
  );
  let copy: Task[] = [];
  await first.clock.until(() => {
    const folded = first.departures.find(({ digest }) => digest)?.leaves[0]!.task;
    // The first of its parts has been accepted.
    if (folded?.completed_at !== undefined || folded?.results[0]!.trail?.sending !== false) return false;
    copy = structuredClone(tasks.filter((task) => task.completed_at === undefined));
    return true;
  });
  const digests = first.departures.flatMap(({ digest }) => digest ?? []);
  const rig = durable(
    { ...options, rate: 'off', clock: first.clock, settings: { digest: { enabled: false } } },
    undefined,
    copy,
    digests,
  );
  rig.service.resume();
  await rig.clock.advance(60_000);
  for (const task of copy) {
    assert.equal(task.outcome, 'success');
    if (task.results[0]!.digest_id !== undefined) continue;
    const mine = rig.sent.filter(({ message }) => message.title.includes(task.message.title.slice(0, 3)));
    const text = mine.map(({ message }) => message.body).join('');
    assert.equal(text.match(/b/g)?.length, 290, `${task.message.title}: ${mine.length} parts`);
  }
});
