import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { BOTS, assertLawful, ends, orderOf, ordersTo, pushEach, pushUntilTaken, received, urgentTo } from './kit.ts';
import { pushAll } from './load.ts';
import type { PointName } from './point.ts';
import { clusterFor, postgresFor } from './postgres-kit.ts';
import { strike } from './strike.ts';
import { titleOf } from './titles.ts';

const postgres = await postgresFor();

/** Too long for anything here to come about by waiting for its end. */
const LONG_LEASE = 600;

void suite('replicas', { concurrency: 4, timeout: 120_000 }, () => {
  void test('kill -9 of a replica under load: the other one takes over, everything arrives, and no more is repeated than was in flight', async () => {
    const { world, takeOvers } = await clusterFor(postgres);
    const first = await world.start();
    // Four a second: it has them in hand when the other one comes.
    await pushEach(world, first, urgentTo('burst', 20));
    const second = await world.start();
    const load = pushAll(world, [first, second], [...ordersTo('dark', 10, 21), ...ordersTo('both', 20, 31)]);
    await strike(world, first, { kind: 'kill', on: 'accepted', nth: 20 }, load);
    await load;
    await world.bury(first);
    await assertLawful(world, second);
    assert.ok((await takeOvers.count()) > 0);
  });

  void test('kill -9 of a replica that has an answer and has not recorded it: it is sent once more, by the other one', async () => {
    const { world } = await clusterFor(postgres);
    const first = await world.start({ at: 'answered', nth: 1 });
    await pushEach(world, first, [orderOf(1, 'one')]);
    await world.bury(first);
    const second = await world.start();
    await assertLawful(world, second);
    assert.deepEqual(received(world, BOTS.wide), [titleOf(1), titleOf(1)]);
  });

  for (const [at, times] of [
    ['departing', 1],
    ['answered', 2],
  ] as const satisfies readonly (readonly [PointName, number])[])
    void test(`a replica frozen at "${at}" for longer than its lease, and resumed: it sends nothing and records nothing of what it has lost`, async () => {
      const { world, rows } = await clusterFor(postgres);
      const first = await world.start({ at, nth: 1, frozen: true });
      const [id] = await pushEach(world, first, [orderOf(1, 'one')]);
      const second = await world.start();
      await ends(world, second, [id!]);
      const stored = () => rows(`select * from pushserver.tasks natural join pushserver.attempts where id = '${id}'`);
      const before = await stored();
      first.signal('SIGCONT');
      // It takes what comes next, in the lane of what it has lost.
      second.signal('SIGTERM');
      await world.bury(second);
      const ids = await pushEach(world, first, ordersTo('one', 1, 2));
      await ends(world, first, ids);
      assert.deepEqual(await stored(), before);
      assert.deepEqual(received(world, BOTS.wide), [...Array<string>(times).fill(titleOf(1)), titleOf(2)]);
      await assertLawful(world, first);
    });

  void test('a replica frozen under load for longer than its lease, and resumed: everything ends once', async () => {
    const { world } = await clusterFor(postgres);
    const [first, second] = [await world.start(), await world.start()];
    const load = pushAll(world, [first, second], [...urgentTo('burst', 12), ...ordersTo('pair', 20, 13)]);
    await world.caller.accepted.reaches(20);
    first.signal('SIGSTOP');
    await load;
    await ends(
      world,
      second,
      world.caller.fates.flatMap(({ task_ids }) => [...task_ids]),
    );
    first.signal('SIGCONT');
    await pushUntilTaken(world, first, ordersTo('pair', 5, 33));
    await assertLawful(world, first, second);
  });

  void test('the limits of a bot hold across two replicas', async () => {
    const { world } = await clusterFor(postgres, { lease: LONG_LEASE });
    const servers = [await world.start(), await world.start()];
    await pushAll(world, servers, [...urgentTo('burst', 24), ...urgentTo('limited', 30, 25)]);
    await assertLawful(world, ...servers);
    assert.equal(received(world, BOTS.second).length, 24);
    assert.ok(received(world, BOTS.minute).length <= 10);
    for (const { url } of servers) {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      assert.match(metrics, /^pushserver_attempts_total\{.*\} [1-9]/m);
    }
  });

  void test('the same idempotency key sent to both replicas at once, and again after a crash of one: one task', async () => {
    const { world } = await clusterFor(postgres);
    const [first, second] = [await world.start(null), await world.start()];
    const orders = Array.from({ length: 10 }, (_, i) => orderOf(i + 1, 'one', { hasKey: true }));
    const everywhere = (...servers: (typeof first)[]) =>
      Promise.all(orders.flatMap((order) => servers.map((server) => world.caller.push(server, order))));
    const load = everywhere(first, second);
    await world.caller.accepted.reaches(5);
    first.signal('SIGKILL');
    await load;
    await world.bury(first);
    const third = await world.start();
    await everywhere(second, third);
    assert.deepEqual([...new Set(world.caller.fates.map(({ task_ids }) => task_ids.size))], [1]);
    await assertLawful(world, second, third);
    assert.equal(new Set(received(world, BOTS.wide)).size, 10);
  });

  void test('?wait is answered by the replica that does not have the task', async () => {
    const { world } = await clusterFor(postgres, { lease: LONG_LEASE });
    world.sandbox.fault({ platform: 'webhook', token: BOTS.wide.name, fault: 'slow:300' });
    const [first, second] = [await world.start(), await world.start()];
    const [id] = await pushEach(world, first, [orderOf(1, 'one')]);
    const reply = await fetch(`${second.url}/api/v1/task/${id}?wait=30`);
    const { data } = (await reply.json()) as { data: { status: string } };
    assert.equal(data.status, 'completed');
    await assertLawful(world, second);
  });

  void test('SIGTERM of a replica under load: it ends with 0, and its tasks go on at the other one at once', async () => {
    const { world, takeOvers } = await clusterFor(postgres, {
      lease: LONG_LEASE,
      changes: { server: { shutdown_timeout: 0.2 } },
    });
    const first = await world.start();
    await pushEach(world, first, urgentTo('burst', 20));
    const second = await world.start();
    const load = pushAll(world, [first, second], [...ordersTo('dark', 10, 21), ...ordersTo('both', 20, 31)]);
    await strike(world, first, { kind: 'terminate', on: 'accepted', nth: 20 }, load);
    await load;
    await world.bury(first);
    assert.equal(await first.ended, 0);
    await assertLawful(world, second);
    assert.ok((await takeOvers.count()) > 0);
  });

  void test('connections to the database that are half-open are noticed and replaced: work goes on by itself, and tasks keep their owners', async () => {
    const { world, relay, takeOvers } = await clusterFor(postgres, { withRelay: true });
    const first = await world.start();
    await pushEach(world, first, urgentTo('burst', 4));
    relay!.silence();
    await ends(world, first, await pushUntilTaken(world, first, urgentTo('burst', 4, 5)));
    // Who is there to take over whatever gives no sign of life.
    const second = await world.start();
    const before = await takeOvers.count();
    // They wait for their turns for longer than a lease.
    await ends(world, first, await pushEach(world, first, urgentTo('burst', 20, 9)));
    assert.equal(await takeOvers.count(), before);
    await assertLawful(world, first, second);
  });
});
