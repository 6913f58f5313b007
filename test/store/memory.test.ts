import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Notice, Task } from '../../src/model.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { createTestClock } from '../kit/clock.ts';

function createStore(limits: { tasks?: number; keys?: number; notices?: number } = {}) {
  const clock = createTestClock();
  const store = createMemoryStore(clock, () => ({
    task: { max_age: 60, store_limit: limits.tasks ?? 100 },
    idempotency: { max_age: 600, max_keys: limits.keys ?? 100 },
    system: { store_limit: limits.notices ?? 100 },
  }));
  let made = 0;
  const task = (more: Partial<Task> = {}): Task => ({
    id: `task-${String(made++).padStart(6, '0')}`,
    alias: 'ops',
    recipient: 'ops',
    strategy: 'all',
    message: { title: 't', body: 'b', level: 'info', style: 'text', format: 'text' },
    priority: 2,
    plan: undefined,
    copies: [],
    line: 'ops_alert/feishu/feishu#1',
    created_at: clock.now(),
    deadline: clock.now() + 1000,
    updated_at: clock.now(),
    status: 'pending',
    results: [],
    ...more,
  });
  const finish = async (t: Task) => {
    t.completed_at = clock.now();
    t.status = 'completed';
    await store.finish(t, undefined);
  };
  return { clock, store, task, finish };
}

test('a key answers again, refuses another request, and is forgotten after its age', async () => {
  const { clock, store, task, finish } = createStore();
  const first = task();
  const claim = { key: 'k', fingerprint: 'a', answer: { task_id: first.id } };
  assert.deepEqual(await store.insert(first, claim), { kind: 'inserted', held: true });
  assert.deepEqual(await store.insert(task(), claim), { kind: 'replayed', answer: claim.answer });
  assert.deepEqual(await store.claimed('k', 'b'), { kind: 'conflict' });
  await clock.advance(601_000);
  assert.deepEqual(await store.claimed('k', 'a'), { kind: 'replayed', answer: claim.answer }, 'the task is unfinished');
  await finish(first);
  assert.equal(await store.claimed('k', 'a'), undefined);
});

test('keys above the bound go oldest first, never those of unfinished tasks', async () => {
  const { store, task, finish } = createStore({ keys: 2 });
  const tasks = [task(), task(), task(), task()];
  for (const [i, t] of tasks.entries()) {
    await store.insert(t, { key: `k${i}`, fingerprint: 'a', answer: i });
    if (i > 0) await finish(t);
  }
  const kept = await Promise.all(tasks.map((_, i) => store.claimed(`k${i}`, 'a')));
  assert.deepEqual(
    kept.map((claim) => claim !== undefined),
    [true, false, false, true],
  );
});

test('finished tasks are kept up to the bound and the age; unfinished ones always', async () => {
  const { clock, store, task, finish } = createStore({ tasks: 3 });
  const open = task();
  await store.insert(open);
  const done = Array.from({ length: 5 }, () => task());
  for (const t of done) {
    await store.insert(t);
    await finish(t);
  }
  assert.equal(await store.get(done[0]!.id), undefined);
  assert.ok(await store.get(done[2]!.id));
  await clock.advance(61_000);
  await store.sweep();
  assert.equal(await store.get(done[4]!.id), undefined);
  assert.ok(await store.get(open.id));
});

test('tasks are listed newest first, by page, and by filter', async () => {
  const { store, task, finish } = createStore();
  const tasks = Array.from({ length: 7 }, (_, i) => task({ alias: i % 2 ? 'odd' : 'even' }));
  for (const t of tasks) await store.insert(t);
  await finish(tasks[6]!);
  const ids = (list: readonly Task[]) => list.map((t) => tasks.indexOf(t));
  const first = await store.list({ limit: 3 });
  assert.deepEqual(ids(first.tasks), [6, 5, 4]);
  const second = await store.list({ limit: 3, cursor: first.next_cursor! });
  assert.deepEqual(ids(second.tasks), [3, 2, 1]);
  const third = await store.list({ limit: 3, cursor: second.next_cursor! });
  assert.deepEqual([ids(third.tasks), third.next_cursor], [[0], undefined]);
  assert.deepEqual(ids((await store.list({ limit: 9, alias: 'odd' })).tasks), [5, 3, 1]);
  assert.deepEqual(ids((await store.list({ limit: 9, status: 'completed' })).tasks), [6]);
});

test('notices: newest first, bounded, marked, counted, removed', async () => {
  const { store } = createStore({ notices: 3 });
  for (let i = 0; i < 5; i++) {
    const notice = { id: `n${i}`, type: i % 2 ? 'error' : 'info', status: 'unread' } as Notice;
    await store.addNotice(notice);
  }
  assert.equal(await store.getNotice('n1'), undefined);
  assert.deepEqual(
    (await store.listNotices({ limit: 2, offset: 1 })).notices.map((n) => n.id),
    ['n3', 'n2'],
  );
  assert.equal(await store.markRead('n3'), true);
  assert.equal(await store.markRead('nope'), false);
  assert.equal((await store.listNotices({ status: 'unread', limit: 9, offset: 0 })).total, 2);
  assert.deepEqual(await store.noticeStatistics(), {
    total: 3,
    unread: 2,
    read: 1,
    by_type: { error: 1, warning: 0, info: 2 },
  });
  assert.equal(await store.markAllRead(), 2);
  assert.equal(await store.removeNotice('n3'), true);
  assert.equal(await store.clearNotices(), 2);
});
