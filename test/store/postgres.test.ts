import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { after, suite, test } from 'node:test';
import { Client } from 'pg';
import type { Task } from '../../src/model.ts';
import type { Store } from '../../src/store/store.ts';
import { startPostgres } from '../kit/postgres.ts';
import {
  type World,
  accept,
  acceptAll,
  end,
  idsOf,
  newClaim,
  newLimit,
  newNotice,
  newTask,
  openDatabase,
  postgres,
  result,
  room,
  sending,
  takeAll,
  written,
} from './kit.ts';

const server = await startPostgres({ settings: { fsync: 'off' } });
after(() => server.close());

const BOUND = { timeout: 30_000 };
const kind = postgres(server);

/** Seconds. */
const LEASE = 1;

/** So many processes on one database. */
async function replicas(t: Parameters<typeof kind.open>[0], count = 2, lease?: number): Promise<World[]> {
  const url = await kind.freshUrl();
  return Promise.all(Array.from({ length: count }, () => openDatabase(t, url, lease)));
}

void suite('PostgreSQL', { concurrency: 4 }, () => {
  // ---- opening ---------------------------------------------------------------------------------------------------

  void test('of several processes that start together on an empty database one makes the tables', BOUND, async (t) => {
    const url = await server.createDatabase('empty');
    const worlds = await Promise.all([1, 2, 3, 4].map(() => openDatabase(t, url)));
    assert.equal(new Set(worlds.map(({ store }) => store.epoch)).size, 4);
    const [first] = worlds;
    const applied = await first!.rows('select name, count(*) as times from kysely_migration group by name');
    assert.ok(applied.length > 0 && applied.every(({ times }) => times === 1));
    await accept(first!);
  });

  const badUrls: readonly [string, (url: URL) => void, RegExp][] = [
    ['a wrong password', (url) => (url.password = 'hunter2'), /user and password/],
    ['a user that is unknown', (url) => (url.username = 'nobody'), /user and password/],
    ['a database that is not there', (url) => (url.pathname = '/nowhere'), /create the database/],
    ['a port at which nothing listens', (url) => (url.port = '1'), /nothing listens/],
  ];
  for (const [what, change, words] of badUrls)
    void test(`${what} is told in words, and without the password`, BOUND, async (t) => {
      const url = new URL(server.url);
      change(url);
      await assert.rejects(openDatabase(t, url.href), (error: Error) => {
        assert.match(error.message, words);
        assert.match(error.message, /^store\.url: /);
        const { cause } = error;
        for (const text of [error.message, String(error.stack), String(cause)])
          assert.ok(!text.includes(url.password), 'no password');
        return true;
      });
    });

  // ---- several processes -----------------------------------------------------------------------------------------

  void test('any process answers for any task, whoever has it', BOUND, async (t) => {
    const [a, b] = (await replicas(t)) as [World, World];
    const task = await accept(a, {}, newClaim('k', 'a', 'answer'));
    task.status = 'processing';
    a.store.record(task, 0, result());
    await written(a.store);
    assert.deepEqual(await b.store.get(task.id), task);
    assert.deepEqual((await b.store.list({ limit: 9, status: 'processing' })).tasks, [task]);
    assert.deepEqual(await b.store.claimed('k', 'a'), { kind: 'replayed', answer: 'answer' });
    await end(a, task, 'failed', newNotice(a, { task_id: task.id }));
    assert.deepEqual(await b.store.get(task.id), task);
    assert.equal((await b.store.listNotices({ limit: 9, offset: 0 })).total, 1);
    assert.deepEqual(await b.store.statistics(2), await a.store.statistics(2));
  });

  void test('of pushes with one key to several processes at the same moment one is stored', BOUND, async (t) => {
    const worlds = await replicas(t, 3);
    for (let n = 0; n < 10; n++) {
      const kinds = await Promise.all(
        worlds.map(async (world) => (await world.store.insert(newTask(world), newClaim(`k${n}`))).kind),
      );
      assert.deepEqual(kinds.toSorted(), ['inserted', 'replayed', 'replayed']);
    }
    assert.equal((await worlds[0]!.store.list({ limit: 99 })).tasks.length, 10);
  });

  void test(
    'what several processes store at the same moment, with the same keys in any order, holds nobody up',
    BOUND,
    async (t) => {
      const worlds = await replicas(t, 3);
      const keys = Array.from({ length: 40 }, (_, n) => `k${n}`);
      const kinds = await Promise.all(
        worlds.flatMap((world, n) =>
          (n % 2 ? keys : keys.toReversed()).map(
            async (key) => (await world.store.insert(newTask(world), newClaim(key))).kind,
          ),
        ),
      );
      assert.equal(kinds.filter((one) => one === 'inserted').length, 40);
      assert.equal(kinds.filter((one) => one === 'replayed').length, 80);
    },
  );

  void test('no task is taken by two', BOUND, async (t) => {
    const worlds = await replicas(t, 3);
    const [first] = worlds;
    const stored = await Promise.all(
      Array.from({ length: 120 }, async () => {
        const task = newTask(first!);
        await first!.store.insert(task);
        return task.id;
      }),
    );
    const taken = await Promise.all(
      worlds.map(async ({ store }) => {
        const ids: string[] = [];
        for (let some = [''], tries = 0; some.length > 0 && tries < 100; tries++)
          ids.push(...(some = idsOf((await store.take(room(7))).tasks)));
        return ids;
      }),
    );
    taken.push(idsOf(await takeAll(first!.store)));
    assert.deepEqual(taken.flat().toSorted(), stored.toSorted());
  });

  void test('a process hears at once that another one has stored something', BOUND, async (t) => {
    const [a, b] = (await replicas(t)) as [World, World];
    const bell = new EventEmitter();
    const heard = () => once(bell, 'waiting', { signal: AbortSignal.timeout(BOUND.timeout) });
    let ready = heard();
    b.store.listen({ onWaiting: () => bell.emit('waiting'), onLost() {} });
    await ready; // It is connected.
    ready = heard();
    const task = newTask(a);
    await a.store.insert(task);
    await ready;
    assert.deepEqual(idsOf((await b.store.take(room(1))).tasks), [task.id]);
  });

  void test('a process that stops gives its tasks back, as far as they have come', BOUND, async (t) => {
    const [a, b] = (await replicas(t)) as [World, World];
    const task = await accept(a);
    task.status = 'processing';
    a.store.record(task, 0, result());
    a.store.record(task, 1, sending({ accepted: 2, parts: 3 }));
    assert.deepEqual((await b.store.take(room(9))).tasks, []);
    await a.close();
    assert.deepEqual(await takeAll(b.store), [task]);
  });

  void test(
    'a task whose process was silent for a lease is another one’s: the first may neither send nor write',
    BOUND,
    async (t) => {
      const [a, b] = (await replicas(t, 2, LEASE)) as [World, World];
      const lost: Task[] = [];
      const told = new EventEmitter();
      a.store.listen({
        onWaiting() {},
        onLost(task) {
          lost.push(task);
          told.emit('lost');
        },
      });
      const [sent, ended, beating] = (await acceptAll(a, 3)) as [Task, Task, Task];
      // Its clock stands still, and with it its signs of life.
      const mine = await takenOver(b.store, 3);
      assert.deepEqual([...mine.keys()].toSorted(), idsOf([sent, ended, beating]).toSorted());

      sent.results[0] = sending();
      assert.equal(await a.store.begin({ leaves: [{ task: sent, leaf: 0 }], limits: [] }), 'lost');
      assert.deepEqual(lost, [sent]);
      a.store.attempted({ ...attemptOf(ended), outcome: { ok: true } });
      await end(a, ended, 'failed', newNotice(a, { task_id: ended.id }));
      await written(a.store);
      assert.deepEqual(lost, [sent, ended]);
      const heard = once(told, 'lost', { signal: AbortSignal.timeout(BOUND.timeout) });
      await a.clock.advance(LEASE * 1000);
      await heard;
      assert.deepEqual(lost, [sent, ended, beating]);

      assert.deepEqual(await b.rows('select * from attempts'), []);
      assert.equal((await b.store.listNotices({ limit: 9, offset: 0 })).total, 0);
      for (const task of mine.values()) {
        assert.ok(!task.results.some(Boolean));
        task.results[0] = sending();
        assert.equal(await b.store.begin({ leaves: [{ task, leaf: 0 }], limits: [] }), 'go');
        await end(b, task);
      }
      assert.equal((await a.store.get(sent.id))?.status, 'completed');
      assert.equal((await a.store.statistics(1))[0]?.failed, 0, 'nor counts what it has not ended');
    },
  );

  void test('what a process was sending when it fell silent is known to the next one', BOUND, async (t) => {
    const [a, b] = (await replicas(t, 2, LEASE)) as [World, World];
    const task = await accept(a);
    task.results[1] = sending({ digest_id: 'd', tries: 1 });
    const members = [{ task_id: task.id, leaf: 1 }];
    const leaves = [{ task, leaf: 1 }];
    assert.equal(await a.store.begin({ leaves, limits: [], digest: { id: 'd', members } }), 'go');
    const mine = await takenOver(b.store, 1);
    assert.deepEqual(mine.get(task.id)?.results, task.results);
    assert.deepEqual(await b.store.digest('d'), { id: 'd', members });
  });

  void test(
    'a bot that another process has used: nothing leaves and nothing is written until it is counted',
    BOUND,
    async (t) => {
      const [a, b] = (await replicas(t)) as [World, World];
      const one = await accept(a);
      const two = await accept(b);
      const now = a.store.now();
      assert.equal(await a.store.begin({ leaves: [{ task: one, leaf: 0 }], limits: [newLimit('bot', [now])] }), 'go');

      const bot = newLimit('bot', [now + 1]);
      const leaves = [{ task: two, leaf: 0 }];
      const digest = { id: 'd', members: [{ task_id: two.id, leaf: 0 }] };
      two.results[0] = sending({ digest_id: 'd' });
      assert.equal(await b.store.begin({ leaves, limits: [bot, newLimit('own', [now])], digest }), 'full');
      two.results[0] = undefined;
      assert.deepEqual(bot.adopted, [{ times: [now], paused_until: 0 }]);
      await written(b.store);
      assert.deepEqual((await a.store.get(two.id))?.results, [undefined, undefined]);
      assert.equal(await a.store.digest('d'), undefined);

      bot.times.push(now + 1);
      two.results[0] = sending({ digest_id: 'd' });
      assert.equal(await b.store.begin({ leaves, limits: [bot], digest }), 'go');
      assert.deepEqual((await a.store.get(two.id))?.results[0], sending({ digest_id: 'd' }));
      assert.deepEqual(await a.store.digest('d'), digest);
    },
  );

  void test(
    'of several processes that use one bot at the same moment one goes, and all come to know of each other',
    BOUND,
    async (t) => {
      const worlds = await replicas(t, 3);
      const bots = worlds.map(() => newLimit('bot'));
      const tasks: Task[] = [];
      for (const world of worlds) tasks.push(await accept(world));
      const gone = new Set<number>();
      for (let round = 1; gone.size < worlds.length; round++) {
        assert.ok(round <= worlds.length, 'each round somebody goes');
        await Promise.all(
          worlds.map(async ({ store }, n) => {
            if (gone.has(n)) return;
            bots[n]!.times.push(store.now());
            const leave = await store.begin({ leaves: [{ task: tasks[n]!, leaf: 0 }], limits: [bots[n]!] });
            assert.notEqual(leave, 'lost');
            if (leave === 'go') gone.add(n);
          }),
        );
      }
      const stored = await worlds[0]!.rows(`select times from limits where key = 'bot'`);
      assert.equal((JSON.parse(String(stored[0]?.['times'])) as number[]).length, worlds.length);
    },
  );

  void test('a pause is known to a process that starts later', BOUND, async (t) => {
    const [a] = (await replicas(t, 1)) as [World];
    const until = a.store.now() + 600_000;
    a.store.paused(newLimit('bot', [], until));
    await written(a.store);
    assert.deepEqual((await a.crashed()).limit('bot'), { times: [], paused_until: until });
  });

  // ---- the audit -------------------------------------------------------------------------------------------------

  void test('a task without a lease is found by any process, and taken up again', BOUND, async (t) => {
    const [a, b] = (await replicas(t)) as [World, World];
    const task = await accept(a);
    const waiting = newTask(a);
    await a.store.insert(waiting);
    await b.clock.advance(70_000);
    assert.deepEqual((await b.store.audit([])).unowned, [], 'both are somebody’s');
    await a.rows(`delete from pushserver_jobs.job where name = 'tasks'`);
    const found = (await b.store.audit([])).unowned;
    assert.deepEqual(idsOf(found).toSorted(), idsOf([task, waiting]).toSorted());
    for (const { id } of found) await b.store.recover(id);
    assert.deepEqual((await b.store.audit([])).unowned, []);
    const again = await takeAll(b.store);
    assert.deepEqual(idsOf(again).toSorted(), idsOf([task, waiting]).toSorted());
    assert.equal(
      await a.store.begin({ leaves: [{ task, leaf: 0 }], limits: [] }),
      'lost',
      'who had it has it no longer',
    );
    await b.rows(`delete from pushserver_jobs.job where name = 'tasks'`);
    assert.deepEqual(
      (await b.store.audit([])).unowned.map(({ taken_up }) => taken_up),
      [1, 1],
    );
  });

  void test('a task is seized from whoever has it', BOUND, async (t) => {
    const [a, b] = (await replicas(t)) as [World, World];
    const task = await accept(a);
    const seized = await b.store.seize(task.id);
    assert.equal(seized?.id, task.id);
    assert.equal(await a.store.begin({ leaves: [{ task, leaf: 0 }], limits: [] }), 'lost');
    await end(b, seized, 'failed', newNotice(b, { task_id: task.id }));
    assert.equal((await a.store.get(task.id))?.status, 'failed');
    assert.deepEqual((await a.store.take(room(9))).tasks, []);
  });
});

void suite('PostgreSQL that fails', () => {
  // ---- a server that fails ---------------------------------------------------------------------------------------

  void test('a commit that is cut off: its fate is unclear, and the key tells', BOUND, async (t) => {
    const url = await kind.freshUrl();
    const a = await openDatabase(t, url);
    // A commit that waits for us.
    const holder = new Client({ connectionString: url, options: '-c search_path=pushserver' });
    await holder.connect();
    t.after(() => holder.end());
    await holder.query('select pg_advisory_lock(42)');
    await holder.query(`
    create function hold() returns trigger language plpgsql as $$ begin perform pg_advisory_lock_shared(42); return null; end $$;
    create constraint trigger hold after insert on tasks deferrable initially deferred for each row execute function hold();`);
    const insert = a.store.insert(newTask(a), newClaim('k'));
    let pid: unknown;
    while (pid === undefined)
      pid = (await holder.query(`select pid from pg_locks where locktype = 'advisory' and not granted`)).rows[0]?.pid;
    await server.query('select pg_terminate_backend($1)', [pid]);
    assert.deepEqual(await insert, { kind: 'unclear' });
    assert.equal(a.store.available, false);
    await holder.query('drop trigger hold on tasks');
    await back(a);
    const { kind: fate } = await a.store.insert(newTask(a), newClaim('k'));
    assert.ok(fate === 'inserted' || fate === 'replayed');
  });

  void test(
    'while the server is away pushes are refused and what is in hand is kept; then all goes on',
    BOUND,
    async (t) => {
      // No copy: of a copied sequence PostgreSQL forgets in a crash what was taken from it.
      const a = await openDatabase(t, await server.createDatabase('away'));
      const [open, shut] = (await acceptAll(a, 2)) as [Task, Task];
      await server.stop('immediate');
      const { kind: fate } = await a.store.insert(newTask(a));
      assert.ok(fate === 'unavailable' || fate === 'unclear');
      assert.deepEqual(await a.store.insert(newTask(a)), { kind: 'unavailable' });
      assert.equal(a.store.available, false);
      open.results[0] = sending();
      const leave = Promise.resolve(a.store.begin({ leaves: [{ task: open, leaf: 0 }], limits: [] }));
      const notice = newNotice(a, { task_id: shut.id });
      await end(a, shut, 'failed', notice);
      assert.equal(await a.store.get(open.id), open);
      await server.start();
      await back(a);
      assert.equal(await leave, 'go');
      const heir = await a.crashed();
      assert.equal((await heir.get(shut.id))?.status, 'failed');
      assert.deepEqual(await heir.getNotice(notice.id), notice);
      assert.deepEqual((await heir.get(open.id))?.results[0], sending());
    },
  );
});

/** Resolves when the store is available again. */
async function back({ store, clock }: World): Promise<void> {
  const until = performance.now() + BOUND.timeout;
  while (!store.available) {
    assert.ok(performance.now() < until, 'the store is back in time');
    await clock.advance(1000);
  }
}

/** Takes until as many are taken. It is the database's clock that runs. */
async function takenOver(store: Store, count: number): Promise<Map<string, Task>> {
  const taken = new Map<string, Task>();
  const until = performance.now() + BOUND.timeout;
  while (taken.size < count) {
    assert.ok(performance.now() < until, 'they are taken over in time');
    for (const task of (await store.take(room(100))).tasks) taken.set(task.id, task);
  }
  return taken;
}

const attemptOf = (task: Task) => ({
  task,
  leaf: 0,
  platform: 'feishu',
  target: 'f1',
  part: 1,
  parts: 1,
  started_at: task.created_at,
  ms: 40,
  timed_out: false,
});
