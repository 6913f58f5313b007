import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createEmitter, type Events } from '../src/events.ts';
import { createLog, type Log, type LogOptions, type LogSettings } from '../src/log.ts';
import type { Notice, Result, Task } from '../src/model.ts';

let folder = '';
let log: Log | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pushserver-log-'));
});
afterEach(async () => {
  await log?.close();
  await rm(folder, { recursive: true, force: true });
});

type Given = Partial<LogSettings> & Partial<Omit<LogOptions, 'settings'>>;

function settingsOf(given: Partial<LogSettings>): LogSettings {
  const path = join(folder, 'app.log');
  return { level: 'info', format: 'json', output: 'file', file_path: path, max_size: 1e6, max_files: 5, ...given };
}

function open({ redact = (text) => text, stacks, now, stdout, stderr, ...settings }: Given = {}): Log {
  const options = {
    stacks: stacks ?? false,
    now: now ?? Date.now,
    stdout: stdout ?? NOWHERE,
    stderr: stderr ?? NOWHERE,
  };
  log = createLog({ settings: () => settingsOf(settings), redact, ...options });
  return log;
}

const NOWHERE = { write: () => true };

async function lines(name: string): Promise<string[]> {
  const text = await readFile(join(folder, name), 'utf8').catch(() => '');
  return text.split('\n').slice(0, -1);
}

async function records(name = 'app.log'): Promise<Record<string, unknown>[]> {
  return (await lines(name)).map((line) => JSON.parse(line));
}

function attempted(more: Partial<Events['attempted']> = {}): Events['attempted'] {
  const which = { tasks: ['t1'], alias: 'ops', platform: 'feishu', target: '机器人' };
  return { ...which, outcome: { ok: true }, timed_out: false, ms: 12.34, part: 1, parts: 1, ...more };
}

function taskOf(more: Partial<Task> = {}): Task {
  return {
    id: 't1',
    alias: 'ops',
    recipient: '运维',
    strategy: 'failover',
    message: { title: 'TITLE', body: 'BODY', level: 'error', style: 'text', format: 'text' },
    priority: 8,
    plan: undefined,
    copies: [],
    line: 'ops_alert/feishu/feishu#1',
    created_at: 1000,
    deadline: 901_000,
    updated_at: 1000,
    status: 'pending',
    results: [],
    ...more,
  };
}

function resultOf(more: Partial<Result>): Result {
  const base = { platform: 'feishu', webhook: 'a', status: 'failed', message: 'BODY quoted', attempts: 1 } as const;
  return { ...base, latency_ms: 5, timestamp: 0, paused_until: 0, ...more };
}

const NOTICE: Notice = {
  id: 'notify_20250804090748_000000',
  title: 'TITLE',
  message: 'two\nlines',
  type: 'warning',
  strategy: 'all',
  style: 'text',
  source: 'PushServer-SystemNotification',
  task_id: 't1',
  reason: 'because',
  created_at: 0,
  status: 'unread',
};

describe('files', () => {
  test('what goes where at level info', async () => {
    const it = open();
    it.debug('d');
    it.info('i');
    it.warn('w');
    it.error('e');
    await it.flush();
    const events = async (name: string) => (await records(name)).map(({ event }) => event);
    assert.deepEqual(await events('app.log'), ['i', 'w', 'e']);
    assert.deepEqual(await events('info.log'), ['i', 'w']);
    assert.deepEqual(await events('error.log'), ['e']);
    assert.deepEqual(await events('debug.log'), []);
  });

  test('level debug fills debug.log, level error keeps errors only', async () => {
    open({ level: 'debug' }).debug('d');
    await log!.close();
    assert.deepEqual(
      (await records('debug.log')).map(({ event }) => event),
      ['d'],
    );
    assert.equal((await records('app.log')).length, 1);
    open({ level: 'error', file_path: join(folder, 'other', 'main.log') }).warn('w');
    log!.error('e');
    await log!.flush();
    assert.deepEqual(
      (await records('other/main.log')).map(({ event }) => event),
      ['e'],
    );
    assert.deepEqual(
      (await records('other/error.log')).map(({ event }) => event),
      ['e'],
    );
  });

  test('a JSON line and a text line', async () => {
    const now = () => Date.UTC(2025, 7, 4, 9, 7, 48, 123);
    const fields = { a: 'plain', b: 'two words', c: 1.5, d: true, e: undefined, f: '' };
    open({ now }).info('hello', fields);
    await log!.close();
    assert.equal(
      (await lines('app.log'))[0],
      '{"time":"2025-08-04T09:07:48.123Z","level":"info","event":"hello","a":"plain","b":"two words","c":1.5,"d":true,"f":""}',
    );
    open({ now, format: 'text', file_path: join(folder, 't.log') }).info('hello', fields);
    await log!.flush();
    assert.deepEqual(await lines('t.log'), [
      '2025-08-04T09:07:48.123Z info  hello a=plain b="two words" c=1.5 d=true f=""',
    ]);
  });

  test('control characters, escapes and newlines in a value are escaped in both formats', async () => {
    const value = 'a\nb\r\u001b[31mred\u0000\u007f\u009b2J\u2028"\\';
    open().warn('x', { value });
    await log!.close();
    open({ format: 'text', file_path: join(folder, 't.log') }).warn('x', { value });
    await log!.flush();
    for (const name of ['app.log', 't.log']) {
      const text = await readFile(join(folder, name), 'utf8');
      assert.equal(text.indexOf('\n'), text.length - 1);
      assert.doesNotMatch(text.slice(0, -1), /[\p{Cc}\u2028]/u);
    }
    assert.equal((await records())[0]!['value'], value);
  });

  test('order holds over many lines of changing levels', async () => {
    open();
    for (let i = 0; i < 5000; i += 1) log![i % 7 === 0 ? 'error' : 'info']('n', { i });
    await log!.flush();
    assert.deepEqual(
      (await records()).map(({ i }) => i),
      Array.from({ length: 5000 }, (_, i) => i),
    );
    assert.equal((await records('error.log')).length, 715);
  });

  test('a write of more than is gathered, without flush between', async () => {
    open();
    const text = 'x'.repeat(70_000);
    log!.info('big', { text });
    log!.info('small');
    await log!.flush();
    assert.deepEqual(
      (await records()).map(({ event }) => event),
      ['big', 'small'],
    );
  });

  test('rotation by size cuts at line ends and keeps max_files', async () => {
    open({ max_size: 1000, max_files: 3 });
    for (let i = 0; i < 100; i += 1) log!.info('n', { i });
    await log!.flush();
    const names = (await readdir(folder)).filter((name) => name.startsWith('app.log')).toSorted();
    assert.deepEqual(names, ['app.log', 'app.log.1', 'app.log.2']);
    const kept: unknown[] = [];
    for (const name of names.toReversed()) {
      assert.ok((await stat(join(folder, name))).size <= 1000);
      kept.push(...(await records(name)).map(({ i }) => i));
    }
    assert.deepEqual(
      kept,
      Array.from({ length: kept.length }, (_, i) => 100 - kept.length + i),
    );
  });

  test('one line longer than a file, and one file only', async () => {
    open({ max_size: 50, max_files: 1 });
    log!.info('long', { text: 'x'.repeat(200) });
    log!.info('last');
    await log!.flush();
    assert.deepEqual(
      (await records()).map(({ event }) => event),
      ['last'],
    );
    assert.deepEqual((await readdir(folder)).toSorted(), ['app.log', 'info.log']);
  });

  test('a start appends to the file that is there', async () => {
    await writeFile(join(folder, 'app.log'), '{"event":"before"}\n');
    open().info('after');
    await log!.flush();
    assert.deepEqual(
      (await records()).map(({ event }) => event),
      ['before', 'after'],
    );
  });

  test('lines after close are dropped without an error, and close may be called twice', async () => {
    open().info('one');
    await Promise.all([log!.close(), log!.close()]);
    log!.info('two');
    assert.equal((await lines('app.log')).length, 1);
  });

  test('flushNow leaves nothing behind, whatever comes next', async () => {
    open().info('first');
    await log!.flush();
    log!.error('last words');
    log!.flushNow();
    assert.equal((await lines('error.log')).length, 1);
    assert.equal((await lines('app.log')).length, 2);
  });
});

test('lines are written without being asked', { timeout: 10_000 }, async () => {
  const written = Promise.withResolvers<string>();
  open({ output: 'stdout', stdout: { write: written.resolve } }).info('one');
  assert.match(await written.promise, /"event":"one"/);
});

describe('reload', () => {
  test('level, format and file change without losing a line', async () => {
    let settings = settingsOf({});
    log = createLog({ settings: () => settings, redact: (text) => text });
    log.debug('no');
    log.info('one');
    settings = settingsOf({ level: 'debug', format: 'text' });
    log.apply();
    log.debug('two');
    settings = settingsOf({ level: 'debug', file_path: join(folder, 'b', 'app.log') });
    log.apply();
    log.info('three');
    settings = settingsOf({ level: 'debug', max_size: 5000 });
    log.apply();
    log.info('four');
    await log.flush();
    const texts = [...(await lines('app.log')), ...(await lines('b/app.log'))];
    assert.deepEqual(
      texts.map((line) => ['one', 'two', 'three', 'four'].find((word) => line.includes(word))),
      ['one', 'two', 'four', 'three'],
    );
  });

  test('a log moved from outside is begun anew', async () => {
    open().info('one');
    await log!.flush();
    await rename(join(folder, 'app.log'), join(folder, 'moved.log'));
    log!.apply();
    log!.info('two');
    await log!.flush();
    assert.equal((await records('moved.log')).length, 1);
    assert.deepEqual(
      (await records()).map(({ event }) => event),
      ['two'],
    );
  });
});

describe('when it cannot be written', () => {
  test('one line a minute on stderr, no exception, and it goes on when the cause is gone', async () => {
    await writeFile(join(folder, 'blocked'), '');
    const said: string[] = [];
    let time = 1_000_000;
    open({
      file_path: join(folder, 'blocked', 'app.log'),
      stderr: { write: (text) => said.push(text) },
      now: () => time,
    }).info('one');
    await log!.flush();
    log!.info('two');
    await log!.flush();
    assert.equal(said.length, 1);
    assert.match(said[0]!, /^pushserver: the log cannot be written: .+\n$/);
    time += 60_001;
    log!.info('three');
    await log!.flush();
    assert.equal(said.length, 2);
    await rm(join(folder, 'blocked'));
    log!.info('four');
    await log!.flush();
    assert.deepEqual(
      (await records('blocked/app.log')).map(({ event }) => event),
      ['four'],
    );
  });

  test('a full disk', { timeout: 10_000 }, async () => {
    const said: string[] = [];
    await symlink('/dev/full', join(folder, 'app.log'));
    open({ max_size: 1, stderr: { write: (text) => said.push(text) } }).error('one');
    await log!.flush();
    assert.match(said.join(''), /^pushserver: the log cannot be written: ENOSPC.*\n$/);
    assert.deepEqual(
      (await records('error.log')).map(({ event }) => event),
      ['one'],
    );
    assert.deepEqual((await readdir(folder)).toSorted(), ['app.log', 'error.log']);
  });

  test('a disk that hangs: what waits has a bound, and the operator is told', async () => {
    const said: string[] = [];
    open({ max_size: 1e9, stderr: { write: (text) => said.push(text) } });
    const text = 'x'.repeat(1_000_000);
    for (let i = 0; i < 30; i += 1) log!.info('big', { text });
    await log!.flush();
    assert.match(said.join(''), /the log cannot be written: \d+ bytes dropped, the disk is too slow\n$/);
    assert.equal((await lines('app.log')).length, 16);
  });

  test('a stdout that throws or reports an error later', async () => {
    const said: string[] = [];
    let report: (error: unknown) => void = () => undefined;
    const stdout = {
      write: () => {
        throw new Error('EPIPE');
      },
      on: (_: 'error', listener: (error: unknown) => void) => {
        report = listener;
      },
    };
    open({ output: 'stdout', stdout, stderr: { write: (text) => said.push(text) } }).info('one');
    await log!.flush();
    assert.equal(said.length, 1);
    report(new Error('EPIPE'));
    assert.equal(said.length, 1);
  });
});

test('stdout gets every line once, in order', async () => {
  const written: string[] = [];
  open({ output: 'stdout', level: 'debug', format: 'text', stdout: { write: (text) => written.push(text) } });
  log!.info('one');
  log!.error('two');
  log!.debug('three');
  await log!.flush();
  assert.deepEqual(
    written
      .join('')
      .split('\n')
      .map((line) => line.split(/ +/)[2]),
    ['one', 'two', 'three', undefined],
  );
  assert.deepEqual(await readdir(folder), []);
});

describe('facts', () => {
  async function written(emit: (events: ReturnType<typeof createEmitter>) => void, given: Given = {}) {
    const events = createEmitter();
    open(given).listen(events);
    emit(events);
    await log!.flush();
    return (await records()).map((record) => {
      delete record['time'];
      return record;
    });
  }

  test('a request: the path without its query, the name of the token', async () => {
    const request = { method: 'GET', path: '/api/v1/tasks?token=abc', status: 200, ms: 1.26, ip: '10.0.0.1' };
    assert.deepEqual(
      await written(
        (events) => {
          events.emit('requested', { ...request, caller: 'ci' });
          events.emit('requested', { ...request, path: '/hook/abc', status: 404 });
          events.emit('requested', { ...request, path: '/x', status: 503 });
        },
        { redact: (text) => text.replaceAll('abc', '***') },
      ),
      [
        {
          level: 'info',
          event: 'request',
          method: 'GET',
          path: '/api/v1/tasks',
          status: 200,
          ms: 1.3,
          ip: '10.0.0.1',
          caller: 'ci',
        },
        { level: 'info', event: 'request', method: 'GET', path: '/hook/***', status: 404, ms: 1.3, ip: '10.0.0.1' },
        { level: 'warn', event: 'request', method: 'GET', path: '/x', status: 503, ms: 1.3, ip: '10.0.0.1' },
      ],
    );
  });

  test('an attempt that reached its target, a part of a long message', async () => {
    const [one, two] = await written((events) => {
      events.emit('attempted', attempted());
      events.emit('attempted', attempted({ part: 2, parts: 3 }));
    });
    assert.deepEqual(one, {
      level: 'info',
      event: 'attempt',
      task: 't1',
      platform: 'feishu',
      target: 'ops/机器人',
      result: 'ok',
      ms: 12.3,
    });
    assert.equal(two!['part'], '2/3');
  });

  test('an attempt that failed names kind, code and remedy, not the text of the platform', async () => {
    const remedy = { en: 'Check the secret.', zh: '检查密钥' };
    const outcome = { ok: false, kind: 'unauthorized', message: 'BODY quoted', code: '19021', remedy } as const;
    const [line] = await written((events) => events.emit('attempted', attempted({ outcome, timed_out: true })));
    assert.deepEqual(line, {
      level: 'warn',
      event: 'attempt',
      task: 't1',
      platform: 'feishu',
      target: 'ops/机器人',
      result: 'unauthorized',
      ms: 12.3,
      timed_out: true,
      code: '19021',
      remedy: 'Check the secret.',
    });
  });

  test('a digest names twenty tasks and counts them all', async () => {
    const tasks = Array.from({ length: 50 }, (_, i) => `t${i}`);
    const [line] = await written((events) => events.emit('attempted', attempted({ tasks, digest_id: 'd1' })));
    assert.equal(line!['tasks'], tasks.slice(0, 20).join(' '));
    assert.equal(line!['task_count'], 50);
    assert.equal(line!['digest'], 'd1');
    assert.equal('task' in line!, false);
  });

  test('a failed task says what happened at each target; a finished one is for debug', async () => {
    const results = [
      resultOf({ reason: 'unauthorized', code: '19021' }),
      undefined,
      resultOf({ webhook: 'b', status: 'timeout' }),
    ];
    const failed = { status: 'failed', outcome: 'failed', completed_at: 4000 } as const;
    const [one, two, ...more] = await written((events) => {
      events.emit('accepted', { task: taskOf() });
      events.emit('finished', { task: taskOf({ status: 'completed' }) });
      events.emit('finished', { task: taskOf({ ...failed, results, error: 'BODY quoted' }) });
      events.emit('finished', { task: taskOf({ ...failed, platform: 'nope', error: '没有可用的推送渠道' }) });
    });
    assert.deepEqual(more, []);
    assert.equal(one!['level'], 'error');
    assert.equal(one!['results'], 'feishu/a unauthorized 19021; feishu/b timeout');
    assert.equal(one!['error'], undefined);
    assert.equal(two!['error'], '没有可用的推送渠道');
    assert.equal(two!['platform'], 'nope');
    assert.equal(two!['ms'], 3000);
  });

  test('accepted and finished at level debug', async () => {
    const found = await written(
      (events) => {
        events.emit('accepted', { task: taskOf() });
        events.emit('finished', { task: taskOf({ status: 'completed', outcome: 'success' }) });
      },
      { level: 'debug' },
    );
    assert.deepEqual(
      found.map(({ event, task }) => `${String(event)} ${String(task)}`),
      ['accepted t1', 'finished t1'],
    );
  });

  test('no title or body in any line but the notice', async () => {
    await written(
      (events) => {
        events.emit('accepted', { task: taskOf() });
        events.emit('finished', { task: taskOf({ status: 'failed', results: [resultOf({})], error: 'BODY' }) });
        events.emit('noticed', { notice: { ...NOTICE, message: 'BODY' } });
      },
      { level: 'debug' },
    );
    assert.doesNotMatch((await lines('app.log')).join('\n'), /TITLE|BODY/);
  });

  test('pauses, digests, notices, sinks, reloads and crashes', async () => {
    const emit = (events: ReturnType<typeof createEmitter>) => {
      events.emit('paused', { platform: 'wechat', target: 'ops/a', seconds: 60 });
      events.emit('folded', { platform: 'wechat', target: 'ops/a', count: 7, digest_id: 'd' });
      events.emit('noticed', { notice: NOTICE });
      events.emit('sink_failed', { sink: 'file/文件', notice_id: NOTICE.id, error: 'ENOSPC' });
      events.emit('reloaded', { ok: true, message: 'done' });
      events.emit('reloaded', { ok: false, message: 'line 3' });
      events.emit('crashed', { where: 'deliver', error: new Error('boom', { cause: new Error('deep') }) });
      events.emit('crashed', { where: 'deliver', error: 'thrown text' });
    };
    const found = await written(emit);
    assert.deepEqual(
      found.map(({ level, event }) => `${String(level)} ${String(event)}`),
      [
        'warn paused',
        'info folded',
        'info noticed',
        'error sink_failed',
        'info reloaded',
        'error reloaded',
        'error crashed',
        'error crashed',
      ],
    );
    assert.equal(found[6]!['error'], 'boom: deep');
    assert.equal(found[7]!['error'], 'thrown text');
  });

  test('a stack only when asked for', async () => {
    const error = new Error('boom');
    const [line] = await written((events) => events.emit('crashed', { where: 'x', error }), { stacks: true });
    assert.equal(line!['error'], error.stack);
  });

  test('warnings and errors go through the redactor', async () => {
    const emit = (events: ReturnType<typeof createEmitter>) =>
      events.emit('crashed', { where: 'x', error: new Error('SECRET at https://x') });
    const [line] = await written(emit, { redact: (text) => text.replaceAll('SECRET', '***') });
    assert.equal(line!['error'], '*** at https://x');
  });

  test('the syslog sink writes the whole notice at the level of its type', async () => {
    open();
    for (const type of ['info', 'warning', 'error'] as const) log!.notice({ ...NOTICE, type });
    await log!.flush();
    const found = await records();
    assert.deepEqual(
      found.map(({ level }) => level),
      ['info', 'warn', 'error'],
    );
    assert.equal(found[0]!['title'], 'TITLE');
    assert.equal(found[0]!['message'], 'two\nlines');
  });
});
