import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Notice, Task, TaskStatus } from '../../src/model.ts';
import { platformsOf } from '../../src/store/platforms.ts';
import type { TaskFilter } from '../../src/store/store.ts';
import {
  type Kind,
  type Settings,
  type World,
  accept,
  acceptAll,
  end,
  idsOf,
  newClaim,
  newLimit,
  newNotice,
  newTask,
  result,
  room,
  send,
  sending,
  written,
} from './kit.ts';

const DAY = 86_400_000;

/** What every store does, seen through its port. */
export function conformance(kind: Kind): void {
  const it = (what: string, body: (world: World) => Promise<void>, settings?: Partial<Settings>) =>
    void test(what, { timeout: 20_000 }, async (t) => body(await kind.open(t, settings)));

  // ---- tasks ---------------------------------------------------------------------------------------------------

  it('a task is there, and whole, as soon as it is accepted; an unknown one is not', async (world) => {
    const { store } = world;
    const task = newTask(world, {
      platform: 'feishu',
      strategy: 'platform',
      copies: [send(2, 'system', 'console')],
      results: [undefined, undefined, undefined],
      message: {
        title: `'; drop table tasks; --`,
        body: '一\n\t𝄞 "quoted" \\ %s $1 ?',
        level: 'info',
        style: 'card',
        format: 'text',
        fields: [{ name: 'a', value: '' }],
        mentions: { all: true, mobiles: [], ids: ['x'] },
      },
    });
    assert.equal((await store.insert(task)).kind, 'inserted');
    assert.deepEqual(await store.get(task.id), task);
    assert.deepEqual((await store.list({ limit: 9 })).tasks, [task]);
    assert.equal(await store.get(newTask(world).id), undefined);
  });

  it('a task in hand is always the same object', async (world) => {
    const task = await accept(world);
    task.status = 'processing';
    assert.equal(await world.store.get(task.id), task);
    assert.equal((await world.store.list({ limit: 1 })).tasks[0], task);
  });

  it('what is recorded is what is told, during a task and after it', async (world) => {
    const { store, clock } = world;
    const task = await accept(world);
    task.status = 'processing';
    store.record(task, 0, sending());
    await clock.advance(5);
    store.record(task, 0, result());
    assert.equal(task.updated_at, store.now());
    assert.deepEqual((await store.get(task.id))?.results, [result(), undefined]);
    await end(world, task, 'failed', newNotice(world, { task_id: task.id }));
    const told = await store.get(task.id);
    assert.deepEqual(told, task);
    assert.equal(told?.status, 'failed');
    assert.equal(told?.error, '全部失败');
    assert.equal(told?.outcome, 'failed');
    assert.equal(told?.completed_at, store.now());
    assert.deepEqual((await store.list({ limit: 9, status: 'failed' })).tasks, [told]);
  });

  it('an answer that comes after the end changes the result, not the status', async (world) => {
    const { store } = world;
    const task = await accept(world);
    store.record(task, 0, result({ status: 'timeout', reason: 'unknown' }));
    await end(world, task, 'failed');
    const completed_at = task.completed_at;
    store.record(task, 0, result({ late: true }));
    await written(store);
    const told = await store.get(task.id);
    assert.deepEqual(told?.results, [result({ late: true }), undefined]);
    assert.deepEqual([told?.status, told?.completed_at], ['failed', completed_at]);
    assert.deepEqual((await store.list({ limit: 9, status: 'failed' })).tasks.length, 1);
  });

  // ---- lists ---------------------------------------------------------------------------------------------------

  it('tasks are listed newest first, by page, by every combination of filters', async (world) => {
    const { store } = world;
    const all = await variety(world);
    for (const filter of filters()) {
      const expected = all.filter((task) => fits(task, filter)).toReversed();
      for (const limit of [7, 100]) {
        const pages = await pagesOf(world, { ...filter, limit });
        assert.deepEqual(idsOf(pages.flat()), idsOf(expected), JSON.stringify({ ...filter, limit }));
        assert.ok(pages.slice(0, -1).every((page) => page.length === limit));
        // A page that ends with the last task is the last page.
        assert.equal(pages.length, Math.max(1, Math.ceil(expected.length / limit)));
      }
    }
    assert.deepEqual(await store.list({ limit: 9, cursor: all[0]!.id }), { tasks: [] });
  });

  it('a task that waits for its turn in hand is listed under the status that it has', async (world) => {
    const { store } = world;
    const task = await accept(world);
    task.status = 'processing';
    store.record(task, 0, result({ status: 'processing', message: '', attempts: 0 }));
    await written(store);
    assert.deepEqual(idsOf((await store.list({ limit: 9, status: 'processing' })).tasks), [task.id]);
    assert.deepEqual((await store.list({ limit: 9, status: 'pending' })).tasks, []);
  });

  it('a list goes on where it was, whatever has come meanwhile', async (world) => {
    const tasks = await acceptAll(world, 4);
    const { tasks: page, next_cursor } = await world.store.list({ limit: 2 });
    await acceptAll(world, 2);
    const rest = await world.store.list({ limit: 9, cursor: next_cursor! });
    assert.deepEqual(idsOf([...page, ...rest.tasks]), idsOf(tasks).toReversed());
  });

  // ---- idempotency keys ----------------------------------------------------------------------------------------

  it('a key answers again, and refuses another request', async (world) => {
    const { store } = world;
    const claim = newClaim('k', 'a', { task_id: 'first', warnings: ['长'] });
    assert.equal(await store.claimed('k', 'a'), undefined);
    const task = await accept(world, {}, claim);
    assert.deepEqual(await store.claimed('k', 'a'), { kind: 'replayed', answer: claim.answer });
    assert.deepEqual(await store.claimed('k', 'b'), { kind: 'conflict' });
    assert.deepEqual(await store.insert(newTask(world), claim), { kind: 'replayed', answer: claim.answer });
    assert.deepEqual(await store.insert(newTask(world), newClaim('k', 'b')), { kind: 'conflict' });
    assert.deepEqual(idsOf((await store.list({ limit: 9 })).tasks), [task.id], 'nothing else was stored');
  });

  it('of several pushes with one key at the same moment one is stored', async (world) => {
    const { store } = world;
    const kinds = await Promise.all(
      ['a', 'a', 'b', 'a'].map(async (print, n) => {
        const inserted = await store.insert(newTask(world), newClaim('k', print, n), true);
        return inserted.kind === 'replayed' ? inserted : inserted.kind;
      }),
    );
    const again = { kind: 'replayed', answer: 0 };
    assert.deepEqual(kinds, ['inserted', again, 'conflict', again]);
    assert.equal((await store.list({ limit: 9 })).tasks.length, 1);
  });

  it('a key is free again after its age, but not while its task is unfinished', async (world) => {
    const { store, clock } = world;
    const task = await accept(world, {}, newClaim('k', 'a'));
    await clock.advance(601_000);
    assert.deepEqual(await store.claimed('k', 'a'), { kind: 'replayed', answer: { for: 'k' } });
    assert.deepEqual(await store.insert(newTask(world), newClaim('k', 'b')), { kind: 'conflict' });
    await end(world, task);
    assert.equal(await store.claimed('k', 'a'), undefined);
    await accept(world, {}, newClaim('k', 'b', 'new'));
    assert.deepEqual(await store.claimed('k', 'b'), { kind: 'replayed', answer: 'new' });
    assert.deepEqual(await store.claimed('k', 'a'), { kind: 'conflict' });
  });

  it(
    'keys above the bound go, oldest first, never those of unfinished tasks',
    async (world) => {
      const { store } = world;
      for (let i = 0; i < 5; i++) {
        const task = await accept(world, {}, newClaim(`k${i}`));
        if (i > 0) await end(world, task);
      }
      await store.sweep();
      const kept = await Promise.all([0, 1, 2, 3, 4].map((i) => store.claimed(`k${i}`, 'request')));
      const [open, oldest, , ...newest] = kept.map((claim) => claim !== undefined);
      // Whether the unfinished one takes the place of another is left to the store.
      assert.deepEqual([open, oldest, newest], [true, false, [true, true]]);
    },
    { idempotency: { max_age: 600, max_keys: 3 } },
  );

  // ---- notices -------------------------------------------------------------------------------------------------

  it('notices: newest first, by page and status; marked, counted, removed', async (world) => {
    const { store } = world;
    const notices: Notice[] = [];
    for (const type of ['error', 'info', 'error', 'warning'] as const) {
      notices.push(newNotice(world, { type }));
      await store.addNotice({ ...notices.at(-1)! });
      await world.clock.advance(1);
    }
    const [n0, n1, n2, n3] = notices as [Notice, Notice, Notice, Notice];
    assert.deepEqual(await store.getNotice(n1.id), n1);
    assert.equal(await store.getNotice('nobody'), undefined);
    assert.deepEqual(await store.listNotices({ limit: 2, offset: 1 }), { notices: [n2, n1], total: 4 });
    assert.deepEqual(await store.listNotices({ limit: 2, offset: 4 }), { notices: [], total: 4 });

    assert.equal(await store.markRead(n2.id), true);
    assert.equal(await store.markRead(n2.id), true, 'again, without harm');
    assert.equal(await store.markRead('nobody'), false);
    const read: Notice = { ...n2, status: 'read' };
    assert.deepEqual(await store.getNotice(n2.id), read);
    assert.deepEqual(await store.listNotices({ status: 'read', limit: 9, offset: 0 }), { notices: [read], total: 1 });
    assert.deepEqual(await store.listNotices({ status: 'unread', limit: 2, offset: 0 }), {
      notices: [n3, n1],
      total: 3,
    });
    assert.deepEqual(await store.noticeStatistics(), {
      total: 4,
      unread: 3,
      read: 1,
      by_type: { error: 2, warning: 1, info: 1 },
    });
    assert.equal(await store.markAllRead(), 3);
    assert.equal(await store.markAllRead(), 0);
    assert.equal(await store.removeNotice(n0.id), true);
    assert.equal(await store.removeNotice(n0.id), false);
    assert.equal(await store.clearNotices(), 3);
    assert.equal(await store.clearNotices(), 0);
    assert.deepEqual(await store.noticeStatistics(), {
      total: 0,
      unread: 0,
      read: 0,
      by_type: { error: 0, warning: 0, info: 0 },
    });
  });

  it('a task that fails has its notice at the same moment', async (world) => {
    const task = await accept(world);
    const notice = newNotice(world, { task_id: task.id });
    await end(world, task, 'failed', { ...notice });
    assert.deepEqual(await world.store.listNotices({ limit: 9, offset: 0 }), { notices: [notice], total: 1 });
  });

  it(
    'of the notices the newest are kept',
    async (world) => {
      const { store, clock } = world;
      const ids: string[] = [];
      for (let i = 0; i < 6; i++) {
        const notice = newNotice(world);
        ids.push(notice.id);
        await store.addNotice(notice);
        store.announced(notice.id);
        await clock.advance(1);
      }
      await written(store);
      await store.sweep();
      assert.deepEqual(idsOf((await store.listNotices({ limit: 9, offset: 0 })).notices), ids.slice(3).toReversed());
    },
    { system: { store_limit: 3 } },
  );

  // ---- statistics ----------------------------------------------------------------------------------------------

  it('each day has its counts, days without any too', async (world) => {
    const { store, clock } = world;
    const dateOf = (days: number) => new Date(store.now() - days * DAY).toISOString().slice(0, 10);
    const none = { accepted: 0, completed: 0, failed: 0, notices: 0, platforms: {} };
    const first = await accept(world, { results: [undefined, undefined, undefined] });
    store.record(first, 0, result());
    store.record(first, 1, result({ platform: 'email', status: 'timeout' }));
    store.record(first, 2, result({ platform: 'system', counts: false }));
    await end(world, first);
    await clock.advance(2 * DAY);
    const [second] = await acceptAll(world, 2);
    store.record(second!, 0, result({ status: 'failed' }));
    store.record(second!, 1, result({ status: 'failed' }));
    await end(world, second!, 'failed', newNotice(world));
    await written(store);
    assert.deepEqual(await store.statistics(4), [
      {
        ...none,
        date: dateOf(0),
        accepted: 2,
        failed: 1,
        notices: 1,
        platforms: { feishu: { success: 0, failed: 2 } },
      },
      { ...none, date: dateOf(1) },
      {
        ...none,
        date: dateOf(2),
        accepted: 1,
        completed: 1,
        platforms: { feishu: { success: 1, failed: 0 }, email: { success: 0, failed: 1 } },
      },
      { ...none, date: dateOf(3) },
    ]);
    assert.equal((await store.statistics(1))[0]?.accepted, 2);
  });

  it('what is refused because of its key is not counted as accepted', async (world) => {
    const { store } = world;
    await accept(world, {}, newClaim('k'));
    await store.insert(newTask(world), newClaim('k'));
    await written(store);
    assert.equal((await store.statistics(1))[0]?.accepted, 1);
  });

  // ---- retention -----------------------------------------------------------------------------------------------

  it('what has ended is removed after its age, however much it is; unfinished work and its keys never', async (world) => {
    const { store, clock } = world;
    const open = await accept(world, {}, newClaim('open'));
    const shut = await accept(world, {}, newClaim('shut'));
    const many = await acceptAll(world, 1100);
    await Promise.all([shut, ...many].map((task) => end(world, task)));
    await clock.advance(59_000);
    const young = await accept(world);
    await end(world, young);
    await store.sweep();
    assert.ok(await store.get(many[0]!.id), 'not yet');
    await clock.advance(2000);
    await store.sweep();
    assert.deepEqual(idsOf((await store.list({ limit: 99 })).tasks), [young.id, open.id]);
    assert.deepEqual(idsOf((await store.list({ limit: 99, platform: 'email' })).tasks), [young.id, open.id]);
    assert.equal((await store.claimed('shut', 'request'))?.kind, 'replayed', 'a key lives longer than its task');
    await clock.advance(DAY);
    await store.sweep();
    assert.deepEqual(idsOf((await store.list({ limit: 99 })).tasks), [open.id]);
    assert.equal((await store.claimed('open', 'request'))?.kind, 'replayed');
    assert.equal(await store.claimed('shut', 'request'), undefined);
  });

  it(
    'with an age of 0 tasks are kept for ever',
    async (world) => {
      const task = await accept(world);
      await end(world, task);
      await world.clock.advance(400 * DAY);
      await world.store.sweep();
      assert.ok(await world.store.get(task.id));
    },
    { task: { max_age: 0, store_limit: 100 } },
  );

  // ---- the audit -----------------------------------------------------------------------------------------------

  it('a task in hand is somebody’s, and one that has ended nobody’s business', async (world) => {
    const { store, clock } = world;
    const [open, shut] = (await acceptAll(world, 2)) as [Task, Task];
    await end(world, shut);
    await clock.advance(70_000);
    assert.deepEqual(await store.audit([open.id]), { unowned: [], overdue: [] });
  });

  it('a task more than a minute past its deadline is found, in hand or not', async (world) => {
    const { store, clock } = world;
    const late = await accept(world, { deadline: store.now() + 100_000 });
    const later = newTask(world, { deadline: store.now() + 100_000 });
    await store.insert(later);
    const ended = await accept(world, { deadline: store.now() + 100_000 });
    await end(world, ended);
    const held = [late.id, later.id];
    await clock.advance(150_000);
    assert.deepEqual((await store.audit(held)).overdue, []);
    await clock.advance(20_000);
    assert.deepEqual((await store.audit(held)).overdue.toSorted(), held.toSorted());
  });

  it('a task in hand is seized as it is; one that has ended cannot be', async (world) => {
    const { store } = world;
    const task = await accept(world);
    assert.equal(await store.seize(task.id), task);
    await end(world, task, 'failed');
    assert.equal(await store.seize(task.id), undefined);
    assert.equal(await store.seize(newTask(world).id), undefined);
  });

  // ---- departures ----------------------------------------------------------------------------------------------

  it('a request of a task in hand may leave, whatever is known of its bot', async (world) => {
    const { store } = world;
    const task = await accept(world);
    task.results[0] = sending();
    const leaves = [{ task, leaf: 0 }];
    assert.equal(store.limit('bot'), undefined);
    const bot = newLimit('bot', [store.now()]);
    assert.equal(await store.begin({ leaves, limits: [bot] }), 'go');
    bot.times.push(store.now());
    assert.equal(await store.begin({ leaves, limits: [bot] }), 'go');
    assert.deepEqual(bot.adopted, []);
    assert.equal(await store.digest('unknown'), undefined);
  });

  it('nothing waits that has been taken', async (world) => {
    await accept(world);
    assert.deepEqual(await world.store.take(room(10)), { tasks: [], more: false });
    assert.deepEqual(await world.store.unannounced(60_000), []);
  });
}

/** Tasks of every alias, platform and status, in every combination, in the order of their creation. */
async function variety(world: World): Promise<Task[]> {
  const tasks: Task[] = [];
  for (const status of ['completed', 'pending', 'failed', 'processing'] as const)
    for (const alias of ['a', 'b'])
      for (const way of WAYS) {
        const task = await accept(world, { alias, ...way, results: [undefined, undefined] });
        if (status === 'processing') {
          task.status = status;
          task.results[0] = sending();
          await world.store.begin({ leaves: [{ task, leaf: 0 }], limits: [] });
        } else if (status !== 'pending') await end(world, task, status);
        tasks.push(task);
      }
  return tasks;
}

/** How a task may have to do with a platform. */
const WAYS: readonly Partial<Task>[] = [
  { plan: { op: 'all', branches: [send(0, 'feishu', 'f1'), send(1, 'email', 'm1')] } },
  { plan: send(0, 'feishu', 'f1'), copies: [send(1, 'system', 'console')] },
  // Pushed by name to what nobody has.
  { plan: undefined, platform: 'sms', strategy: 'platform' },
];

function* filters(): Generator<Omit<TaskFilter, 'limit'>> {
  for (const status of [undefined, 'pending', 'processing', 'completed', 'failed'] as const)
    for (const alias of [undefined, 'a', 'nobody'])
      for (const platform of [undefined, 'feishu', 'email', 'system', 'sms', 'none'])
        yield {
          ...(status !== undefined && { status: status satisfies TaskStatus }),
          ...(alias !== undefined && { alias }),
          ...(platform !== undefined && { platform }),
        };
}

const fits = (task: Task, { status, alias, platform }: Omit<TaskFilter, 'limit'>): boolean =>
  (status === undefined || task.status === status) &&
  (alias === undefined || task.alias === alias) &&
  (platform === undefined || platformsOf(task).includes(platform));

async function pagesOf({ store }: World, filter: TaskFilter): Promise<Task[][]> {
  const pages: Task[][] = [];
  for (let cursor: string | undefined; ;) {
    const { tasks, next_cursor } = await store.list(cursor === undefined ? filter : { ...filter, cursor });
    pages.push(tasks);
    if (next_cursor === undefined) return pages;
    cursor = next_cursor;
  }
}
