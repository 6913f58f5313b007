import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Notice } from '../src/model.ts';
import { createFileSink } from '../src/system/file-sink.ts';

const NOW = Date.UTC(2025, 7, 4, 1, 51, 2);
const FIRST = 'system_notify_20250804_015102.txt';

let root = '';
let folder = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pushserver-files-'));
  folder = join(root, 'deep', 'notifications');
});
afterEach(() => rm(root, { recursive: true, force: true }));

function noticeAt(ms: number, title = 'title'): Notice {
  return {
    id: `notify_${ms}`,
    title,
    message: 'body',
    type: 'info',
    strategy: 'all',
    style: 'text',
    source: 'PushServer-SystemNotification',
    task_id: 't',
    reason: 'why',
    created_at: ms,
    status: 'unread',
  };
}

const files = async () => (await readdir(folder)).toSorted();

describe('the file sink', () => {
  test('makes its folder, names files by the second, numbers the others', async () => {
    const write = createFileSink({ folder, file_limit: () => 100 });
    await Promise.all([write(noticeAt(NOW)), write(noticeAt(NOW + 999)), write(noticeAt(NOW + 1000))]);
    assert.deepEqual(await files(), [
      FIRST,
      'system_notify_20250804_015102_000001.txt',
      'system_notify_20250804_015103.txt',
    ]);
  });

  test('never overwrites a file nor follows a link', async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(root, 'target'), 'mine');
    await symlink(join(root, 'target'), join(folder, FIRST));
    await writeFile(join(folder, 'system_notify_20250804_015102_000001.txt'), 'older');
    await createFileSink({ folder, file_limit: () => 100 })(noticeAt(NOW, 'new one'));
    assert.equal(await readFile(join(root, 'target'), 'utf8'), 'mine');
    assert.equal(await readFile(join(folder, 'system_notify_20250804_015102_000001.txt'), 'utf8'), 'older');
    assert.match(await readFile(join(folder, 'system_notify_20250804_015102_000002.txt'), 'utf8'), /new one/);
  });

  test('keeps the newest, those of an earlier run counted, and touches no other file', async () => {
    await mkdir(folder, { recursive: true });
    for (const name of [
      'system_notify_20250101_000000.txt',
      'system_notify_20250101_000000_000001.txt',
      '.gitkeep',
      'notes.txt',
    ]) {
      await writeFile(join(folder, name), '');
    }
    let limit = 3;
    const write = createFileSink({ folder, file_limit: () => limit });
    await write(noticeAt(NOW));
    await write(noticeAt(NOW + 1000));
    const ours = async () => (await files()).filter((name) => name.startsWith('system_notify'));
    assert.deepEqual(await ours(), [
      'system_notify_20250101_000000_000001.txt',
      FIRST,
      'system_notify_20250804_015103.txt',
    ]);
    limit = 1;
    await write(noticeAt(NOW + 2000));
    assert.deepEqual(await files(), ['.gitkeep', 'notes.txt', 'system_notify_20250804_015104.txt']);
  });

  test('a storm beyond the limit leaves the newest', async () => {
    const write = createFileSink({ folder, file_limit: () => 50 });
    await Promise.all(Array.from({ length: 3000 }, (_, i) => write(noticeAt(NOW + i * 1000, `n${i}.`))));
    const kept = await files();
    assert.equal(kept.length, 50);
    const texts = await Promise.all(kept.map((name) => readFile(join(folder, name), 'utf8')));
    for (let i = 2950; i < 3000; i += 1)
      assert.ok(
        texts.some((text) => text.includes(`n${i}.`)),
        `n${i}`,
      );
  });

  test('one after the other, thousands: the list in memory stays as short as the folder', async () => {
    const write = createFileSink({ folder, file_limit: () => 5 });
    for (let i = 0; i < 1200; i += 1) await write(noticeAt(NOW + i * 1000));
    assert.equal((await files()).length, 5);
  });

  test('a folder that is taken away comes back', async () => {
    const write = createFileSink({ folder, file_limit: () => 100 });
    await write(noticeAt(NOW));
    await rm(folder, { recursive: true });
    await write(noticeAt(NOW + 1000));
    assert.deepEqual(await files(), ['system_notify_20250804_015103.txt']);
  });

  test('a folder that cannot be made is a failure, and the next notice tries again', async () => {
    await writeFile(join(root, 'deep'), '');
    const write = createFileSink({ folder, file_limit: () => 100 });
    await assert.rejects(write(noticeAt(NOW)), { code: /ENOTDIR|EEXIST/ });
    await rm(join(root, 'deep'));
    await write(noticeAt(NOW));
    assert.deepEqual(await files(), [FIRST]);
  });
});
