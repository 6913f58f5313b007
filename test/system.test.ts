import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createEmitter, type Events } from '../src/events.ts';
import type { Notice, Task } from '../src/model.ts';
import { createAlerts } from '../src/system/alerts.ts';
import type { Post } from '../src/system/http-sink.ts';
import type { SystemEntry, SystemSettings } from '../src/system/settings.ts';
import { createTestClock } from './kit/clock.ts';

const NOW = Date.UTC(2025, 7, 4, 1, 51, 2);
const CONSOLE: SystemEntry = { type: 'console', name: '控制台通知' };
const FILE: SystemEntry = { type: 'file', name: '文件通知' };
const SYSLOG: SystemEntry = { type: 'syslog', name: '日志' };
const STORE: SystemEntry = { type: 'http', name: 'HTTP通知' };
const POSTED: SystemEntry = { type: 'http', name: 'hook', url: 'http://127.0.0.1:9/hook/secret-token' };

let folder = '';
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'pushserver-notices-')), 'notifications');
});
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

interface Given {
  readonly settings?: Partial<SystemSettings>;
  readonly post?: Post;
  readonly addNotice?: (notice: Notice) => Promise<void>;
  readonly print?: (text: string) => Error | undefined;
  readonly syslog?: (notice: Notice) => void;
}

/** The last line with everything around it kept for reading. */
function setUp(given: Given = {}) {
  const clock = createTestClock(NOW);
  const events = createEmitter();
  const stored: Notice[] = [];
  const logged: Notice[] = [];
  const printed: string[] = [];
  const posted: { url: string; notice: Record<string, unknown> }[] = [];
  const stderr: string[] = [];
  const faults: Events['sink_failed'][] = [];
  const noticed: string[] = [];
  events.on('sink_failed', (event) => faults.push(event));
  events.on('noticed', ({ notice }) => noticed.push(notice.id));
  const post: Post = (url, body, signal) => {
    posted.push({ url, notice: JSON.parse(body) });
    return given.post?.(url, body, signal) ?? Promise.resolve({ status: 204 });
  };
  const print = (text: string, done: (error?: Error | null) => void) => {
    printed.push(text);
    done(given.print?.(text));
  };
  const keep = (notice: Notice) => {
    stored.push(notice);
    return Promise.resolve();
  };
  const alerts = createAlerts({
    store: {
      now: () => clock.now(),
      addNotice: given.addNotice ?? keep,
      announced() {},
      unannounced: async () => [],
      epoch: 0,
    },
    events,
    clock,
    settings: () => ({ enabled: true, notifications: [CONSOLE, FILE, STORE], file_limit: 10_000, ...given.settings }),
    sinks: {
      stdout: { write: print },
      folder,
      syslog: given.syslog ?? ((notice) => logged.push(notice)),
      post,
    },
    stderr: (line) => stderr.push(line),
  });
  const files = async () => (await readdir(folder).catch((): string[] => [])).toSorted();
  return { alerts, clock, events, stored, logged, printed, posted, stderr, faults, noticed, files };
}

function taskOf(id = 'f029b7c4', more: Partial<Task> = {}): Task {
  return {
    id,
    alias: 'ops_alert',
    recipient: '运维告警组',
    strategy: 'all',
    message: { title: '数据库告警', body: '连接数\n150/100', level: 'error', style: 'card', format: 'text' },
    priority: 8,
    plan: undefined,
    copies: [],
    line: 'ops_alert/feishu/feishu#1',
    created_at: NOW,
    deadline: NOW + 900_000,
    updated_at: NOW,
    status: 'failed',
    results: [],
    error: '所有推送渠道均失败',
    ...more,
  };
}

describe('a failed task raises one notice', () => {
  test("in the task's own words, stored once, then written to every sink", async () => {
    const it = setUp({ settings: { notifications: [CONSOLE, FILE, SYSLOG, STORE, POSTED] } });
    await it.alerts.raise(taskOf());
    const expected: Notice = {
      id: 'notify_20250804015102_000000',
      title: '数据库告警',
      message: '连接数\n150/100',
      type: 'error',
      strategy: 'all',
      style: 'card',
      source: 'PushServer-SystemNotification',
      task_id: 'f029b7c4',
      reason: '所有推送渠道均失败',
      created_at: NOW,
      status: 'unread',
    };
    assert.deepEqual(it.stored, [expected]);
    await it.alerts.idle();
    assert.deepEqual(it.logged, [expected]);
    assert.equal(it.printed.length, 1);
    assert.deepEqual(await it.files(), ['system_notify_20250804_015102.txt']);
    assert.deepEqual(it.posted, [{ url: POSTED.url, notice: { ...expected, created_at: '2025-08-04T01:51:02.000Z' } }]);
    assert.deepEqual(it.noticed, [expected.id]);
    assert.deepEqual(it.alerts.stats(), { notices: 1, http_waiting: 0, http_in_flight: 0 });
  });

  test('the file holds every detail; the console is framed', async () => {
    const it = setUp();
    await it.alerts.raise(taskOf());
    await it.alerts.idle();
    const text = await readFile(join(folder, 'system_notify_20250804_015102.txt'), 'utf8');
    for (const part of [
      'notify_20250804015102_000000',
      '数据库告警',
      '连接数\n150/100',
      '类型: error',
      '策略: all',
      '样式: card',
      'f029b7c4',
      '所有推送渠道均失败',
      '2025-08-04T01:51:02.000Z',
    ]) {
      assert.ok(text.includes(part), part);
    }
    assert.equal(it.printed[0], text);
    assert.match(text, /^={64}\n🚨 /u);
  });

  test('however often it is raised', async () => {
    const it = setUp();
    const task = taskOf();
    await Promise.all([it.alerts.raise(task), it.alerts.raise(task)]);
    await it.alerts.idle();
    assert.equal(it.stored.length, 1);
    assert.equal(it.printed.length, 1);
  });

  test('when the global sinks are off it is stored all the same', async () => {
    const it = setUp({ settings: { enabled: false } });
    await it.alerts.raise(taskOf());
    await it.alerts.idle();
    assert.equal(it.stored.length, 1);
    assert.deepEqual([it.printed, await it.files(), it.stderr], [[], [], []]);
  });

  test('a sink that is not enabled stays quiet', async () => {
    const it = setUp({ settings: { notifications: [{ ...CONSOLE, enabled: false }, FILE] } });
    await it.alerts.raise(taskOf());
    await it.alerts.idle();
    assert.equal(it.printed.length, 0);
    assert.equal((await it.files()).length, 1);
  });

  test('escape sequences that came through reach neither terminal nor file', async () => {
    const it = setUp();
    const message = {
      ...taskOf().message,
      title: 'a\u001b[31mred\u001b[0m\r',
      body: 'x\u001b]0;title\u0007y\u009b2Jz\u0000\t!',
    };
    await it.alerts.raise(taskOf('t', { message, error: 'why\nnot' }));
    await it.alerts.idle();
    assert.doesNotMatch(it.printed[0]!, /[^\P{Cc}\n\t]/u);
    assert.ok(it.printed[0]!.includes('标题: ared\n'));
    assert.ok(it.printed[0]!.includes('\nxyz\t!\n'));
    assert.ok(it.printed[0]!.includes('原因: why not\n'));
  });

  test('a task without words for its failure still has a reason', async () => {
    const it = setUp();
    const { error: _, ...task } = taskOf();
    await it.alerts.raise(task);
    assert.equal(it.stored[0]!.reason, '推送失败');
  });
});

describe('sinks that fail', () => {
  test('each is tried once, the others are written, and the fault is told without a secret', async () => {
    const refused = Object.assign(new Error(`connect ECONNREFUSED ${POSTED.url}`), { code: 'ECONNREFUSED' });
    const it = setUp({
      settings: { notifications: [POSTED, CONSOLE, SYSLOG, FILE] },
      post: () => Promise.reject(refused),
      syslog: () => {
        throw new Error('secret-token');
      },
      print: () => new Error('EPIPE'),
    });
    await it.alerts.raise(taskOf());
    await it.alerts.idle();
    assert.equal(it.posted.length, 1);
    assert.equal(it.printed.length, 1);
    assert.equal((await it.files()).length, 1);
    assert.deepEqual(it.faults.map(({ sink, error }) => `${sink}: ${error}`).toSorted(), [
      'console/控制台通知: Error',
      'http/hook: ECONNREFUSED',
      'syslog/日志: Error',
    ]);
    assert.deepEqual(it.stderr, []);
    assert.equal(it.stored.length, 1);
  });

  test('all of them: one line on stderr', async () => {
    const it = setUp({
      settings: { notifications: [CONSOLE, POSTED] },
      post: () => Promise.resolve({ status: 503 }),
      print: () => new Error('x'),
    });
    await it.alerts.raise(taskOf());
    await it.alerts.idle();
    assert.deepEqual(it.stderr, [
      'pushserver: no sink took notice notify_20250804015102_000000 of task f029b7c4; it is in the notification store only\n',
    ]);
    assert.deepEqual(it.faults.map(({ error }) => error).toSorted(), ['Error', 'HTTP 503']);
  });

  test('the store itself: the sinks are written, and without one stderr says so', async () => {
    const addNotice = () => Promise.reject(new Error('disk'));
    const it = setUp({ addNotice });
    const crashes: string[] = [];
    it.events.on('crashed', ({ where }) => crashes.push(where));
    await it.alerts.raise(taskOf());
    await it.alerts.idle();
    assert.equal(it.printed.length, 1);
    assert.deepEqual([crashes, it.stderr], [['notice store'], []]);
    const silent = setUp({ addNotice, settings: { notifications: [] } });
    await silent.alerts.raise(taskOf());
    await silent.alerts.idle();
    assert.match(silent.stderr[0]!, /it is nowhere else\n$/);
  });

  test('an address that says nothing is given up after 5 s and its request aborted', async () => {
    let signal: AbortSignal | undefined;
    const it = setUp({
      settings: { notifications: [POSTED, CONSOLE] },
      post: (_, __, aborted) => {
        signal = aborted;
        return new Promise(() => undefined);
      },
    });
    await it.alerts.raise(taskOf());
    await it.clock.advance(4999);
    assert.equal(signal!.aborted, false);
    await it.clock.advance(1);
    await it.alerts.idle();
    assert.equal(signal!.aborted, true);
    assert.deepEqual(
      it.faults.map(({ error }) => error),
      ['no answer within 5 s'],
    );
  });
});

describe('a storm', () => {
  test('a thousand notices in one second have a thousand ids and files', async () => {
    const it = setUp();
    await Promise.all(Array.from({ length: 1000 }, (_, i) => it.alerts.raise(taskOf(`t${i}`))));
    await it.alerts.idle();
    assert.equal(new Set(it.stored.map(({ id }) => id)).size, 1000);
    const files = await it.files();
    assert.equal(files.length, 1000);
    const ids = await Promise.all(
      files.map(async (name) => /notify_\d{14}_\d{6}/.exec(await readFile(join(folder, name), 'utf8'))![0]),
    );
    assert.equal(new Set(ids).size, 1000);
    assert.equal(files[0], 'system_notify_20250804_015102.txt');
    assert.equal(files[999], 'system_notify_20250804_015102_000999.txt');
  });

  test('the console prints a hundred a second and the number of the rest', async () => {
    const it = setUp({ settings: { notifications: [CONSOLE] } });
    for (let i = 0; i < 250; i += 1) await it.alerts.raise(taskOf(`t${i}`));
    await it.clock.advance(999);
    assert.equal(it.printed.length, 100);
    await it.clock.advance(1);
    assert.equal(it.printed.length, 101);
    assert.match(it.printed[100]!, /另有 150 条/);
    await it.alerts.raise(taskOf('later'));
    await it.alerts.idle();
    assert.equal(it.printed.length, 102);
    assert.deepEqual([it.faults, it.stderr], [[], []]);
  });

  test('at the end the console does not wait for its second', async () => {
    const it = setUp({ settings: { notifications: [CONSOLE] } });
    for (let i = 0; i < 101; i += 1) await it.alerts.raise(taskOf(`t${i}`));
    await it.alerts.idle();
    assert.match(it.printed[100]!, /另有 1 条/);
    await it.clock.advance(5000);
    assert.equal(it.printed.length, 101);
  });

  test('an address gets 10 at once, 1,000 wait, and the rest is one summary', async () => {
    const open: (() => void)[] = [];
    const it = setUp({
      settings: { notifications: [POSTED] },
      post: () => new Promise((resolve) => open.push(() => resolve({ status: 200 }))),
    });
    for (let i = 0; i < 1500; i += 1) await it.alerts.raise(taskOf(`t${i}`));
    assert.deepEqual(it.alerts.stats(), { notices: 1500, http_waiting: 1001, http_in_flight: 10 });
    assert.equal(it.posted.length, 10);
    while (open.length > 0) {
      assert.ok(it.alerts.stats().http_in_flight <= 10);
      for (const answer of open.splice(0)) answer();
      await it.clock.advance(0);
    }
    await it.alerts.idle();
    assert.equal(it.posted.length, 1011);
    const last = it.posted.at(-1)!.notice;
    assert.match(String(last['message']), /另有 490 条/);
    assert.equal(it.stored.length, 1500);
    assert.equal(new Set(it.posted.map(({ notice }) => notice['id'])).size, 1011);
    assert.deepEqual([it.faults, it.stderr], [[], []]);
    assert.deepEqual(it.alerts.stats(), { notices: 1500, http_waiting: 0, http_in_flight: 0 });
  });

  test('a summary that is not taken is one fault', async () => {
    const open: (() => void)[] = [];
    const it = setUp({
      settings: { notifications: [POSTED] },
      post: (_, body) =>
        new Promise((resolve) => open.push(() => resolve({ status: body.includes('逐条') ? 500 : 200 }))),
    });
    for (let i = 0; i < 1100; i += 1) await it.alerts.raise(taskOf(`t${i}`));
    while (open.length > 0) {
      for (const answer of open.splice(0)) answer();
      await it.clock.advance(0);
    }
    await it.alerts.idle();
    assert.deepEqual(
      it.faults.map(({ sink, error }) => [sink, error]),
      [['http', 'HTTP 500']],
    );
  });

  test('one address that hangs does not hold up another', async () => {
    const other = { ...POSTED, name: 'other', url: 'http://127.0.0.1:9/other' };
    const it = setUp({
      settings: { notifications: [POSTED, other] },
      post: (url) => (url === other.url ? Promise.resolve({ status: 200 }) : new Promise(() => undefined)),
    });
    for (let i = 0; i < 50; i += 1) await it.alerts.raise(taskOf(`t${i}`));
    await it.clock.advance(0);
    assert.equal(it.posted.filter(({ url }) => url === other.url).length, 50);
    assert.equal(it.posted.filter(({ url }) => url === POSTED.url).length, 10);
    await it.clock.advance(30_000);
    await it.alerts.idle();
    assert.equal(it.faults.length, 50);
  });
});

describe('entries of a recipient', () => {
  test('each type is written, all with the same notice and the reason given', async () => {
    const it = setUp({ settings: { enabled: false } });
    const task = taskOf('t1', { status: 'processing' });
    for (const entry of [CONSOLE, FILE, SYSLOG, STORE, POSTED]) {
      assert.deepEqual(await it.alerts.send(task, entry, '主动指定'), { ok: true });
    }
    assert.equal(it.stored.length, 1);
    assert.equal(it.stored[0]!.reason, '主动指定');
    assert.equal(it.stored[0]!.task_id, 't1');
    const id = it.stored[0]!.id;
    assert.ok(it.printed[0]!.includes(id));
    assert.deepEqual(it.logged, it.stored);
    assert.deepEqual(
      it.posted.map(({ url, notice }) => [url, notice['id']]),
      [[POSTED.url, id]],
    );
    assert.equal((await it.files()).length, 1);
    await it.alerts.raise(task);
    assert.equal(it.stored.length, 2);
    assert.notEqual(it.stored[1]!.id, id);
  });

  test('console, file and syslog store nothing', async () => {
    const it = setUp();
    for (const entry of [CONSOLE, FILE, SYSLOG]) await it.alerts.send(taskOf(), entry, '随策略抄送');
    assert.deepEqual([it.stored, it.noticed], [[], []]);
  });

  test('a failure is an outcome with its words in Chinese, and an event', async () => {
    const it = setUp({
      post: () => Promise.resolve({ status: 404 }),
      print: () => Object.assign(new Error('x'), { code: 'EPIPE' }),
    });
    assert.deepEqual(await it.alerts.send(taskOf(), POSTED, '主动指定'), {
      ok: false,
      kind: 'unavailable',
      message: '系统通知写入失败（http）：对方返回 HTTP 404',
    });
    const printed = await it.alerts.send(taskOf(), CONSOLE, '主动指定');
    assert.equal(printed.ok ? '' : printed.message, '系统通知写入失败（console）：EPIPE');
    assert.equal(it.stored.length, 1);
    assert.equal(it.faults.length, 2);
  });

  test('no answer in time may mean that it arrived', async () => {
    const it = setUp({ post: () => new Promise(() => undefined) });
    const sent = it.alerts.send(taskOf(), POSTED, '主动指定');
    await it.clock.advance(5000);
    const outcome = await sent;
    assert.equal(outcome.ok ? '' : outcome.kind, 'unknown');
  });

  test('what was asked for is printed whole, however many, and refused where there is no room', async () => {
    const it = setUp({ post: () => new Promise(() => undefined) });
    for (let i = 0; i < 150; i += 1) await it.alerts.send(taskOf(`t${i}`), CONSOLE, '主动指定');
    assert.equal(it.printed.length, 150);
    const all = Array.from({ length: 1011 }, (_, i) => it.alerts.send(taskOf(`p${i}`), POSTED, '主动指定'));
    const last = await all.at(-1)!;
    assert.equal(last.ok ? '' : last.message, '系统通知写入失败（http）：等待发送的通知过多');
    await it.clock.advance(600_000);
    await Promise.all(all);
    await it.alerts.idle();
  });
});
