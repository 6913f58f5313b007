/**
 * The examples of the API of version 1, as published, still run: fixtures/seed holds them unchanged. The server is the
 * real one; the platforms behind it are scripted, so that nothing leaves this machine.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type App, createApp } from '../src/app.ts';
import { loadChannels } from '../src/channel/registry.ts';
import { systemClock } from '../src/clock.ts';
import { parseConfig } from '../src/config.ts';
import type { Http } from '../src/delivery/http-client.ts';
import { type CurlRequest, curlRequests } from './kit/curl.ts';
import { type FakeSmtp, fakeSmtp } from './kit/fake-smtp.ts';

const PUBLISHED = new URL('fixtures/seed/', import.meta.url);
const published = (name: string) => readFile(new URL(name, PUBLISHED), 'utf8');
const channels = await loadChannels();
const yaml = await published('config.yaml');
const examples = JSON.parse(await published('examples.json')) as {
  requests: Record<'basic' | 'one_platform' | 'system', unknown>;
  answers: Record<string, { code?: number; message?: string }>;
};

/** Every platform answers "taken", once `gate` lets it. */
let gate = Promise.resolve();
const platforms: Http = {
  async request() {
    await gate;
    return { status: 200, headers: {}, body: '{"code":0,"errcode":0}' };
  },
  close: () => Promise.resolve(),
};

let folder = '';
let mailServer: FakeSmtp;
let app: App;
let url = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pushserver-'));
  mailServer = await fakeSmtp();
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const env = {
    // The one deliberate departure: what others can reach needs a token or this word.
    PUSHSERVER_AUTH__ALLOW_ANONYMOUS: 'true',
    PUSHSERVER_SERVER__PORT: '0',
    PUSHSERVER_LOG__FILE_PATH: join(folder, 'log', 'app.log'),
    // So many pushes in a second would otherwise wait for each other.
    PUSHSERVER_RECIPIENTS__OPS_ALERT__PLATFORMS__FEISHU__WEBHOOKS__0__RATE_LIMIT: 'off',
    PUSHSERVER_EMAIL__SMTP_HOST: '127.0.0.1',
    PUSHSERVER_EMAIL__SMTP_PORT: String(mailServer.port),
  };
  app = await createApp({
    config: parseConfig(yaml, { file: 'config.yaml', env, channels }),
    channels,
    clock: systemClock,
    notifications: join(folder, 'notifications'),
    stdout: silent,
    stderr: silent,
    http: platforms,
  });
  ({ url } = await app.listen());
});

after(async () => {
  await app.stop().done;
  await mailServer.close();
  await rm(folder, { recursive: true });
});

/** The text with the published address replaced by that of this server, and nothing else. */
const here = (text: string): string => text.replaceAll('http://localhost:8080', url);

async function ask(path: string, request?: Omit<CurlRequest, 'url'>): Promise<{ status: number; body: Json }> {
  const response = await fetch(here(path.startsWith('http') ? path : `http://localhost:8080${path}`), request ?? {});
  return { status: response.status, body: (await response.json()) as Json };
}

const push = (body: unknown) =>
  ask('/api/v1/push', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });

const taskOf = (answer: { body: Json }): string => (answer.body['data'] as { task_id: string }).task_id;

describe('the published examples', () => {
  test('the YAML starts once auth is added', () => {
    const parse = () => parseConfig(yaml, { file: 'config.yaml', env: {}, channels });
    assert.throws(parse, /auth\.tokens.*auth\.allow_anonymous/);
    const config = parseConfig(`${yaml}\nauth:\n  allow_anonymous: true\n`, { file: 'config.yaml', env: {}, channels });
    assert.deepEqual(
      config.recipients.get('ops_alert')?.groups.map((group) => group.platform),
      ['feishu', 'dingtalk', 'wechat', 'email', 'system'],
    );
  });

  test('the cURL commands are answered', async () => {
    const requests = curlRequests(await published('requests.sh'));
    const answers: string[] = [];
    for (const request of requests) {
      const { status, body } = await ask(request.url, request);
      answers.push(`${request.method} ${status} ${String(body['message'] ?? body['status'])}`);
    }
    assert.deepEqual(answers, [
      'GET 200 ok',
      'POST 200 消息推送任务已创建',
      'POST 200 消息推送任务已创建',
      // The ids in the text were never given out.
      'GET 404 任务不存在',
      'GET 200 获取系统通知成功',
      'GET 200 获取系统通知成功',
      'PUT 404 通知不存在',
      'GET 200 获取通知统计成功',
    ]);
  });

  test('the JavaScript program runs', async () => {
    const file = join(folder, 'client.js');
    await writeFile(file, here(await published('client.js')));
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [file]);
    assert.equal(stderr, '');
    assert.match(
      stdout,
      /^任务ID: [0-9a-f-]{36}\n任务状态: (?:processing|completed)\n未读通知数量: \d+\n通知统计: \{\s+total: \d/,
    );
  });

  test('the requests of the Python program are answered', async () => {
    const { task_id } = (
      await push({
        recipient_alias: 'ops_alert',
        type: 'info',
        strategy: 'failover',
        style: 'card',
        content: { title: '系统通知', msg: '服务部署完成' },
      })
    ).body['data'] as { task_id: string };
    const status = await ask(`/api/v1/task/${task_id}`);
    assert.match(String((status.body['data'] as Json)['status']), /^(?:processing|completed)$/);
    const list = await ask('/api/v1/notifications?status=unread&limit=10&offset=0');
    assert.equal(typeof ((list.body['data'] as Json)['pagination'] as Json)['total'], 'number');
    const unknown = await ask('/api/v1/notifications/none/read', { method: 'PUT', headers: {} });
    assert.equal(unknown.status, 404);
  });

  test('health, an accepted push and a refused one have the published shape', async () => {
    hasShape('health', (await ask('/health')).body);
    hasShape('accepted', (await push(examples.requests.basic)).body);
    hasShape('accepted', (await push(examples.requests.one_platform)).body);
    const refused = await push({ ...(examples.requests.basic as Json), recipient_alias: '' });
    hasShape('refused', refused.body);
    assert.deepEqual((refused.body['data'] as Json)['error'], 'recipient_alias不能为空');
  });

  test('a task has the published shape while it is worked on, when it is done, and when there is none', async () => {
    const held = Promise.withResolvers<void>();
    gate = held.promise;
    const path = `/api/v1/task/${taskOf(await push(examples.requests.basic))}`;
    hasShape('task_processing', (await ask(path)).body, 'status');
    held.resolve();
    hasShape('task_completed', (await ask(`${path}?wait=20`)).body, 'status');
    const unknown = await ask('/api/v1/task/invalid-task-id');
    hasShape('task_unknown', unknown.body, 'task_id');
    assert.equal(unknown.status, 404);
  });

  test('a push to "system" leaves a notification of the published shape', async () => {
    const id = taskOf(await push(examples.requests.system));
    const done = await ask(`/api/v1/task/${id}?wait=20`);
    assert.equal((done.body['data'] as Json)['status'], 'completed');
    const list = await ask('/api/v1/notifications');
    hasShape('notifications', list.body);
    const [newest] = (list.body['data'] as { notifications: Json[] }).notifications;
    assert.equal(newest?.['task_id'], id);
    hasShape('notification', newest);
    hasShape('statistics', (await ask('/api/v1/notifications/statistics')).body);
    const read = await ask(`/api/v1/notifications/${String(newest?.['id'])}/read`, { method: 'PUT', headers: {} });
    assert.equal(read.status, 200);
  });
});

type Json = Record<string, unknown>;

/**
 * Everything published is there, with values of the same type; more may be there too.
 * @param same keys of `data` whose values must be equal
 */
function hasShape(name: string, actual: unknown, ...same: string[]): void {
  const expected = examples.answers[name]!;
  compare(expected, actual, name);
  if (expected.code === undefined) return;
  const { code, message, data } = actual as { code: number; message: string; data: Json };
  assert.deepEqual([code, message], [expected.code, expected.message]);
  for (const key of same) assert.equal(data[key], (expected as { data?: Json }).data?.[key]);
}

function compare(expected: unknown, actual: unknown, path: string): void {
  if (Array.isArray(expected)) {
    assert.ok(Array.isArray(actual) && actual.length > 0, `${path} is a list that is not empty`);
    for (const item of actual) compare(expected[0], item, `${path}[]`);
  } else if (typeof expected === 'object' && expected !== null) {
    assert.ok(typeof actual === 'object' && actual !== null, `${path} is an object`);
    for (const [key, value] of Object.entries(expected)) {
      assert.ok(Object.hasOwn(actual, key), `${path}.${key} is there`);
      compare(value, (actual as Json)[key], `${path}.${key}`);
    }
  } else {
    assert.equal(typeof actual, typeof expected, path);
  }
}

/** What is replaced above stands in the fixtures: otherwise the test would ask somebody else. */
test('the fixtures name the published address', async () => {
  for (const name of ['requests.sh', 'client.js']) {
    const text = await readFile(fileURLToPath(new URL(name, PUBLISHED)), 'utf8');
    assert.ok(text.includes('http://localhost:8080'), name);
  }
});
