import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import type { Postgres } from '../kit/postgres.ts';
import { BOTS, assertLawful, orderOf, ordersTo, pushEach, pushUntilTaken, received, urgentTo } from './kit.ts';
import { pushAll } from './load.ts';
import { clusterFor, postgresFor } from './postgres-kit.ts';
import { replicatedAtOnce } from './standby.ts';

const [postgres, other] = await Promise.all([postgresFor(), postgresFor()]);

/** Two replicas under load, to whose database this happens; then everything that was refused is pushed again. */
async function survives(database: Postgres, strike: () => Promise<void>): Promise<void> {
  const { world } = await clusterFor(database);
  const servers = [await world.start(), await world.start()];
  if (database === other) await replicatedAtOnce(database);
  const load = pushAll(world, servers, [...ordersTo('burst', 40), ...ordersTo('both', 40, 41)]);
  await world.caller.accepted.reaches(30);
  await strike();
  const again = await load;
  await Promise.all(servers.map((server) => world.ready(server)));
  await pushUntilTaken(world, servers[0]!, [...again, orderOf(81, 'one')]);
  await assertLawful(world, ...servers);
  assert.equal(received(world, BOTS.wide).length, 1);
}

async function silenced(): Promise<void> {
  const notifications = ['file', 'console'].map((type) => ({ type, name: type }));
  const { world } = await clusterFor(postgres, { changes: { system: { notifications } } });
  const [first, second] = [await world.start(), await world.start()];
  // Four a second: the others are still waiting when their time is over.
  await pushEach(world, first, urgentTo('burst', 20, 1, { expires_in: 3 }));
  const patient = await pushEach(world, first, urgentTo('burst', 4, 21));
  await world.record.arrived.reaches(1);
  const told = first.says(/已超过任务时限/);
  await postgres.stop();
  let n = 24;
  for (const server of [first, second]) while ((await world.caller.push(server, orderOf(++n, 'burst'))) !== 'refused');
  const { count } = world.record.arrived;
  await Promise.all([told, world.noticeFile()]);
  assert.equal(world.record.arrived.count, count);
  assert.equal((await fetch(`${first.url}/ready`)).status, 503);

  await postgres.start();
  const ended = await Promise.all(patient.map((id) => world.ended(second, id)));
  assert.deepEqual([...new Set(ended.map(({ status }) => status))], ['completed']);
  await Promise.all([first, second].map((server) => world.ready(server)));
  await pushUntilTaken(world, first, ordersTo('burst', 2, n + 1));
  await assertLawful(world, first, second);
}

void suite('outages of PostgreSQL', { concurrency: 2, timeout: 120_000 }, () => {
  void suite('one after the other', { concurrency: 1 }, () => {
    void test('PostgreSQL is restarted under load, and again by a crash: nothing is lost, and work goes on by itself', () =>
      survives(postgres, async () => {
        await postgres.restart('fast');
        await postgres.restart('immediate');
      }));
    void test(
      'PostgreSQL is unreachable: pushes get 503, no send begins, the last line writes to console and file; afterwards work goes on by itself',
      silenced,
    );
  });

  void test('PostgreSQL is killed under load, and a standby that has all of it is promoted in its place: nothing is lost', async () => {
    const standby = await other.createStandby();
    after(() => standby.close());
    await survives(other, async () => {
      await other.kill();
      await standby.promote(other.port);
    });
  });
});
