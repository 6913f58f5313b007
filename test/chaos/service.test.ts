import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOTS, assertLawful, ends, ordersTo, pushEach, received, worldFor } from './kit.ts';
import { pushAll } from './load.ts';
import { strike } from './strike.ts';

test('SIGTERM under load: it ends with 0, and what it has accepted is delivered by it or after the next start', async () => {
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

test('the configuration is reloaded under load: a target that is gone ends invalid, also after a crash, and plans go on', async () => {
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

test('a platform that reads requests and does not answer, and a crash meanwhile: failover moves on, or there is a notice', async () => {
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

for (const [name, hours] of [
  ['forward', 1],
  ['back', -1],
] as const)
  test(`the clock jumps an hour ${name}: what has more time than that is delivered, at the limit of its bot, before and after a crash`, async () => {
    const world = await worldFor({ changes: { queue: { deadline: 7200 } } });
    const first = await world.start(null);
    await pushEach(world, first, ordersTo('burst', 30));
    await world.record.arrived.reaches(4);
    await first.order(`jump ${hours * 3_600_000}`);
    await pushEach(world, first, ordersTo('burst', 30, 31));
    await world.record.arrived.reaches(8);
    first.signal('SIGKILL');
    await world.bury(first);
    // The next one has the time of the machine: the clock jumps back.
    const second = await world.start();
    const ids = world.caller.fates.flatMap(({ task_ids }) => [...task_ids]);
    const tasks = await ends(world, second, ids);
    assert.deepEqual(
      tasks.filter(({ status }) => status !== 'completed'),
      [],
    );
    await assertLawful(world, second);
  });
