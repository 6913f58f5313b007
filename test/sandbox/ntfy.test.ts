import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { start, START } from './start.ts';

const ROOT = '/ntfy';
const TEXT = { topic: 'ops-alerts', message: 'hello' };
const code = ({ json }: { json: unknown }): unknown => (json as { code?: number }).code;

describe('ntfy as JSON', () => {
  test('everything that is shown', async (t) => {
    const { post, sandbox } = await start(t);
    const body = {
      topic: 'ops-alerts',
      title: 'Disk almost full',
      message: 'Volume **/data**',
      markdown: true,
      priority: 5,
      tags: ['rotating_light', 'db'],
      click: 'https://x.example/a',
      icon: 'https://x.example/i.png',
      actions: [{ action: 'view', label: 'Open', url: 'https://x.example/b', clear: true }],
    };
    const { status, json } = await post(ROOT, body);
    assert.equal(status, 200);
    const answer = json as Record<string, unknown>;
    assert.match(String(answer['id']), /^[\w-]{12}$/);
    assert.equal(answer['time'], START / 1000);
    assert.equal(answer['event'], 'message');
    assert.equal(answer['topic'], 'ops-alerts');
    const [shown] = sandbox.messages({ platform: 'ntfy', token: 'ops-alerts' });
    assert.deepEqual(
      [shown?.title, shown?.text, shown?.format, shown?.level],
      ['Disk almost full', 'Volume **/data**', 'markdown', 'error'],
    );
    assert.deepEqual(shown?.fields, [{ name: '标签', value: 'rotating_light, db' }]);
    assert.deepEqual(
      shown?.links?.map(({ url }) => url),
      ['https://x.example/a', 'https://x.example/b'],
    );
    assert.deepEqual(shown?.raw, body);
  });

  test('level by priority, else by the sign of a tag', async (t) => {
    const { post, sandbox } = await start(t);
    for (const [more, level] of [
      [{ priority: 1 }, 'info'],
      [{ priority: 4 }, 'warning'],
      [{ tags: ['warning'] }, 'warning'],
      [{}, undefined],
    ] as const) {
      await post(ROOT, { ...TEXT, ...more });
      assert.equal(sandbox.messages()[0]?.level, level);
    }
  });

  const bad: Record<string, [body: unknown, code: number]> = {
    'no JSON': ['{', 40017],
    'a priority in words': [{ ...TEXT, priority: 'high' }, 40017],
    'tags that are no list': [{ ...TEXT, tags: 'a,b' }, 40017],
    'no topic': [{ message: 'x' }, 40009],
    'a topic with a blank': [{ ...TEXT, topic: 'a b' }, 40009],
    'a topic of 65 characters': [{ ...TEXT, topic: 'a'.repeat(65) }, 40009],
    'a reserved topic': [{ ...TEXT, topic: 'docs' }, 40010],
    'priority 6': [{ ...TEXT, priority: 6 }, 40007],
    'an icon that is no address': [{ ...TEXT, icon: 'i.png' }, 40021],
    'an attachment that is no address': [{ ...TEXT, attach: 'ftp://x' }, 40013],
    'four actions': [
      { ...TEXT, actions: Array.from({ length: 4 }, () => ({ action: 'view', label: 'a', url: 'https://x.example' })) },
      40018,
    ],
    'an action without an address': [{ ...TEXT, actions: [{ action: 'view', label: 'a' }] }, 40018],
    'an unknown action': [{ ...TEXT, actions: [{ action: 'open', label: 'a', url: 'https://x.example' }] }, 40018],
    'a delay nobody understands': [{ ...TEXT, delay: 'x' }, 40004],
    'a delay of 9 s': [{ ...TEXT, delay: '9s' }, 40005],
    'a delay of 4 days': [{ ...TEXT, delay: '4d' }, 40006],
    'more than 8,192 bytes of JSON': [{ ...TEXT, message: '告'.repeat(2731) }, 41303],
  };
  for (const [name, [body, expected]] of Object.entries(bad)) {
    test(`${name}: ${expected}`, async (t) => {
      const { post, sandbox } = await start(t);
      const reply = await post(ROOT, body);
      assert.equal(reply.status, Number(String(expected).slice(0, 3)));
      assert.equal(code(reply), expected);
      assert.equal((reply.json as { http: number }).http, reply.status);
      assert.equal(sandbox.messages().length, 0);
    });
  }

  test('4,096 bytes are a message, more become a file', async (t) => {
    const { post, sandbox } = await start(t);
    await post(ROOT, { ...TEXT, message: 'a'.repeat(4096) });
    assert.equal(sandbox.messages()[0]?.text.length, 4096);
    await post(ROOT, { ...TEXT, message: `${'告'.repeat(1365)}ab` });
    assert.equal(sandbox.messages()[0]?.text, 'You received a file: attachment.txt');
    assert.equal(sandbox.messages()[0]?.kind, 'attachment');
  });
});

describe('ntfy as headers', () => {
  const send = async (url: string, headers: Record<string, string> = {}, body = 'hello') =>
    await fetch(url, { method: 'POST', headers, body });

  test('text in the body, the rest in headers or the query', async (t) => {
    const { sandbox } = await start(t);
    const url = `${sandbox.url}/ntfy/ops-alerts`;
    await send(url, {
      Title: '=?UTF-8?B?56OB55uY?=',
      Priority: 'urgent',
      Tags: 'warning, db',
      Click: 'https://x.example',
    });
    const [shown] = sandbox.messages({ token: 'ops-alerts' });
    assert.deepEqual([shown?.title, shown?.text, shown?.level], ['磁盘', 'hello', 'error']);
    assert.deepEqual(shown?.fields, [{ name: '标签', value: 'warning, db' }]);
    await send(`${url}?title=Q&p=4`, { 'content-type': 'text/markdown' });
    const [second] = sandbox.messages();
    assert.deepEqual([second?.title, second?.level, second?.format], ['Q', 'warning', 'markdown']);
  });

  test('JSON sent to a topic is shown as it is: the classic mistake', async (t) => {
    const { post, sandbox } = await start(t);
    await post('/ntfy/ops-alerts', TEXT);
    assert.equal(sandbox.messages()[0]?.text, JSON.stringify(TEXT));
  });

  test('a wrong priority, topic and method', async (t) => {
    const { sandbox } = await start(t);
    assert.equal((await send(`${sandbox.url}/ntfy/ops`, { Priority: '9' })).status, 400);
    assert.equal((await send(`${sandbox.url}/ntfy/a%20b`)).status, 404);
    assert.equal((await fetch(`${sandbox.url}/ntfy/ops`)).status, 404);
  });
});

describe('ntfy access', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

  test('token or password of a declared topic, in any of the four ways', async (t) => {
    const { post, sandbox } = await start(t, {
      bots: [
        { platform: 'ntfy', token: 'a', secret: 'tk_secret' },
        { platform: 'ntfy', token: 'b', secret: 'user:pass' },
      ],
    });
    const status = async (topic: string, authorization?: string, query = '') => {
      const headers = authorization === undefined ? undefined : { authorization };
      return (await post(ROOT + query, { topic, message: 'x' }, headers)).status;
    };
    assert.equal(await status('a', 'Bearer tk_secret'), 200);
    assert.equal(await status('a', basic(':tk_secret')), 200);
    const auth = Buffer.from('Bearer tk_secret').toString('base64url');
    assert.equal(await status('a', undefined, `?auth=${auth}`), 200);
    assert.equal(await status('b', basic('user:pass')), 200);
    assert.equal(await status('a', 'Bearer tk_wrong'), 401);
    assert.equal(await status('b', basic('user:wrong')), 401);
    assert.equal(await status('c', 'Bearer secret'), 401);
    assert.equal(await status('c', 'Token x'), 401);
    assert.equal(await status('a'), 403);
    assert.equal(sandbox.messages().length, 4);
  });

  test('thirty wrong logins close the door, a minute opens it for one more', async (t) => {
    const { post, clock } = await start(t);
    const login = async () => code(await post(ROOT, TEXT, { authorization: 'Bearer wrong' }));
    for (let i = 0; i < 30; i += 1) assert.equal(await login(), 40101);
    assert.equal(await login(), 42909);
    clock.advance(60_000);
    assert.equal(await login(), 40101);
    assert.equal(await login(), 42909);
  });
});

describe('ntfy limits', () => {
  test('sixty at once over all topics, then one every five seconds', async (t) => {
    const { post, clock } = await start(t);
    for (let i = 0; i < 60; i += 1) assert.equal((await post(ROOT, { ...TEXT, topic: `t${i}` })).status, 200);
    const reply = await post(ROOT, TEXT);
    assert.equal(reply.status, 429);
    assert.equal(code(reply), 42901);
    clock.advance(4999);
    assert.equal((await post(ROOT, TEXT)).status, 429);
    clock.advance(1);
    assert.equal((await post(ROOT, TEXT)).status, 200);
    assert.equal((await post(ROOT, TEXT)).status, 429);
  });

  test('250 a day, until midnight UTC', async (t) => {
    const { post, clock } = await start(t);
    for (let i = 0; i < 250; i += 1) {
      clock.advance(5000);
      assert.equal((await post(ROOT, TEXT)).status, 200);
    }
    assert.equal(code(await post(ROOT, TEXT)), 42908);
    // START is 22:13:20 UTC.
    clock.advance(2 * 3_600_000);
    assert.equal((await post(ROOT, TEXT)).status, 200);
  });

  test('faults in the words of the server', async (t) => {
    const { post, sandbox } = await start(t);
    sandbox.fault({ platform: 'ntfy', fault: 'code:42908' });
    const { status, json } = await post(ROOT, TEXT);
    assert.equal(status, 429);
    assert.deepEqual(json, {
      code: 42908,
      http: 429,
      error: 'limit reached: daily message quota reached',
      link: 'https://ntfy.sh/docs/publish/#limitations',
    });
    sandbox.fault({ platform: 'ntfy', fault: 'code:50001' });
    assert.equal((await post(ROOT, TEXT)).status, 500);
    assert.throws(() => sandbox.fault({ platform: 'ntfy', fault: 'code:12345' }));
  });
});
