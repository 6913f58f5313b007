import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { accept, acceptAll, end, idsOf, newNotice, newTask, openFile, sending, takeAll } from './kit.ts';

const BOUND = { timeout: 20_000 };

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'pushserver-sqlite-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

void suite('SQLite', { concurrency: 4 }, () => {
  void test('the file, and the log beside it, are their owner’s alone; folders are made', BOUND, async (t) => {
    const path = join(folder(t), 'data/deep/push.db');
    const world = await openFile(t, { path });
    await accept(world);
    assert.deepEqual([modeOf(path), modeOf(`${path}-wal`)], ['600', '600']);
    await world.close();
    chmodSync(path, 0o644);
    await accept(await openFile(t, { path }));
    assert.equal(modeOf(path), '600', 'also of a file that was open to all');
  });

  void test(
    'another process that opens the same file is told why it may not, and disturbs nobody',
    BOUND,
    async (t) => {
      const world = await openFile(t);
      const script = `
    const { openSqliteStore } = await import(${JSON.stringify(new URL('../../src/store/sqlite/store.ts', import.meta.url))});
    const clock = { now: () => 0, monotonic: () => 0, after: () => () => {} };
    const opened = openSqliteStore({ path: ${JSON.stringify(world.path)}, clock, settings: () => {}, onChange() {} });
    console.log(await opened.then(() => 'opened', (error) => error.message));`;
      const file = join(folder(t), 'other.mjs');
      writeFileSync(file, script);
      const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: BOUND.timeout });
      assert.match(stdout, /another process has this file open/);
      assert.ok(stdout.includes(world.path));
      await end(world, await accept(world));
    },
  );

  for (const [damage, harm] of [
    ['is no database', (path: string) => writeFileSync(path, 'alias: ops\n'.repeat(1000))],
    [
      'has lost its pages to something else',
      (path: string) => {
        const bytes = readFileSync(path);
        writeFileSync(path, bytes.fill(0x5a, 4096, bytes.length - 4096));
      },
    ],
    ['has been cut off', (path: string) => truncateSync(path, statSync(path).size / 2)],
  ] as const)
    void test(`a file that ${damage} is left as it is, and the message says how to recover`, BOUND, async (t) => {
      const world = await openFile(t);
      for (const task of await acceptAll(world, 50)) await end(world, task);
      await world.close();
      harm(world.path);
      const before = readFileSync(world.path);
      await assert.rejects(openFile(t, { path: world.path }), (error: Error) => {
        assert.match(error.message, /damaged or no SQLite database/);
        assert.match(error.message, /\.recover/);
        assert.ok(error.message.includes(world.path));
        return true;
      });
      assert.ok(readFileSync(world.path).equals(before));
    });

  void test('a path that cannot be a file is named', BOUND, async (t) => {
    const path = folder(t);
    await assert.rejects(openFile(t, { path }), (error: Error) => error.message.includes(path));
  });

  void test(
    'when the disk is full pushes are refused and nothing is lost; with room again all goes on',
    BOUND,
    async (t) => {
      const bell = new EventEmitter();
      const changes: unknown[] = [];
      const onChange = (error: unknown) => {
        changes.push(error);
        bell.emit(error === undefined ? 'back' : 'away');
      };
      const world = await openFile(t, { max_page_count: 150, onChange });
      const { store, clock } = world;
      const [open, shut] = await acceptAll(world, 2);
      // What can be thrown away later.
      for (let n = 0; n < 20; n++) await store.addNotice(newNotice(world, { message: 'x'.repeat(8000) }));
      const stored: string[] = [];
      const message = { ...open!.message, body: 'x'.repeat(4000) };
      let refused;
      for (let n = 0; n < 500 && refused === undefined; n++) {
        const task = newTask(world, { message });
        const { kind } = await store.insert(task);
        if (kind === 'inserted') stored.push(task.id);
        else refused = kind;
      }
      assert.equal(refused, 'unavailable');
      assert.equal(store.available, false);
      assert.match(String(changes[0]), /full/);
      assert.equal((await store.insert(newTask(world))).kind, 'unavailable', 'at once');

      // What is in hand goes to its end, as far as that is possible without a send.
      open!.results[0] = sending();
      const leave = Promise.resolve(store.begin({ leaves: [{ task: open!, leaf: 0 }], limits: [] }));
      let left: string | undefined;
      void leave.then((it) => (left = it));
      const notice = newNotice(world, { task_id: shut!.id });
      await end(world, shut!, 'failed', notice);
      assert.equal(await store.get(open!.id), open);
      assert.equal((await store.get(shut!.id))?.status, 'failed');
      assert.deepEqual(idsOf((await store.list({ limit: 500 })).tasks).length, stored.length + 2, 'it can be read');
      assert.equal(left, undefined, 'nothing leaves that is not written');

      assert.equal(await store.clearNotices(), 20);
      const back = once(bell, 'back', { signal: AbortSignal.timeout(BOUND.timeout) });
      await clock.advance(5000);
      await back;
      assert.equal(store.available, true);
      assert.equal(await leave, 'go');
      assert.equal(changes.length, 2);
      assert.equal((await store.insert(newTask(world))).kind, 'inserted');

      const again = await world.reopen();
      assert.equal((await again.get(shut!.id))?.status, 'failed');
      assert.deepEqual(await again.getNotice(notice.id), notice);
      assert.deepEqual((await again.get(open!.id))?.results[0], sending());
      const waiting = new Set(idsOf(await takeAll(again)));
      assert.ok(stored.every((id) => waiting.has(id)));
    },
  );

  void test('a log that was cut off in the middle of a write is read up to there', BOUND, async (t) => {
    const world = await openFile(t);
    const ids: string[] = [];
    for (let n = 0; n < 20; n++) ids.push((await accept(world)).id);
    const path = join(folder(t), 'push.db');
    writeFileSync(path, readFileSync(world.path));
    const log = readFileSync(`${world.path}-wal`);
    writeFileSync(`${path}-wal`, log.subarray(0, log.length - 100));
    const heir = await openFile(t, { path });
    assert.deepEqual(idsOf(await takeAll(heir.store)), ids.slice(0, -1));
  });
});
