import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Task } from '../../src/model.ts';
import {
  type Kind,
  LINE,
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
  sending,
  takeAll,
  written,
} from './kit.ts';

/** What outlives the process, in every store that does. */
export function durability(kind: Kind): void {
  const it = (what: string, body: (world: World) => Promise<void>, settings?: Partial<Settings>) =>
    void test(what, { timeout: 20_000 }, async (t) => body(await kind.open(t, settings)));

  // ---- restart and crash ---------------------------------------------------------------------------------------

  it('each start has a number of its own', async (world) => {
    const epochs = [world.store.epoch, (await world.reopen()).epoch, (await world.crashed()).epoch];
    assert.equal(new Set(epochs).size, 3);
  });

  it('unfinished tasks are taken again after a restart, with all that had happened; finished ones are not', async (world) => {
    const before = world.store;
    const tried = await accept(world);
    tried.status = 'processing';
    before.record(tried, 0, result({ refused: [{ recipient: '138****', message: '空号' }] }));
    before.record(tried, 1, sending({ accepted: 1, parts: 3, tries: 2, plain: true }));
    const shut = await accept(world);
    await end(world, shut, 'failed');
    const untried = newTask(world, { copies: [], results: [undefined, undefined] });
    await before.insert(untried);

    const store = await world.reopen();
    assert.deepEqual(await store.get(shut.id), shut);
    const taken = await takeAll(store);
    assert.deepEqual(taken, [tried, untried]);
    assert.equal(await store.get(tried.id), taken[0], 'now it is in hand');
    await end({ store }, taken[0]!);
    assert.equal((await store.get(tried.id))?.status, 'completed');
    assert.deepEqual(idsOf(await takeAll(await world.reopen())), [untried.id]);
  });

  it('what was acknowledged survives a crash', async (world) => {
    const { store } = world;
    const [out, shut] = (await acceptAll(world, 2)) as [Task, Task];
    const waiting = newTask(world);
    await store.insert(waiting, newClaim('k', 'a', 'answer'));
    out.results[0] = sending();
    const bot = newLimit('bot', [store.now()], store.now() + 60_000);
    assert.equal(await store.begin({ leaves: [{ task: out, leaf: 0 }], limits: [bot] }), 'go');
    const notice = newNotice(world, { task_id: shut.id });
    await end(world, shut, 'failed', notice);

    const heir = await world.crashed();
    assert.deepEqual(await heir.get(waiting.id), waiting);
    assert.deepEqual(await heir.get(out.id), out);
    assert.deepEqual(await heir.get(shut.id), shut);
    assert.deepEqual(await heir.getNotice(notice.id), notice);
    assert.deepEqual(await heir.claimed('k', 'a'), { kind: 'replayed', answer: 'answer' });
    assert.deepEqual(await heir.insert(newTask(world), newClaim('k', 'a')), { kind: 'replayed', answer: 'answer' });
    assert.deepEqual(heir.limit('bot'), bot.state(0));
    const [today] = await heir.statistics(1);
    assert.deepEqual([today?.accepted, today?.failed, today?.notices], [3, 1, 1]);
  });

  it('what is recorded last is written before it closes', async (world) => {
    const task = await accept(world);
    world.store.record(task, 0, result());
    const notice = newNotice(world);
    await world.store.addNotice(notice);
    world.store.announced(notice.id);
    const store = await world.reopen();
    assert.deepEqual((await store.get(task.id))?.results, [result(), undefined]);
    await world.clock.advance(120_000);
    assert.deepEqual(await store.unannounced(60_000), []);
  });

  it('a result that comes late is written too', async (world) => {
    const task = await accept(world);
    await end(world, task, 'failed');
    world.store.record(task, 0, result({ late: true }));
    const told = await (await world.reopen()).get(task.id);
    assert.deepEqual([told?.status, told?.results], ['failed', [result({ late: true }), undefined]]);
  });

  it('texts that a platform has made up are kept, whatever is in them', async (world) => {
    const odd = 'a\0b\ud800c😀\u2028';
    const task = await accept(world);
    world.store.record(task, 0, result({ status: 'failed', message: odd, code: odd }));
    world.store.attempted({
      ...attemptOf(task),
      outcome: { ok: false, kind: 'unavailable', message: odd, code: odd },
    });
    task.error = odd;
    task.status = 'failed';
    task.outcome = 'failed';
    task.completed_at = world.store.now();
    await world.store.finish(task, newNotice(world, { task_id: task.id, reason: odd }));
    const store = await world.reopen();
    const told = await store.get(task.id);
    assert.equal(told?.results[0]?.message, odd);
    assert.equal(told.error, 'ab�c😀\u2028');
    assert.equal((await store.listNotices({ limit: 1, offset: 0 })).notices[0]?.reason, 'ab�c😀\u2028');
    assert.deepEqual(await world.rows('select message, code from attempts'), [
      { message: 'ab�c😀\u2028', code: 'ab�c😀\u2028' },
    ]);
  });

  it('notices survive as they were; those no sink has had its turn with are told of when they are old enough', async (world) => {
    const { clock } = world;
    const told = newNotice(world);
    const untold = newNotice(world, { type: 'warning' });
    for (const notice of [told, untold]) await world.store.addNotice(notice);
    world.store.announced(told.id);
    await world.store.markRead(told.id);
    const store = await world.reopen();
    assert.deepEqual(await store.getNotice(told.id), { ...told, status: 'read' });
    assert.deepEqual(await store.unannounced(60_000), [], 'the process that raised it may still be at it');
    await clock.advance(70_000);
    assert.deepEqual(await store.unannounced(60_000), [untold]);
    store.announced(untold.id);
    await written(store);
    assert.deepEqual(await store.unannounced(60_000), []);
  });

  it(
    'a notice that no sink has had its turn with is never swept away',
    async (world) => {
      const untold = newNotice(world);
      await world.store.addNotice(untold);
      await world.clock.advance(1);
      for (let n = 0; n < 3; n++) {
        const notice = newNotice(world);
        await world.store.addNotice(notice);
        world.store.announced(notice.id);
      }
      await written(world.store);
      await world.store.sweep();
      assert.deepEqual(await world.store.getNotice(untold.id), untold);
      assert.ok((await world.store.listNotices({ limit: 9, offset: 0 })).total <= 2);
    },
    { system: { store_limit: 1 } },
  );

  it('counts add up over restarts', async (world) => {
    for (let n = 1; n <= 3; n++) {
      await end(world, await accept(world));
      const store = await world.reopen();
      const [today] = await store.statistics(1);
      assert.deepEqual([today?.accepted, today?.completed], [n, n]);
    }
  });

  it('a push is counted together with what is stored of it', async (world) => {
    await world.store.insert(newTask(world));
    assert.equal((await (await world.crashed()).statistics(1))[0]?.accepted, 1);
  });

  // ---- departures ----------------------------------------------------------------------------------------------

  it('that a request leaves is written before it may', async (world) => {
    const { store } = world;
    const [one, two] = (await acceptAll(world, 2)) as [Task, Task];
    one.results[0] = sending({ digest_id: 'd' });
    two.results[1] = sending({ digest_id: 'd' });
    const members = [
      { task_id: one.id, leaf: 0 },
      { task_id: two.id, leaf: 1 },
    ];
    const leaves = [
      { task: one, leaf: 0 },
      { task: two, leaf: 1 },
    ];
    assert.equal(await store.begin({ leaves, limits: [], digest: { id: 'd', members } }), 'go');
    const heir = await world.crashed();
    assert.deepEqual((await heir.get(one.id))?.results, [sending({ digest_id: 'd' }), undefined]);
    assert.deepEqual((await heir.get(two.id))?.results, [undefined, sending({ digest_id: 'd' })]);
    assert.deepEqual(await heir.digest('d'), { id: 'd', members });
    assert.deepEqual(await store.digest('d'), { id: 'd', members });
    assert.equal(await heir.digest('e'), undefined);
  });

  it('windows and pauses survive; whoever asks for them gets them as they were', async (world) => {
    const { store } = world;
    const task = await accept(world);
    const now = store.now();
    const used = newLimit('used', [now - 10, now]);
    assert.equal(await store.begin({ leaves: [{ task, leaf: 0 }], limits: [used] }), 'go');
    const shut = newLimit('shut', [], now + 600_000);
    store.paused(shut);
    const again = await world.reopen();
    assert.deepEqual(again.limit('used'), { times: [now - 10, now], paused_until: 0 });
    assert.deepEqual(again.limit('shut'), { times: [], paused_until: now + 600_000 });
    assert.equal(again.limit('other'), undefined);
    // And may be used on.
    const [mine] = await takeAll(again);
    const heir = newLimit('used', [now - 10, now, now + 1]);
    assert.equal(await again.begin({ leaves: [{ task: mine!, leaf: 0 }], limits: [heir] }), 'go');
    assert.deepEqual((await world.reopen()).limit('used')?.times, [now - 10, now, now + 1]);
  });

  it('each attempt has its row', async (world) => {
    const task = await accept(world);
    const attempt = attemptOf(task);
    world.store.attempted({ ...attempt, outcome: { ok: true }, digest_id: 'd' });
    world.store.attempted({
      ...attempt,
      part: 2,
      ms: 50.4,
      started_at: attempt.started_at + 0.7,
      outcome: { ok: false, kind: 'unknown', message: '没有回应', code: '19021' },
      timed_out: true,
    });
    await written(world.store);
    const row = {
      task_id: task.id,
      leaf: 0,
      started_at: attempt.started_at,
      parts: 2,
      platform: 'feishu',
      target: 'f1',
    };
    assert.deepEqual(await world.rows('select * from attempts order by part'), [
      { ...row, part: 1, ms: 40, outcome: 'ok', code: null, message: null, timed_out: 0, digest_id: 'd' },
      {
        ...row,
        part: 2,
        started_at: row.started_at + 1,
        ms: 50,
        outcome: 'unknown',
        code: '19021',
        message: '没有回应',
        timed_out: 1,
        digest_id: null,
      },
    ]);
  });

  it('no row outlives its task', async (world) => {
    const task = await accept(world);
    world.store.attempted({ ...attemptOf(task), outcome: { ok: true } });
    await end(world, task);
    await world.clock.advance(100_000);
    await world.store.sweep();
    for (const table of ['tasks', 'task_platforms', 'attempts'])
      assert.deepEqual(await world.rows(`select * from ${table}`), [], table);
  });

  // ---- what waits ----------------------------------------------------------------------------------------------

  it('what waits is taken in the order in which it came, as much as there is room for, the urgent first', async (world) => {
    const { store } = world;
    const calm = await wait(world, 5, { priority: 7 });
    const urgent = await wait(world, 2, { priority: 8 });
    const first = await store.take(room(3));
    assert.deepEqual(idsOf(first.tasks), [...urgent, calm[0]]);
    assert.equal(first.more, true);
    assert.deepEqual(idsOf((await store.take(room(2))).tasks), calm.slice(1, 3));
    assert.deepEqual((await store.take(room(0))).tasks, []);
    const last = await store.take(room(100));
    assert.deepEqual(idsOf(last.tasks), calm.slice(3));
    assert.deepEqual(await store.take(room(100)), { tasks: [], more: false });
  });

  it('a line that holds its share waits, and the others are served', async (world) => {
    const { store } = world;
    const long = await wait(world, 20, { line: 'long' });
    const short = await wait(world, 2, { line: 'short' });
    const taken = await store.take(room(20, 5, { long: 5 }));
    assert.deepEqual(idsOf(taken.tasks), short);
    const later = await store.take(room(20, 5, { long: 4, short: 2 }));
    assert.ok(later.tasks.length >= 1 && later.tasks.length <= 5);
    assert.deepEqual(idsOf(later.tasks), long.slice(0, later.tasks.length));
    assert.equal(later.more, true);
  });

  it('a long line does not keep the short ones waiting for its end', async (world) => {
    const { store } = world;
    await wait(world, 60, { line: 'long' });
    const short = [...(await wait(world, 1, { line: 'b' })), ...(await wait(world, 1, { line: 'c' }))];
    const held: Record<string, number> = {};
    const seen: string[] = [];
    // As the service does: with what each line holds by now.
    for (let free = 40; free > 0 && !short.every((id) => seen.includes(id));) {
      const { tasks } = await store.take(room(free, 10, held));
      assert.ok(tasks.length > 0 && tasks.length <= free, 'somebody is served');
      for (const { id, line } of tasks) {
        held[line] = (held[line] ?? 0) + 1;
        seen.push(id);
      }
      free -= tasks.length;
    }
    assert.ok(short.every((id) => seen.includes(id)));
    assert.ok(held['long']! <= 20, 'and the long one has little more than its share');
  });

  it('no task is taken twice, whatever comes between', async (world) => {
    const { store } = world;
    const seen: string[] = [];
    const stored: string[] = [];
    for (let n = 0; n < 12; n++) {
      stored.push(...(await wait(world, 4, { line: `line${n % 3}`, priority: n % 4 === 0 ? 9 : 2 })));
      const { tasks } = await store.take(room(3));
      seen.push(...idsOf(tasks));
      if (tasks[0]) await end(world, tasks[0]);
    }
    seen.push(...idsOf(await takeAll(store)));
    assert.deepEqual(seen.toSorted(), stored.toSorted());
  });

  it('a task that was seized to be ended is given to nobody else', async (world) => {
    const { store } = world;
    const [first, second] = await wait(world, 2);
    const seized = await store.seize(first!);
    assert.equal(seized?.id, first);
    assert.deepEqual(idsOf(await takeAll(store)), [second]);
    await end(world, seized!, 'failed', newNotice(world, { task_id: first! }));
    assert.equal((await store.get(first!))?.status, 'failed');
    assert.equal((await store.listNotices({ limit: 9, offset: 0 })).total, 1);
    assert.equal((await (await world.crashed()).get(first!))?.status, 'failed');
  });

  it('what waits is not without an owner', async (world) => {
    const { store, clock } = world;
    await wait(world, 3);
    await clock.advance(70_000);
    assert.deepEqual((await store.audit([])).unowned, []);
    const again = await world.reopen();
    const { tasks } = await again.take(room(1));
    assert.deepEqual((await again.audit(idsOf(tasks))).unowned, []);
  });

  it('what has been taken up again may be written by who takes it then', async (world) => {
    const { store } = world;
    const task = await accept(world);
    await world.clock.advance(70_000);
    await store.recover(task.id);
    assert.deepEqual((await store.audit([])).unowned, [], 'it waits again');
    const [again, ...others] = await takeAll(store);
    assert.ok(again);
    assert.deepEqual([again.id, others], [task.id, []]);
    assert.deepEqual(await world.rows('select taken_up from tasks'), [{ taken_up: 1 }]);
    again.results[0] = sending();
    assert.equal(await store.begin({ leaves: [{ task: again, leaf: 0 }], limits: [] }), 'go');
    await end(world, again);
    assert.equal((await (await world.crashed()).get(task.id))?.status, 'completed');
  });

  // ---- retention -----------------------------------------------------------------------------------------------

  it('retention goes in small steps: a push does not wait for its end', async (world) => {
    const { store, clock } = world;
    const many = await acceptAll(world, 3000);
    await Promise.all(many.map((task) => end(world, task)));
    await clock.advance(100_000);
    const order: string[] = [];
    await Promise.all([
      store.sweep().then(() => order.push('swept')),
      store.insert(newTask(world)).then(() => order.push('stored')),
    ]);
    assert.deepEqual(order, ['stored', 'swept']);
  });
}

/** Stores tasks that wait. Their ids. */
async function wait(world: World, count: number, more: Partial<Task> = {}): Promise<string[]> {
  const tasks = Array.from({ length: count }, () => newTask(world, { line: LINE, ...more }));
  for (const inserted of await Promise.all(tasks.map((task) => world.store.insert(task))))
    assert.deepEqual(inserted, { kind: 'inserted', held: false });
  return idsOf(tasks);
}

const attemptOf = (task: Task) => ({
  task,
  leaf: 0,
  platform: 'feishu',
  target: 'f1',
  part: 1,
  parts: 2,
  started_at: task.created_at,
  ms: 40,
  timed_out: false,
});
