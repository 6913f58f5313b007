import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { BOTS, assertLawful, ends, ordersTo, pushEach, received, worldFor } from './kit.ts';
import { pushAll } from './load.ts';
import { strike } from './strike.ts';

void suite('a server on a file of SQLite', { concurrency: 3 }, () => {
  void test('SIGTERM under load: it ends with 0, and what it has accepted is delivered by it or after the next start', async () => {
    const world = await worldFor({ changes: { server: { shutdown_timeout: 0.2 } } });
    const first = await world.start();
    const load = pushAll(world, first, [...ordersTo('burst', 100), ...ordersTo('one', 100, 101)]);
    await strike(world, first, { kind: 'terminate', on: 'accepted', nth: 60 }, load);
    await load;
    await world.bury(first);
    assert.equal(await first.ended, 0);
    const second = await world.start();
    await assertLawful(world, second);
  });

  void test('the configuration is reloaded under load: a target that is gone ends invalid, also after a crash, and plans go on', async () => {
    const world = await worldFor();
    const first = await world.start();
    const load = pushAll(world, first, [...ordersTo('both', 60), ...ordersTo('burst', 60, 61)]);
    await strike(world, first, { kind: 'reload', nth: 40, kill: false, without: true }, load);
    await load;
    first.signal('SIGKILL');
    await world.bury(first);
    const second = await world.start();
    await assertLawful(world, second);
  });

  void test('a platform that reads requests and does not answer, and a crash meanwhile: failover moves on, or there is a notice', async () => {
    const world = await worldFor();
    world.sandbox.fault({ platform: 'webhook', token: BOTS.dark.name, fault: 'timeout', times: 10 });
    const first = await world.start();
    const ids = await pushEach(world, first, [...ordersTo('dark', 5), ...ordersTo('lonely', 5, 6)]);
    await world.record.struck.reaches(10);
    first.signal('SIGKILL');
    const { inFlight } = await world.bury(first);
    assert.equal(inFlight.length, 10);
    world.sandbox.fault({ platform: 'webhook', token: BOTS.dark.name, fault: 'timeout', times: 10 });
    const second = await world.start();
    const tasks = await ends(world, second, ids);
    assert.deepEqual([...new Set(tasks.slice(0, 5).map(({ outcome }) => outcome))], ['success']);
    assert.deepEqual([...new Set(tasks.slice(5).map(({ status }) => status))], ['failed']);
    assert.equal(received(world, BOTS.last).length, 5);
    await assertLawful(world, second);
  });

  void test('the clock jumps an hour, forward and back: what has more time than that is delivered, at the limit of its bot, before and after a crash', async () => {
    const world = await worldFor({ changes: { queue: { deadline: 7200 } } });
    for (const [n, hours] of [1, -1].entries()) {
      const server = await world.start(null);
      await pushEach(world, server, ordersTo('burst', 30, 1 + n * 60));
      await world.record.arrived.reaches(world.record.arrived.count + 2);
      await server.order(`jump ${hours * 3_600_000}`);
      await pushEach(world, server, ordersTo('burst', 30, 31 + n * 60));
      await world.record.arrived.reaches(world.record.arrived.count + 2);
      server.signal('SIGKILL');
      // The next one has the time of the machine: the clock jumps back.
      await world.bury(server);
    }
    const last = await world.start();
    const ids = world.caller.fates.flatMap(({ task_ids }) => [...task_ids]);
    const tasks = await ends(world, last, ids);
    assert.deepEqual(
      tasks.filter(({ status }) => status !== 'completed'),
      [],
    );
    await assertLawful(world, last);
  });
});
