import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { Task } from '../../src/model.ts';
import { type Source, type Taken, createDurableStore } from '../../src/store/durable.ts';
import type { Batch, Committed } from '../../src/store/sql/batch.ts';
import type { Books } from '../../src/store/sql/books.ts';
import { rowOf } from '../../src/store/sql/task-row.ts';
import type { Audit } from '../../src/store/store.ts';
import { createTestClock } from '../kit/clock.ts';
import { accept, idsOf, newNotice, newTask, openFile, result, room, sending, takeAll } from './kit.ts';

const BOUND = { timeout: 20_000 };
const FINE: Committed = { claimed: [], moved: [], lost: [] };

/** A store over a scripted database. */
function scripted(commit: (batch: Batch) => Promise<Committed>, source: Partial<Source> = {}) {
  const clock = createTestClock();
  const batches: Batch[] = [];
  const lost: Task[] = [];
  let waiting: Taken[] = [];
  let told: Parameters<Source['listen']>[0] | undefined;
  const store = createDurableStore({
    clock,
    settings: () => ({
      task: { max_age: 60 },
      idempotency: { max_age: 60, max_keys: 10 },
      system: { store_limit: 10 },
    }),
    epoch: 1,
    limits: [],
    onChange() {},
    books: {
      commit(batch: Batch) {
        batches.push(structuredClone(batch));
        return commit(batch);
      },
      close: async () => {},
    } as unknown as Books,
    source: {
      shared: true,
      now: () => clock.now(),
      admit: () => ({ lease: 7 }),
      take: async () => ({ taken: waiting.splice(0), more: false }),
      listen: (listeners) => (told = listeners),
      audit: async (): Promise<Audit> => {
        return { unowned: [], overdue: [] };
      },
      recover: async () => {},
      seize: async () => undefined,
      every() {},
      release: async () => {},
      hold() {},
      drop() {},
      close: async () => {},
      ...source,
    },
  });
  store.listen({ onWaiting() {}, onLost: (task) => lost.push(task) });
  return {
    clock,
    store,
    batches,
    lost,
    wait: (...taken: Taken[]) => void (waiting = taken),
    lose: (...ids: string[]) => told!.onLost(ids),
    newTask: (more: Partial<Task> = {}) => newTask({ clock }, more),
  };
}

test('taken again by the same process: what it had in hand is somebody else’s, and sends nothing', BOUND, async () => {
  const rig = scripted(async () => FINE);
  const task = rig.newTask();
  await rig.store.insert(task, undefined, true);
  // Its lease has run out: the store was away, or the process was frozen. The same process is the first to take it.
  rig.wait({ row: rowOf(task, 8), lease: 8 });
  const [again] = (await rig.store.take(room(10))).tasks;
  assert.ok(again && again !== task);
  const old = await rig.store.begin({ leaves: [{ task, leaf: 0 }], limits: [] });
  assert.deepEqual([old, rig.lost], ['lost', [task]]);
});

test('and its end is not the end of the other, nor its notice', BOUND, async () => {
  const rig = scripted(async () => FINE);
  const task = rig.newTask();
  await rig.store.insert(task, undefined, true);
  rig.wait({ row: rowOf(task, 8), lease: 8 });
  const [again] = (await rig.store.take(room(10))).tasks;
  task.status = 'failed';
  task.completed_at = rig.clock.now();
  const old = rig.store.finish(task, newNotice(rig, { task_id: task.id }));
  again!.status = 'completed';
  again!.completed_at = rig.clock.now();
  const mine = rig.store.finish(again!, undefined);
  assert.equal(await mine, true);
  assert.deepEqual(
    rig.batches.flatMap(({ notices }) => notices),
    [],
  );
  assert.equal(await old, false);
});

test(
  'a digest one of whose tasks has been lost to the keep-alive while it waited to be recorded does not leave',
  BOUND,
  async () => {
    let release = () => {};
    let n = 0;
    const rig = scripted(async () => {
      if (++n === 3) await new Promise<void>((resolve) => (release = resolve));
      return FINE;
    });
    const [a, b] = [rig.newTask(), rig.newTask()];
    await rig.store.insert(a, undefined, true);
    await rig.store.insert(b, undefined, true);
    // A commit is under way.
    rig.store.record(b, 1, result());
    await turn();
    const leave = rig.store.begin({
      leaves: [a, b].map((task) => ({ task, leaf: 0 })),
      limits: [],
      digest: { id: 'D', members: [a, b].map(({ id }) => ({ task_id: id, leaf: 0 })) },
    });
    rig.lose(a.id);
    release();
    assert.equal(await leave, 'lost');
  },
);

test('ids that go back (the clock was set back, and a restart) are taken all the same', BOUND, async (t) => {
  const world = await openFile(t);
  const hour = 3600_000;
  const id = (ms: number, n: number) => {
    const time = ms.toString(16).padStart(12, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${String(n).padStart(12, '0')}`;
  };
  const at = world.clock.now();
  for (let n = 0; n < 3; n++) await world.store.insert(newTask(world, { id: id(at + hour, n) }));
  const store = await world.reopen();
  assert.equal((await store.take(room(2))).tasks.length, 2);
  const late = newTask(world, { id: id(at, 9) });
  assert.equal((await store.insert(late)).kind, 'inserted');
  const rest = idsOf(await takeAll(store));
  assert.ok(rest.includes(late.id), 'only the audit would find it');
});

test('a page of which one digest cannot be read is not lost to everybody', BOUND, async (t) => {
  const world = await openFile(t);
  const plain = await accept(world);
  const cut = await accept(world);
  world.store.record(cut, 0, sending({ digest_id: 'D' }));
  await world.store.begin({ leaves: [], limits: [] });
  await world.close();
  const file = new DatabaseSync(world.path);
  file.exec("insert into digests (id, members, created_at) values ('D', 'x', 0)");
  file.close();
  const again = await openFile(t, { path: world.path });
  const first = await again.store.take(room(10)).catch(() => ({ tasks: [] }));
  const rest = await again.store.take(room(10)).catch(() => ({ tasks: [] }));
  await again.clock.advance(120_000);
  const { unowned } = await again.store.audit([]);
  const found = [...idsOf(first.tasks), ...idsOf(rest.tasks), ...unowned.map(({ id }) => id)];
  assert.ok(found.includes(plain.id), 'neither taken, nor waiting, nor found by the audit');
});
