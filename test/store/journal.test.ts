import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import type { Task } from '../../src/model.ts';
import type { Held, Stored } from '../../src/store/journal-page.ts';
import { Journal } from '../../src/store/journal.ts';
import { type Batch, type Committed, UnclearError } from '../../src/store/sql/batch.ts';
import type { LimitRow } from '../../src/store/sql/rows.ts';
import type { Departure } from '../../src/store/store.ts';
import { createTestClock } from '../kit/clock.ts';
import { newClaim, newLimit, newNotice, newTask, sending } from './kit.ts';

/** Longer than the journal waits before it tries a store again that has failed. */
const PATIENCE = 5000;

const FINE: Committed = { claimed: [], moved: [], lost: [] };

/** A commit that is under way: the test says how it ends. */
interface Commit {
  readonly batch: Batch;
  succeed(more?: Partial<Committed>): Promise<void>;
  fail(error?: Error): Promise<void>;
}

function createJournal(limits: readonly LimitRow[] = []) {
  const clock = createTestClock();
  const under_way: Commit[] = [];
  const held = new Map<string, Held>();
  const lost: Task[] = [];
  const ended: Task[] = [];
  const changes: unknown[] = [];
  let started = 0;
  const journal = new Journal(
    {
      clock,
      now: () => clock.now(),
      epoch: 3,
      claim_age: () => 600,
      commit(batch) {
        started++;
        return new Promise((resolve, reject) => {
          under_way.push({
            batch: structuredClone(batch),
            async succeed(more) {
              resolve({ ...FINE, ...more });
              await turn();
            },
            async fail(error = new Error('disk full')) {
              reject(error);
              await turn();
            },
          });
        });
      },
      held: (id) => held.get(id),
      onLost: ({ task }) => {
        held.delete(task.id);
        lost.push(task);
      },
      onEnded: ({ task }) => {
        held.delete(task.id);
        ended.push(task);
      },
      onChange: (error) => changes.push(error),
    },
    limits,
  );

  return {
    journal,
    clock,
    lost,
    ended,
    changes,
    commits: () => started,
    /** The commit that is under way now; there is exactly one. */
    async commit(): Promise<Commit> {
      await turn();
      assert.equal(under_way.length, 1, 'one commit at a time');
      return under_way.pop()!;
    },
    async idle() {
      await turn();
      assert.equal(under_way.length, 0, 'nothing is to be written');
    },
    newTask: (more: Partial<Task> = {}) => newTask({ clock }, more),
    inHand(more: Partial<Task> = {}): Held {
      const one = { task: newTask({ clock }, { status: 'processing', ...more }), lease: 7 };
      held.set(one.task.id, one);
      return one;
    },
    /** The service has ended it; the end is still to be written. */
    end({ task }: Held) {
      task.status = 'failed';
      task.completed_at = clock.now();
    },
    departure: ({ task }: Held, counted: Departure['limits'] = []): Departure => ({
      leaves: [{ task, leaf: 0 }],
      limits: counted,
    }),
    /** How a promise has ended by now; undefined: not yet. */
    async state<T>(promise: Promise<T>): Promise<T | undefined> {
      let value: T | undefined;
      void promise.then((it) => (value = it));
      await turn();
      return value;
    },
  };
}

const idsIn = (batch: Batch) => batch.tasks.map(({ id }) => id);

test('a commit starts at once when none is running, and what comes meanwhile goes into the next one', async () => {
  const { journal, newTask: make, ...rig } = createJournal();
  const tasks = [make(), make(), make()];
  const [first, ...others] = tasks.map((task, n) => (n === 0 ? journal.insert(task, -1, undefined) : undefined));
  assert.ok(first && others.length === 2);
  const one = await rig.commit();
  const second = journal.insert(tasks[1]!, -1, undefined);
  const third = journal.insert(tasks[2]!, -1, undefined);
  assert.deepEqual(idsIn(one.batch), [tasks[0]!.id]);
  assert.equal(await rig.state(first), undefined, 'not before it is written');
  await one.succeed();
  assert.deepEqual(await first, { kind: 'stored' });
  const two = await rig.commit();
  assert.deepEqual(idsIn(two.batch), [tasks[1]!.id, tasks[2]!.id]);
  await two.succeed();
  assert.deepEqual(await Promise.all([second, third]), [{ kind: 'stored' }, { kind: 'stored' }]);
  await rig.idle();
});

test('what comes of one moment travels together', async () => {
  const { journal, newTask: make, ...rig } = createJournal();
  const tasks = Array.from({ length: 64 }, () => make());
  const stored = tasks.map((task) => journal.insert(task, -1, undefined));
  await (await rig.commit()).succeed();
  await Promise.all(stored);
  assert.equal(rig.commits(), 1);
});

test('whoever reacts at once to the end of a commit is not forgotten', async () => {
  const { journal, ...rig } = createJournal();
  const held = rig.inHand();
  const leave = journal.begin(rig.departure(held));
  // The first to hear of it: no turn of the event loop lies between.
  const reaction = leave.then(() => journal.task(held, true));
  await (await rig.commit()).succeed();
  await reaction;
  await (await rig.commit()).succeed();
  await rig.idle();
});

test('a commit has at most 500 rows of one kind', async () => {
  const { journal, newTask: make, ...rig } = createJournal();
  const stored = Array.from({ length: 1201 }, () => journal.insert(make(), -1, undefined));
  const helds = Array.from({ length: 700 }, () => rig.inHand());
  const left = helds.map((held) => journal.begin(rig.departure(held)));
  const sizes: number[][] = [];
  for (let n = 0; n < 3; n++) {
    const commit = await rig.commit();
    sizes.push([commit.batch.tasks.length, commit.batch.departures.length, commit.batch.updates.length]);
    await commit.succeed();
  }
  assert.deepEqual(sizes, [
    [500, 500, 500],
    [500, 200, 200],
    [201, 0, 0],
  ]);
  await Promise.all([...stored, ...left]);
  await rig.idle();
});

test('the same key twice goes to two commits, since the second has to see the first', async () => {
  const { journal, newTask: make, ...rig } = createJournal();
  const first = journal.insert(make(), -1, newClaim('k', 'a', 1));
  const other = journal.insert(make(), -1, newClaim('other'));
  const second = journal.insert(make(), -1, newClaim('k', 'a', 2));
  const one = await rig.commit();
  assert.deepEqual(
    one.batch.claims.map(({ key }) => key),
    ['k', 'other'],
  );
  assert.equal(one.batch.claims_since, one.batch.now - 600_000);
  await one.succeed();
  assert.deepEqual(await Promise.all([first, other]), [{ kind: 'stored' }, { kind: 'stored' }]);
  const two = await rig.commit();
  assert.equal(two.batch.claims.length, 1);
  const known = { key: 'k', fingerprint: 'a', answer: '1' };
  await two.succeed({ claimed: [known] });
  assert.deepEqual(await second, { kind: 'claimed', claim: known });
});

test('how far a task has come is told as it is when the commit starts', async () => {
  const { journal, ...rig } = createJournal();
  const held = rig.inHand();
  journal.task(held, true);
  const one = await rig.commit();
  held.task.results[0] = sending();
  journal.task(held, true);
  journal.task(held, true);
  await one.succeed();
  const two = await rig.commit();
  assert.deepEqual(
    two.batch.updates.map(({ id, lease, results }) => [id, lease, JSON.parse(results)]),
    [[held.task.id, 7, [sending(), null]]],
  );
  await two.succeed();
  await rig.idle();
});

test('an end is written when the commit that has it is, not one that started before', async () => {
  const { journal, clock, ...rig } = createJournal();
  const held = rig.inHand();
  journal.task(held, true);
  const before = await rig.commit();
  rig.end(held);
  const end = journal.end(held, newNotice({ clock }, { task_id: held.task.id }));
  await before.succeed();
  assert.equal(await rig.state(end.then(() => true)), undefined);
  assert.deepEqual(rig.ended, []);
  const with_it = await rig.commit();
  assert.deepEqual([with_it.batch.updates[0]?.status, with_it.batch.notices.length], ['failed', 1]);
  await with_it.succeed();
  await end;
  assert.deepEqual(rig.ended, [held.task]);
});

test('an end and its notice are in one commit, however many there are', async () => {
  const { journal, clock, ...rig } = createJournal();
  const helds = Array.from({ length: 1300 }, () => rig.inHand());
  // Every other one is only news of a task that goes on, or an end without a notice.
  const ends = helds.map(async (held, n) => {
    if (n % 3 === 0) return journal.task(held, true);
    rig.end(held);
    return journal.end(held, n % 3 === 1 ? newNotice({ clock }, { task_id: held.task.id }) : undefined);
  });
  const noticed = new Set(helds.filter((_held, n) => n % 3 === 1).map(({ task }) => task.id));
  for (let n = 0; n < 3; n++) {
    const commit = await rig.commit();
    const { batch } = commit;
    const due = batch.updates.filter(({ id }) => noticed.has(id)).map(({ id }) => id);
    const told = batch.notices.map(({ task_id }) => task_id);
    assert.deepEqual([told.length, told.filter((id) => !due.includes(id)).length], [due.length, 0]);
    await commit.succeed();
  }
  await Promise.all(ends);
});

test('a commit of unknown fate: who waits for it is told so, who comes later that nothing was stored', async () => {
  const { journal, newTask: make, ...rig } = createJournal();
  const first = journal.insert(make(), -1, undefined);
  const commit = await rig.commit();
  const second = journal.insert(make(), -1, undefined);
  await commit.fail(new UnclearError(new Error('connection reset')));
  assert.deepEqual(await first, { kind: 'unclear' });
  assert.deepEqual(await second, { kind: 'unavailable' });
  assert.equal(journal.available, false);
  assert.deepEqual(await journal.insert(make(), -1, undefined), { kind: 'unavailable' });
});

test('when a commit fails, everything but new tasks is kept, and tried again after a pause', async () => {
  const { journal, newTask: make, clock, ...rig } = createJournal();
  const held = rig.inHand();
  const bot = newLimit('bot', [1], 2);
  const insert = journal.insert(make(), -1, undefined);
  const leave = journal.begin(rig.departure(held, [bot]));
  journal.announced('notice');
  journal.count('accepted', 2);
  journal.attempt({ ...ATTEMPT, task_id: held.task.id });
  const shut = rig.inHand();
  rig.end(shut);
  const notice = newNotice({ clock }, { task_id: shut.task.id });
  const end = journal.end(shut, notice);
  const one = await rig.commit();
  const failure = new Error('disk full');
  await one.fail(failure);
  assert.deepEqual(await insert, { kind: 'unavailable' });
  assert.deepEqual(rig.changes, [failure]);
  await end;
  assert.deepEqual(rig.ended, [], 'it is not written yet');
  assert.equal(await rig.state(leave), undefined, 'nothing leaves meanwhile');
  await rig.idle();

  journal.count('accepted');
  bot.times = [1, 5];
  await clock.advance(PATIENCE);
  const again = await rig.commit();
  assert.equal(again.batch.tasks.length, 0);
  assert.deepEqual(again.batch.departures, [{ tasks: [held.task.id], limits: ['bot'], digest: undefined }]);
  assert.deepEqual(again.batch.updates.map(({ id }) => id).toSorted(), [held.task.id, shut.task.id].toSorted());
  assert.deepEqual(again.batch.limits, [{ key: 'bot', version: 0, times: '[1,5]', paused_until: 2 }]);
  assert.deepEqual(
    [again.batch.attempts.length, again.batch.announced, again.batch.notices.map(({ id }) => id)],
    [1, ['notice'], [notice.id]],
  );
  assert.deepEqual(
    again.batch.counts.map(({ epoch, what, count }) => [epoch, what, count]),
    [[3, 'accepted', 3]],
  );
  await again.succeed();
  assert.equal(await leave, 'go');
  assert.deepEqual(rig.ended, [shut.task]);
  assert.deepEqual(rig.changes, [failure, undefined]);
  assert.equal(journal.available, true);
  await rig.idle();
});

test('while the store is away it is asked again and again, and told of as away only once', async () => {
  const { journal, newTask: make, clock, ...rig } = createJournal();
  const insert = journal.insert(make(), -1, undefined);
  for (let n = 0; n < 4; n++) {
    await (await rig.commit()).fail();
    await rig.idle();
    await clock.advance(PATIENCE);
  }
  assert.deepEqual(await insert, { kind: 'unavailable' });
  assert.equal(rig.changes.length, 1);
  await (await rig.commit()).succeed();
  assert.equal(journal.available, true);
  await rig.idle();
});

test('while the store is away the end of a task is not waited for; it is written when the store is back', async () => {
  const { journal, newTask: make, clock, ...rig } = createJournal();
  const insert = journal.insert(make(), -1, undefined);
  await (await rig.commit()).fail();
  await insert;
  const held = rig.inHand();
  rig.end(held);
  await journal.end(held, newNotice({ clock }, { task_id: held.task.id }));
  assert.deepEqual(rig.ended, []);
  await clock.advance(PATIENCE);
  const commit = await rig.commit();
  assert.deepEqual([commit.batch.updates.length, commit.batch.notices.length], [1, 1]);
  await commit.succeed();
  assert.deepEqual(rig.ended, [held.task]);
});

test('one row that cannot be written does not block the others for ever', async () => {
  const { journal, clock, ...rig } = createJournal();
  const helds = Array.from({ length: 20 }, () => rig.inHand());
  const poison = helds[0]!.task.id;
  for (const held of helds) {
    rig.end(held);
    void journal.end(held, undefined);
  }
  for (let tries = 0; rig.ended.length < helds.length - 1 && tries < 60; tries++) {
    const commit = await rig.commit();
    if (commit.batch.updates.some(({ id }) => id === poison)) {
      await commit.fail();
      await clock.advance(PATIENCE);
    } else await commit.succeed();
  }
  assert.deepEqual(
    rig.ended.map(({ id }) => id).toSorted(),
    helds
      .slice(1)
      .map(({ task }) => task.id)
      .toSorted(),
  );
});

test('two departures of one task leave together or not at all: its lease was compared with neither', async () => {
  const { journal, ...rig } = createJournal([{ key: 'bot', version: 4, times: '[]', paused_until: 0 }]);
  const held = rig.inHand();
  const limited = journal.begin(rig.departure(held, [newLimit('bot', [100])]));
  const free = journal.begin(rig.departure(held, []));
  const commit = await rig.commit();
  await commit.succeed({ moved: [{ key: 'bot', version: 9, times: '[7]', paused_until: 0 }] });
  assert.deepEqual(await Promise.all([limited, free]), ['full', 'full']);
});

test('a bot that another process has used: nothing leaves, and what is known of it is brought up to date', async () => {
  const row = { key: 'bot', version: 4, times: '[]', paused_until: 0 };
  const { journal, ...rig } = createJournal([row]);
  const held = rig.inHand();
  const other = rig.inHand();
  const bot = newLimit('bot', [100]);
  const free = newLimit('free', [100]);
  const leave = journal.begin(rig.departure(held, [bot, free]));
  const go = journal.begin(rig.departure(other, [free]));
  const commit = await rig.commit();
  assert.deepEqual(
    commit.batch.limits.map(({ key, version }) => [key, version]),
    [
      ['bot', 4],
      ['free', 0],
    ],
  );
  // Judged by what was known before.
  const late = journal.begin(rig.departure(rig.inHand(), [bot]));
  await commit.succeed({ moved: [{ key: 'bot', version: 9, times: '[7,8]', paused_until: 50 }] });
  assert.deepEqual(await Promise.all([leave, go, late]), ['full', 'go', 'full']);
  assert.deepEqual(bot.adopted, [{ times: [7, 8], paused_until: 50 }]);

  // That it does not leave after all is still to be told.
  const after = await rig.commit();
  assert.ok(after.batch.updates.some(({ id }) => id === held.task.id));
  assert.deepEqual(after.batch.departures, []);
  await after.succeed();
  bot.times.push(9);
  const again = journal.begin(rig.departure(held, [bot, free]));
  const next = await rig.commit();
  assert.deepEqual(
    next.batch.limits.map(({ key, version, times }) => [key, version, times]),
    [
      ['bot', 9, '[7,8,9]'],
      ['free', 1, '[100]'],
    ],
  );
  await next.succeed();
  assert.equal(await again, 'go');
});

test('a pause that only this process knows of is told to the others, who had used the bot meanwhile', async () => {
  const { journal, ...rig } = createJournal();
  const bot = newLimit('bot', [], 900);
  journal.limit(bot);
  await (await rig.commit()).succeed({ moved: [{ key: 'bot', version: 5, times: '[3]', paused_until: 0 }] });
  const again = await rig.commit();
  assert.deepEqual(again.batch.limits, [{ key: 'bot', version: 5, times: '[3]', paused_until: 900 }]);
  await again.succeed();
  await rig.idle();
});

test('a task that is somebody else’s by now: nothing leaves, and its end here is nobody’s business', async () => {
  const { journal, ...rig } = createJournal();
  const gone = rig.inHand();
  const mine = rig.inHand();
  const digest = { id: 'd', members: [gone, mine].map(({ task }) => ({ task_id: task.id, leaf: 0 })) };
  const leaves = [gone, mine].map(({ task }) => ({ task, leaf: 0 }));
  const together = journal.begin({ leaves, limits: [], digest });
  const alone = journal.begin(rig.departure(mine));
  const commit = await rig.commit();
  assert.deepEqual(
    commit.batch.departures.map(({ digest: row }) => row && [row.id, JSON.parse(row.members)]),
    [['d', digest.members], undefined],
  );
  rig.end(gone);
  const end = journal.end(gone, undefined);
  await commit.succeed({ lost: [gone.task.id] });
  assert.deepEqual(await Promise.all([together, alone]), ['lost', 'go']);
  assert.deepEqual(rig.lost, [gone.task]);
  await end;
  assert.deepEqual(rig.ended, []);
  await rig.idle();
});

test('what is written when there is nothing better to do goes along, or last', async () => {
  const { journal, newTask: make, ...rig } = createJournal();
  const idle = rig.inHand();
  const soon = rig.inHand();
  journal.task(idle, false);
  journal.task(soon, true);
  const insert = journal.insert(make(), -1, undefined);
  const one = await rig.commit();
  assert.deepEqual(
    one.batch.updates.map(({ id }) => id),
    [soon.task.id],
  );
  await one.succeed();
  await insert;
  const two = await rig.commit();
  assert.deepEqual(
    two.batch.updates.map(({ id }) => id),
    [idle.task.id],
  );
  await two.succeed();
  await rig.idle();
});

test('closing writes everything, and takes nothing new', async () => {
  const { journal, newTask: make, ...rig } = createJournal();
  const insert = journal.insert(make(), -1, undefined);
  const one = await rig.commit();
  journal.count('accepted');
  const held = rig.inHand();
  journal.task(held, true);
  const waiting = journal.begin(rig.departure(rig.inHand()));
  const closed = journal.close();
  assert.equal(await waiting, 'lost');
  assert.equal(await journal.begin(rig.departure(held)), 'lost');
  assert.deepEqual(await journal.insert(make(), -1, undefined), { kind: 'unavailable' });
  await one.succeed();
  assert.deepEqual(await insert, { kind: 'stored' } satisfies Stored);
  const two = await rig.commit();
  assert.deepEqual([two.batch.updates.length, two.batch.counts.length], [1, 1]);
  assert.equal(await rig.state(closed.then(() => true)), undefined);
  await two.succeed();
  await closed;
});

test('closing does not wait for a store that has failed', async () => {
  const { journal, newTask: make, ...rig } = createJournal();
  const insert = journal.insert(make(), -1, undefined);
  const closed = journal.close();
  await (await rig.commit()).fail();
  assert.deepEqual(await insert, { kind: 'unavailable' });
  await closed;
});

test('closing while the journal waits for a store that has failed asks it once more', async () => {
  const { journal, newTask: make, clock, ...rig } = createJournal();
  const insert = journal.insert(make(), -1, undefined);
  await (await rig.commit()).fail();
  await insert;
  const held = rig.inHand();
  journal.task(held, true);
  const closed = journal.close();
  await clock.advance(PATIENCE);
  const last = await rig.commit();
  assert.equal(last.batch.updates.length, 1);
  await last.succeed();
  await closed;
});

const ATTEMPT = {
  lease: 7,
  leaf: 0,
  started_at: 0,
  ms: 1,
  part: 1,
  parts: 1,
  platform: 'feishu',
  target: 'f1',
  outcome: 'ok',
  code: null,
  message: null,
  timed_out: 0,
  digest_id: null,
};
