import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { start, type Started } from './start.ts';

const API = '/feishu_app/open-apis';
const TOKEN = `${API}/auth/v3/tenant_access_token/internal`;
const KEYS = { app_id: 'cli_a1', app_secret: 'app-secret' };
const send = (type = 'open_id'): string => `${API}/im/v1/messages?receive_id_type=${type}`;
const message = (msg_type: string, content: unknown, more: object = {}) => ({
  receive_id: 'ou_1',
  msg_type,
  content: JSON.stringify(content),
  ...more,
});
const TEXT = message('text', { text: 'hello' });

interface Reply {
  readonly status: number;
  readonly json: unknown;
}
const code = ({ json }: Reply): number => (json as { code: number }).code;
const data = ({ json }: Reply) => (json as { data: Record<string, unknown> }).data;

async function signIn({ post }: Started, keys: object = KEYS): Promise<Record<string, string>> {
  const { json } = await post(TOKEN, keys);
  return { authorization: `Bearer ${(json as { tenant_access_token: string }).tenant_access_token}` };
}

describe('feishu_app token', () => {
  test('the same one while half an hour remains; then a new one, and both work', async (t) => {
    const at = await start(t);
    const first = (await at.post(TOKEN, KEYS)).json as { tenant_access_token: string };
    assert.match(first.tenant_access_token, /^t-/);
    assert.deepEqual(first, { code: 0, msg: 'ok', tenant_access_token: first.tenant_access_token, expire: 7200 });
    at.clock.advance(5_400_000);
    assert.deepEqual((await at.post(TOKEN, KEYS)).json, { ...first, expire: 1800 });
    at.clock.advance(1000);
    const second = await signIn(at);
    const old = { authorization: `Bearer ${first.tenant_access_token}` };
    assert.notDeepEqual(second, old);
    assert.equal(code(await at.post(send(), TEXT, old)), 0);
    assert.equal(code(await at.post(send(), TEXT, second)), 0);
    at.clock.advance(1_799_000);
    assert.equal(code(await at.post(send(), TEXT, old)), 99991663);
    assert.equal(code(await at.post(send(), TEXT, second)), 0);
  });

  test('wrong credentials', async (t) => {
    const at = await start(t, { bots: [{ platform: 'feishu_app', token: 'cli_a1', secret: 'app-secret' }] });
    for (const wrong of [{}, { ...KEYS, app_id: 'a1' }, { app_id: 'cli_a1' }, { ...KEYS, app_secret: 'a b' }, '{']) {
      const reply = await at.post(TOKEN, wrong);
      assert.deepEqual([reply.status, code(reply)], [400, 10003]);
    }
    const reply = await at.post(TOKEN, { ...KEYS, app_secret: 'other' });
    assert.deepEqual([reply.status, code(reply)], [200, 10014]);
    assert.equal(at.sandbox.refusals()[0]?.token, 'cli_a1');
    assert.equal((await fetch(at.sandbox.url + TOKEN)).status, 404);
  });

  test('missing, malformed, unknown and revoked tokens', async (t) => {
    const at = await start(t);
    const headers = await signIn(at);
    const cases: [headers: Record<string, string>, code: number][] = [
      [{}, 99991661],
      [{ authorization: headers['authorization']!.replace('Bearer ', '') }, 99991661],
      [{ authorization: 'Bearer u-1' }, 99991671],
      [{ authorization: 'Bearer t-made-up' }, 99991663],
    ];
    for (const [given, expected] of cases) {
      const reply = await at.post(send(), TEXT, given);
      assert.deepEqual([reply.status, code(reply)], [400, expected]);
      assert.match((reply.json as { error: { log_id: string } }).error.log_id, /^[0-9A-F]{32}$/);
    }
    at.sandbox.bot({ platform: 'feishu_app', token: 'cli_a1', secret: 'newer' });
    assert.equal(code(await at.post(send(), TEXT, headers)), 99991663);
  });
});

describe('feishu_app messages', () => {
  const at = { tag: 'at', user_id: 'ou_2', user_name: 'Ann' };
  const post = {
    zh_cn: {
      title: '🔴 T',
      content: [
        [{ tag: 'text', text: 'a ' }, { tag: 'a', text: 'link', href: 'https://x.example' }, at],
        [{ tag: 'md', text: '**b**' }],
      ],
    },
  };
  const card = {
    header: { title: { tag: 'plain_text', content: 'T' }, template: 'red' },
    elements: [
      { tag: 'markdown', content: 'down <at id=all></at>' },
      { tag: 'div', fields: [{ is_short: true, text: { tag: 'lark_md', content: '**Host**\nweb-1' } }] },
    ],
  };

  test('text: the documented encoding', async (t) => {
    const started = await start(t);
    const content = String.raw`{"text":"a\"b\nc <at user_id=\"all\"></at>"}`;
    const reply = await started.post(send(), { ...TEXT, content }, await signIn(started));
    assert.equal(reply.status, 200);
    assert.match(String(data(reply)['message_id']), /^om_[0-9a-f]{32}$/);
    assert.deepEqual(data(reply)['body'], { content });
    const [shown] = started.sandbox.messages();
    assert.equal(shown?.text, 'a"b\nc @所有人');
    assert.deepEqual(shown.mentions, ['all']);
    assert.equal(shown.token, 'cli_a1');
  });

  test('post: without the wrapper of the custom bot', async (t) => {
    const started = await start(t);
    const headers = await signIn(started);
    assert.equal(code(await started.post(send(), message('post', post), headers)), 0);
    const [shown] = started.sandbox.messages();
    assert.equal(shown?.title, '🔴 T');
    assert.equal(shown.text, 'a link@Ann\n**b**');
    assert.equal(shown.level, 'error');
    assert.deepEqual(shown.mentions, ['ou_2']);
    assert.deepEqual(shown.links, [{ text: 'link', url: 'https://x.example' }]);
    assert.equal(code(await started.post(send(), message('post', { post }), headers)), 230001);
  });

  test('interactive: the card itself', async (t) => {
    const started = await start(t);
    const headers = await signIn(started);
    assert.equal(code(await started.post(send(), message('interactive', card), headers)), 0);
    const [shown] = started.sandbox.messages();
    assert.deepEqual([shown?.style, shown?.title, shown?.level], ['card', 'T', 'error']);
    assert.deepEqual(shown?.fields, [{ name: 'Host', value: 'web-1' }]);
    const template = message('interactive', { type: 'template', data: { template_id: 'AAq1' } });
    assert.equal(code(await started.post(send(), template, headers)), 0);
    const broken = await started.post(send(), message('interactive', { card }), headers);
    assert.equal(code(broken), 230099);
    assert.match((broken.json as { msg: string }).msg, /^Failed to create card content, ext=ErrCode: \d+; ErrMsg: /);
  });

  const bad: Record<string, [path: string, body: unknown, code: number]> = {
    'no receive_id_type': [`${API}/im/v1/messages`, TEXT, 99992402],
    'unknown receive_id_type': [send('mobile'), TEXT, 99992402],
    'prototype name as receive_id_type': [send('toString'), TEXT, 99992402],
    'no JSON': [send(), '{', 9499],
    'no receive_id': [send(), { ...TEXT, receive_id: undefined }, 99992402],
    'no msg_type': [send(), { ...TEXT, msg_type: undefined }, 99992402],
    'content that is an object': [send(), { ...TEXT, content: { text: 'x' } }, 9499],
    'content that is no JSON': [send(), { ...TEXT, content: 'hello' }, 230001],
    'text without text': [send(), message('text', { content: 'x' }), 230001],
    'unknown msg_type': [send(), message('markdown', { text: 'x' }), 230001],
    'prototype name as msg_type': [send(), message('toString', {}), 230001],
    'uuid of 51 characters': [send(), { ...TEXT, uuid: 'u'.repeat(51) }, 99992402],
    'open_id of another shape': [send(), { ...TEXT, receive_id: 'oc_1' }, 99992351],
    'user_id that is an open_id': [send('user_id'), TEXT, 99992351],
    'email without @': [send('email'), { ...TEXT, receive_id: 'a' }, 99992351],
    'unknown person': [send(), { ...TEXT, receive_id: 'ou_nobody1' }, 230013],
    'unknown mailbox': [send('email'), { ...TEXT, receive_id: 'nobody@x.example' }, 230013],
    'group without the bot': [send('chat_id'), { ...TEXT, receive_id: 'oc_nobody' }, 230002],
    'post with an href that is no URL': [
      send(),
      message('post', { zh_cn: { content: [[{ tag: 'a', text: 'x', href: 'x' }]] } }),
      230001,
    ],
  };
  for (const [name, [path, body, expected]] of Object.entries(bad)) {
    test(`${name}: ${expected}`, async (t) => {
      const started = await start(t);
      const reply = await started.post(path, body, await signIn(started));
      assert.equal(reply.status, 400);
      assert.equal(code(reply), expected);
      assert.equal(started.sandbox.messages().length, 0);
    });
  }

  test('the gateway names the field', async (t) => {
    const started = await start(t);
    const { json } = await started.post(`${API}/im/v1/messages`, TEXT, await signIn(started));
    const { error } = json as { error: { field_violations: unknown } };
    assert.deepEqual(error.field_violations, [
      { field: 'receive_id_type', description: 'receive_id_type is required' },
    ]);
  });

  test('every type of id is taken', async (t) => {
    const started = await start(t);
    const headers = await signIn(started);
    const ids = { open_id: 'ou_1', union_id: 'on_1', user_id: 'e33ggbyz', email: 'a@x.example', chat_id: 'oc_1' };
    for (const [type, receive_id] of Object.entries(ids)) {
      assert.equal(code(await started.post(send(type), { ...TEXT, receive_id }, headers)), 0, type);
    }
  });

  test('150,000 bytes of text, 30,000 of anything else', async (t) => {
    const started = await start(t);
    const headers = await signIn(started);
    const of = (kind: string, text: string) =>
      message(kind, kind === 'text' ? { text } : { zh_cn: { content: [[{ tag: 'text', text }]] } });
    for (const [kind, max] of [
      ['text', 150_000],
      ['post', 30_000],
    ] as const) {
      const room = max - Buffer.byteLength(JSON.stringify(of(kind, '')));
      assert.equal(code(await started.post(send(), of(kind, 'a'.repeat(room)), headers)), 0);
      assert.equal(code(await started.post(send(), of(kind, 'a'.repeat(room + 1)), headers)), 230025);
    }
  });

  test('one uuid is one message for an hour', async (t) => {
    const started = await start(t);
    const headers = await signIn(started);
    const first = await started.post(send(), { ...TEXT, uuid: 'u-1' }, headers);
    assert.deepEqual(await started.post(send(), { ...TEXT, uuid: 'u-1' }, headers), first);
    assert.equal(started.sandbox.messages().length, 1);
    const other = await signIn(started, { ...KEYS, app_id: 'cli_a2' });
    assert.notDeepEqual(await started.post(send(), { ...TEXT, uuid: 'u-1' }, other), first);
    started.clock.advance(3_600_000);
    assert.notDeepEqual(await started.post(send(), { ...TEXT, uuid: 'u-1' }, headers), first);
    assert.equal(started.sandbox.messages().length, 3);
  });

  test('five a second to one person or chat', async (t) => {
    const started = await start(t);
    const headers = await signIn(started);
    const other = await signIn(started, { ...KEYS, app_id: 'cli_a2' });
    for (let i = 0; i < 5; i += 1) assert.equal(code(await started.post(send(), TEXT, headers)), 0);
    const reply = await started.post(send(), TEXT, headers);
    assert.deepEqual([reply.status, code(reply)], [400, 230020]);
    assert.equal(code(await started.post(send(), TEXT, other)), 0);
    const chat = { ...TEXT, receive_id: 'oc_1' };
    for (let i = 0; i < 5; i += 1) assert.equal(code(await started.post(send('chat_id'), chat, headers)), 0);
    assert.equal(code(await started.post(send('chat_id'), chat, other)), 230020);
    started.clock.advance(1000);
    assert.equal(code(await started.post(send(), TEXT, headers)), 0);
  });

  test('50 a second and 1000 a minute from one application', async (t) => {
    const started = await start(t);
    const headers = await signIn(started);
    const ask = async (i: number) =>
      await fetch(started.sandbox.url + send(), {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ ...TEXT, receive_id: `ou_${i}` }),
      });
    for (let i = 0; i < 1000; i += 1) {
      assert.equal((await ask(i)).status, 200);
      if (i === 49) {
        const full = await ask(i);
        assert.equal(full.status, 429);
        assert.equal(full.headers.get('x-ogw-ratelimit-reset'), '1');
        assert.equal(((await full.json()) as { code: number }).code, 99991400);
      }
      if (i % 50 === 49) started.clock.advance(1000);
    }
    const full = await ask(1000);
    assert.equal(full.status, 429);
    assert.equal(full.headers.get('x-ogw-ratelimit-limit'), '1000');
    assert.equal(full.headers.get('x-ogw-ratelimit-reset'), '60');
    started.clock.advance(60_000);
    assert.equal((await ask(1001)).status, 200);
  });

  test('faults have the status and headers of the platform', async (t) => {
    const started = await start(t);
    const headers = await signIn(started);
    for (const [number, status] of [
      [99991400, 429],
      [230020, 400],
      [2200, 500],
      [10014, 200],
    ]) {
      started.sandbox.fault({ platform: 'feishu_app', token: 'cli_a1', fault: `code:${number}` });
      const reply = await started.post(send(), TEXT, headers);
      assert.deepEqual([reply.status, code(reply)], [status, number]);
    }
    started.sandbox.fault({ platform: 'feishu_app', fault: 'code:230099' });
    const { json } = await started.post(send(), TEXT, headers);
    assert.match((json as { msg: string }).msg, /ext=ErrCode: 200621/);
    assert.throws(() => started.sandbox.fault({ platform: 'feishu_app', fault: 'code:0' }));
  });
});

describe('feishu_app urgent', () => {
  async function urge(
    { sandbox }: Started,
    id: string,
    means: string,
    users: unknown,
    headers: Record<string, string>,
    query = '?user_id_type=open_id',
  ): Promise<Reply> {
    const response = await fetch(`${sandbox.url}${API}/im/v1/messages/${id}/urgent_${means}${query}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
      body: JSON.stringify({ user_id_list: users }),
    });
    return { status: response.status, json: await response.json() };
  }

  /** A message in a chat, and what is needed to urge it. */
  async function sent(t: Parameters<typeof start>[0], type = 'chat_id', receive_id = 'oc_1') {
    const started = await start(t);
    const headers = await signIn(started);
    const reply = await started.post(send(type), { ...TEXT, receive_id }, headers);
    return { started, headers, id: String(data(reply)['message_id']) };
  }

  test('by application, text message and phone', async (t) => {
    const { started, headers, id } = await sent(t);
    for (const [means, words] of [
      ['app', '应用内加急'],
      ['sms', '短信加急'],
      ['phone', '电话加急'],
    ] as const) {
      const reply = await urge(started, id, means, ['ou_1', 'ou_2'], headers);
      assert.deepEqual(reply, { status: 200, json: { code: 0, msg: 'success', data: { invalid_user_id_list: [] } } });
      const [shown] = started.sandbox.messages();
      assert.equal(shown?.kind, `urgent_${means}`);
      assert.equal(shown.text, `${words}：ou_1、ou_2`);
      assert.deepEqual(shown.to, ['ou_1', 'ou_2']);
    }
  });

  test('some unknown: the others are called; all unknown: 230001', async (t) => {
    const { started, headers, id } = await sent(t);
    const reply = await urge(started, id, 'app', ['ou_1', 'ou_nobody', 'bad'], headers);
    assert.deepEqual(data(reply), { invalid_user_id_list: ['ou_nobody', 'bad'] });
    assert.deepEqual(started.sandbox.messages()[0]?.to, ['ou_1']);
    assert.equal(code(await urge(started, id, 'app', ['ou_nobody'], headers)), 230001);
  });

  test('a message to one person urges that person alone', async (t) => {
    const { started, headers, id } = await sent(t, 'open_id', 'ou_1');
    assert.deepEqual(data(await urge(started, id, 'app', ['ou_1', 'ou_2'], headers)), {
      invalid_user_id_list: ['ou_2'],
    });
    assert.equal(code(await urge(started, id, 'app', ['ou_2'], headers)), 230001);
    assert.equal(code(await urge(started, id, 'app', ['e33ggbyz'], headers, '?user_id_type=user_id')), 0);
  });

  test('too many unread ones, and the allowance used up', async (t) => {
    const { started, headers, id } = await sent(t);
    assert.equal(code(await urge(started, id, 'app', ['ou_crowded'], headers)), 230023);
    assert.equal(code(await urge(started, id, 'sms', ['ou_spent'], headers)), 230024);
    assert.equal(code(await urge(started, id, 'app', ['ou_spent'], headers)), 0);
  });

  test('what is refused', async (t) => {
    const { started, headers, id } = await sent(t);
    const other = await signIn(started, { ...KEYS, app_id: 'cli_a2' });
    const long = Array.from({ length: 201 }, (_, i) => `ou_${i}`);
    assert.equal(code(await urge(started, id, 'app', ['ou_1'], headers, '')), 99992402);
    assert.equal(code(await urge(started, id, 'app', ['ou_1'], headers, '?user_id_type=email')), 99992402);
    assert.equal(code(await urge(started, id, 'app', [], headers)), 99992402);
    assert.equal(code(await urge(started, id, 'app', 'ou_1', headers)), 99992402);
    assert.equal(code(await urge(started, id, 'app', long, headers)), 99992402);
    assert.equal(code(await urge(started, id, 'app', ['ou_1'], other)), 230012);
    assert.equal(code(await urge(started, 'om_made_up', 'app', ['ou_1'], headers)), 230001);
    assert.equal(code(await urge(started, id, 'app', ['ou_1'], {})), 99991661);
    const post = await fetch(`${started.sandbox.url}${API}/im/v1/messages/${id}/urgent_app`, {
      method: 'POST',
      headers,
    });
    assert.equal(post.status, 404);
    assert.equal(started.sandbox.messages().length, 1);
  });
});
