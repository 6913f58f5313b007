import assert from 'node:assert/strict';
import { describe, suite, test } from 'node:test';
import { titleOf } from './titles.ts';
import { BOTS, assertLawful, ends, orderOf, ordersTo, pushEach, received, worldFor } from './kit.ts';
import { pushAll } from './load.ts';

void suite('kill -9 of a server on a file of SQLite', { concurrency: 3 }, () => {
  void test('kill -9 while accepting: a repeat under the same idempotency key is delivered once, what was stored anyhow', async () => {
    const world = await worldFor();
    const orders = (['storing', 'committing', 'accepted'] as const).map((at, i) => ({
      at,
      order: orderOf(i + 1, 'one', { hasKey: true }),
    }));
    const unanswered = orderOf(4, 'one');
    for (const { at, order } of [...orders, { at: 'accepted', order: unanswered } as const]) {
      const server = await world.start({ at, nth: 1 });
      assert.equal(await world.caller.push(server, order), 'cut');
      await world.bury(server);
    }
    const last = await world.start();
    for (const { order } of orders) await pushEach(world, last, [order, order]);
    await assertLawful(world, last);
    await world.record.arrived.reaches(4);
    // What was on its way when the next server died may have come twice; that it was so is a law, see laws.ts.
    assert.deepEqual([...new Set(received(world, BOTS.wide))].toSorted(), [1, 2, 3, 4].map(titleOf));
  });

  void describe('kill -9 while sending', () => {
    test('what had not left is sent once; what has no recorded answer once more, to the same target; of a long message the part in hand', async () => {
      const world = await worldFor();
      const [unsent, sent, long] = [orderOf(1, 'one'), orderOf(2, 'dark'), orderOf(3, 'long')];
      const first = await world.start({ at: 'leaving', nth: 1 });
      await pushEach(world, first, [unsent]);
      const { inFlight } = await world.bury(first);
      assert.deepEqual(
        inFlight.map(({ titles }) => titles),
        [[unsent.title]],
      );

      const second = await world.start({ at: 'answered', nth: 1, match: sent.title });
      await pushEach(world, second, [sent]);
      await world.bury(second);

      const third = await world.start({ at: 'answered', nth: 2, match: long.title });
      await pushEach(world, third, [long]);
      await world.bury(third);

      const last = await world.start();
      await assertLawful(world, last);
      assert.deepEqual(received(world, BOTS.wide), [unsent.title]);
      assert.deepEqual(received(world, BOTS.dark), [sent.title, sent.title]);
      assert.deepEqual(received(world, BOTS.last), []);
      const parts = Number(/\d+$/.exec(received(world, BOTS.narrow)[0]!)![0]);
      assert.ok(parts > 2);
      const all = Array.from({ length: parts }, (_, i) => `${long.title} ${i + 1}/${parts}`);
      assert.deepEqual(received(world, BOTS.narrow), [...all.slice(0, 2), ...all.slice(1)]);
    });

    test('on_unknown: report does not send it again: timeout, unknown, and the next target', async () => {
      const world = await worldFor({ changes: { delivery: { on_unknown: 'report' } } });
      const order = orderOf(1, 'dark');
      const first = await world.start({ at: 'answered', nth: 1 });
      const ids = await pushEach(world, first, [order]);
      await world.bury(first);
      const second = await world.start();
      const [task] = await ends(world, second, ids);
      assert.deepEqual(
        task!.results.map(({ webhook, status, reason }) => [webhook, status, reason]),
        [
          ['dark', 'timeout', 'unknown'],
          ['last', 'success', undefined],
        ],
      );
      await assertLawful(world, second);
      assert.deepEqual(received(world, BOTS.dark), [order.title]);
    });

    test('targets with a recorded outcome are not sent to again', async () => {
      const world = await worldFor();
      const [order, later] = [orderOf(1, 'both'), orderOf(2, 'one')];
      world.sandbox.fault({ platform: BOTS.aside.platform, token: BOTS.aside.name, fault: 'timeout' });
      const first = await world.start(null);
      const [id] = await pushEach(world, first, [order]);
      await Promise.all([world.record.arrived.reaches(1), world.record.struck.reaches(1)]);
      await world.reached(first, id!, BOTS.feishu.name);
      // What was known before this one is stored no later than it.
      await pushEach(world, first, [later]);
      first.signal('SIGKILL');
      const { inFlight } = await world.bury(first);
      assert.deepEqual(
        inFlight.filter(({ titles }) => titles.includes(order.title)).map(({ bot }) => bot),
        ['webhook/aside'],
      );
      const second = await world.start();
      await assertLawful(world, second);
      assert.deepEqual(received(world, BOTS.feishu), [order.title]);
      assert.deepEqual(received(world, BOTS.aside), [order.title]);
    });
  });

  void describe('kill -9 and digests', () => {
    test('a digest in flight is sent again as the same digest, also when the next server dies before that', async () => {
      const world = await worldFor();
      const orders = ordersTo('burst', 12);
      const first = await world.start({ at: 'answered', nth: 1, match: '合并通知' });
      await pushAll(world, first, orders);
      const { inFlight } = await world.bury(first);
      const cut = inFlight.find(({ titles }) => titles.length > 1)!;
      const second = await world.start({ at: 'departing', nth: 1 });
      await world.bury(second);
      const third = await world.start();
      await assertLawful(world, third);
      const digests = world.record.arrivals.filter(({ titles }) => titles.includes(cut.titles[0]!));
      assert.deepEqual(
        digests.map(({ titles }) => titles.toSorted()),
        [cut.titles.toSorted(), cut.titles.toSorted()],
      );
    });

    test('a digest in flight is sent again as one message, although fewer tasks may be in hand than it has members', async () => {
      const world = await worldFor();
      const first = await world.start({ at: 'answered', nth: 1, match: '合并通知' });
      await pushAll(world, first, ordersTo('burst', 12));
      await world.bury(first);
      world.configure({ queue: { buffer_size: 20 } });
      const second = await world.start();
      await assertLawful(world, second);
    });
  });

  void describe('kill -9 and notices', () => {
    test(
      'a terminal state and its notice are stored together: one notice, and the sinks at the next start',
      { timeout: 20_000 },
      async () => {
        const world = await worldFor();
        const first = await world.start({ at: 'noticed', nth: 1 });
        const ids = await pushEach(world, first, [orderOf(1, 'nobody')]);
        await world.bury(first);
        const second = await world.start();
        await assertLawful(world, second);
        assert.deepEqual(await world.notices(second), new Map([[ids[0], 1]]));
        await world.noticeFile();
      },
    );
  });

  void describe('kill -9 and rate limits', () => {
    test('windows are not forgotten', async () => {
      const world = await worldFor();
      for (let round = 0; round < 2; round++) {
        const server = await world.start();
        // All of a failover: what the limited bot does not take arrives elsewhere at once.
        const ids = await pushEach(world, server, ordersTo('limited', 10, 1 + round * 10));
        await ends(world, server, ids);
        server.signal('SIGKILL');
        await world.bury(server);
      }
      const last = await world.start();
      await assertLawful(world, last);
      const { length } = received(world, BOTS.minute);
      assert.ok(length > 5 && length <= 10, `${length} messages`);
    });
  });

  void test('tasks that wait in the store are sent, before and after a crash', async () => {
    const world = await worldFor({ changes: { queue: { buffer_size: 100 } } });
    const first = await world.start();
    await pushEach(world, first, ordersTo('burst', 40));
    await world.record.arrived.reaches(4);
    first.signal('SIGKILL');
    await world.bury(first);
    const second = await world.start();
    await pushEach(world, second, ordersTo('burst', 40, 41));
    await assertLawful(world, second);
  });

  void test('the same idempotency key during and after a crash: one task', async () => {
    const world = await worldFor();
    const order = orderOf(1, 'one', { hasKey: true });
    const first = await world.start({ at: 'answered', nth: 1 });
    await Promise.all([1, 2, 3].map(() => world.caller.push(first, order)));
    await world.bury(first);
    const second = await world.start();
    await Promise.all([1, 2, 3].map(() => world.caller.push(second, order)));
    assert.equal(world.caller.fateOf(order).task_ids.size, 1);
    await assertLawful(world, second);
  });
});
