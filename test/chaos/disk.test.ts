import assert from 'node:assert/strict';
import { truncateSync, writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { assertLawful, orderOf, ordersTo, pushEach, worldFor } from './kit.ts';
import { pushAll } from './load.ts';
import type { Server } from './server.ts';

async function readiness({ url }: Server): Promise<{ status: number; reasons: string[] }> {
  const reply = await fetch(`${url}/ready`);
  const { reasons } = (await reply.json()) as { reasons: string[] };
  return { status: reply.status, reasons };
}

void suite('the file of SQLite', { concurrency: 3 }, () => {
  void test('disk full: pushes get 503 and nothing is lost; when there is room again, work goes on by itself', async () => {
    const world = await worldFor();
    const server = await world.start(null);
    await pushEach(world, server, ordersTo('burst', 20));
    await server.order('full');
    let n = 20;
    while ((await world.caller.push(server, orderOf(++n, 'burst'))) !== 'refused');
    assert.deepEqual(await readiness(server), { status: 503, reasons: ['存储不可用'] });
    const available = server.says(/store_available/);
    await server.order('free');
    await available;
    await pushEach(world, server, ordersTo('burst', 20, n + 1));
    assert.deepEqual(await readiness(server), { status: 200, reasons: [] });
    await assertLawful(world, server);
  });

  void test('disk full, and killed: what was accepted is delivered after the restart, what was refused never', async () => {
    const world = await worldFor();
    const first = await world.start(null);
    await pushEach(world, first, ordersTo('burst', 20));
    await first.order('full');
    await pushAll(world, first, ordersTo('both', 100, 21));
    assert.ok(world.caller.refused.count > 0);
    first.signal('SIGKILL');
    await world.bury(first);
    const second = await world.start();
    await assertLawful(world, second);
  });

  void test('a damaged file, and one in use: the start is refused, with what to do, and the file stays as it is', async () => {
    const world = await worldFor();
    const file = join(world.folder, 'store.db');
    const first = await world.start();
    await assert.rejects(world.start(), /another process has this file open; stop it first/);
    await pushEach(world, first, ordersTo('one', 50));
    first.signal('SIGTERM');
    await world.bury(first);

    const whole = readFileSync(file);
    const damaged = Buffer.from(whole);
    damaged.fill(0xa5, 4096, 12_288);
    for (const bytes of [damaged, Buffer.from('no database at all'.repeat(99))]) {
      writeFileSync(file, bytes);
      truncateSync(file, bytes.length);
      await assert.rejects(world.start(), (error: Error) => {
        assert.match(error.message, /the file is damaged or no SQLite database.*To recover what can be read/s);
        return true;
      });
      assert.ok(readFileSync(file).equals(bytes));
    }
    writeFileSync(file, whole);
    await assertLawful(world, await world.start());
  });
});
