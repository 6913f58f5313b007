import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import wecom from '../../src/sandbox/platforms/wecom_app.ts';
import { START, start, type Started } from './start.ts';

const PREFIX = '/wecom_app/cgi-bin';
const CORP = 'ww0123456789abcdef';
const text = (content: string, more: object = {}) => ({
  touser: 'zhangsan',
  agentid: 1_000_002,
  msgtype: 'text',
  text: { content },
  ...more,
});
const code = ({ json }: { json: unknown }): number => (json as { errcode: number }).errcode;

async function get({ sandbox }: Started, path: string): Promise<{ json: Record<string, unknown> }> {
  const response = await fetch(sandbox.url + path);
  return { json: (await response.json()) as Record<string, unknown> };
}

/** The path to send to, with a fresh token. */
async function signIn(at: Started, corp = CORP, secret = 'app-secret'): Promise<string> {
  const { json } = await get(at, `${PREFIX}/gettoken?corpid=${corp}&corpsecret=${secret}`);
  assert.equal(json['errcode'], 0);
  return `${PREFIX}/message/send?access_token=${String(json['access_token'])}`;
}

describe('wecom_app token', () => {
  test('the same one within its two hours, counted down', async (t) => {
    const at = await start(t);
    const path = `${PREFIX}/gettoken?corpid=${CORP}&corpsecret=s`;
    const first = await get(at, path);
    assert.equal(first.json['expires_in'], 7200);
    assert.equal(String(first.json['access_token']).length, 512);
    at.clock.advance(7_199_000);
    const second = await get(at, path);
    assert.equal(second.json['access_token'], first.json['access_token']);
    assert.equal(second.json['expires_in'], 1);
    at.clock.advance(1000);
    const third = await get(at, path);
    assert.notEqual(third.json['access_token'], first.json['access_token']);
    assert.equal(
      code(await at.post(`${PREFIX}/message/send?access_token=${String(first.json['access_token'])}`, text('x'))),
      42001,
    );
  });

  const wrong: Record<string, [query: string, code: number]> = {
    'no corpid': ['corpsecret=s', 41002],
    'no corpsecret': [`corpid=${CORP}`, 41004],
    'malformed corpid': ['corpid=a%20b&corpsecret=s', 40013],
    'malformed corpsecret': [`corpid=${CORP}&corpsecret=a%20b`, 40001],
  };
  for (const [name, [query, expected]] of Object.entries(wrong)) {
    test(`${name}: ${expected}`, async (t) => {
      assert.equal(code(await get(await start(t), `${PREFIX}/gettoken?${query}`)), expected);
    });
  }

  test('a declared secret is checked, and a new one revokes the old tokens', async (t) => {
    const at = await start(t, { bots: [{ platform: 'wecom_app', token: CORP, secret: 'right' }] });
    assert.equal(code(await get(at, `${PREFIX}/gettoken?corpid=${CORP}&corpsecret=wrong`)), 40001);
    const send = await signIn(at, CORP, 'right');
    assert.equal(code(await at.post(send, text('x'))), 0);
    at.sandbox.bot({ platform: 'wecom_app', token: CORP, secret: 'newer' });
    assert.equal(code(await at.post(send, text('x'))), 40014);
  });

  test('POST is refused', async (t) => {
    const { post } = await start(t);
    assert.equal(code(await post(`${PREFIX}/gettoken?corpid=${CORP}&corpsecret=s`, {})), 43001);
  });

  test('the 10,001st call in a minute closes the door for 60 seconds', () => {
    const [route] = wecom().routes!;
    const url = new URL(`http://sandbox${PREFIX}/gettoken?corpid=${CORP}&corpsecret=s`);
    const ask = (now: number): unknown => {
      const call = { method: 'GET', url, params: {}, headers: {}, body: Buffer.alloc(0), ip: '', now };
      return code({ json: route!.receive(call, undefined).answer.body });
    };
    for (let i = 0; i < 10_000; i += 1) assert.equal(ask(START), 0);
    assert.equal(ask(START + 1), 45009);
    assert.equal(ask(START + 60_000), 45009);
    assert.equal(ask(START + 60_001), 0);
  });

  test('missing, unknown and doubled tokens', async (t) => {
    const at = await start(t);
    const send = await signIn(at);
    assert.equal(code(await at.post(`${PREFIX}/message/send`, text('x'))), 41001);
    assert.equal(code(await at.post(`${PREFIX}/message/send?access_token=made-up`, text('x'))), 40014);
    assert.equal(code(await at.post(`${send}&access_token=x`, text('x'))), 40014);
  });
});

describe('wecom_app shapes', () => {
  const of = (msgtype: string, content: unknown, more: object = {}) => ({
    touser: 'zhangsan',
    agentid: 1_000_002,
    msgtype,
    [msgtype]: content,
    ...more,
  });
  const card = {
    card_type: 'text_notice',
    main_title: { title: 'T' },
    card_action: { type: 1, url: 'https://x.example' },
  };
  const textcard = { title: 'T', description: 'd', url: 'https://x.example' };
  const good: Record<string, [body: unknown, title: string, text: string]> = {
    text: [text('hello'), '', 'hello'],
    markdown: [of('markdown', { content: '# x' }), '', '# x'],
    textcard: [
      of('textcard', {
        ...textcard,
        description: '<div class="gray">now</div><div class="highlight">down<br>hard</div>',
      }),
      'T',
      'now\ndown\nhard',
    ],
    news: [of('news', { articles: [{ title: 'T', description: 'd', url: 'https://x.example' }] }), 'T', 'd'],
    template_card: [of('template_card', card), 'T', ''],
  };
  for (const [name, [body, title, words]] of Object.entries(good)) {
    test(`${name} is accepted and readable`, async (t) => {
      const at = await start(t);
      const { json } = await at.post(await signIn(at), body);
      assert.match((json as { msgid: string }).msgid, /^[\w-]+$/);
      assert.deepEqual({ ...(json as object), msgid: 0 }, { errcode: 0, errmsg: 'ok', msgid: 0 });
      const [message] = at.sandbox.messages();
      assert.equal(message?.title, title);
      assert.equal(message.text, words);
      assert.equal(message.token, CORP);
      assert.deepEqual(message.to, ['zhangsan']);
    });
  }

  const bad: Record<string, [body: unknown, code: number]> = {
    'no msgtype': [{ touser: 'a', agentid: 1, text: { content: 'x' } }, 40008],
    'a type of the group bot alone': [of('markdown_v2', { content: 'x' }), 40008],
    'prototype name as msgtype': [of('toString', {}), 40008],
    'agentid as a string': [text('x', { agentid: '1000002' }), 40056],
    'no agentid': [text('x', { agentid: undefined }), 40056],
    'empty text': [text(' '), 44004],
    'text that is no string': [of('text', { content: 7 }), 40035],
    'text missing': [of('text', undefined), 40035],
    'users in a list': [text('x', { touser: ['a'] }), 40035],
    'no recipient at all': [text('x', { touser: undefined }), 82001],
    'empty recipients': [text('x', { touser: '', toparty: '', totag: '' }), 82001],
    '1001 users': [text('x', { touser: Array.from({ length: 1001 }, (_, i) => `u${i}`).join('|') }), 40032],
    '101 departments': [text('x', { toparty: Array.from({ length: 101 }, (_, i) => `${i + 1}`).join('|') }), 82002],
    '101 tags': [text('x', { totag: Array.from({ length: 101 }, (_, i) => `${i + 1}`).join('|') }), 82003],
    'markdown of 2049 bytes': [of('markdown', { content: 'a'.repeat(2049) }), 40058],
    'textcard without url': [of('textcard', { title: 'T', description: 'd' }), 40035],
    'textcard title of 129': [of('textcard', { ...textcard, title: '告'.repeat(129) }), 40058],
    'textcard description of 513': [of('textcard', { ...textcard, description: 'a'.repeat(513) }), 40058],
    'textcard url of 2049 bytes': [
      of('textcard', { ...textcard, url: `https://x.example/${'a'.repeat(2031)}` }),
      40058,
    ],
    'button of five characters': [of('textcard', { ...textcard, btntxt: '查看详细情' }), 40058],
    'nine articles': [
      of('news', { articles: Array.from({ length: 9 }, () => ({ title: 'T', url: 'https://x.example' })) }),
      45008,
    ],
    'article description of 513 bytes': [
      of('news', { articles: [{ title: 'T', url: 'https://x.example', description: 'a'.repeat(513) }] }),
      40058,
    ],
    'template card without action': [of('template_card', { ...card, card_action: undefined }), 40035],
    'template card with a blank in task_id': [of('template_card', { ...card, task_id: 'a b' }), 40035],
    'template card with a menu but no task_id': [of('template_card', { ...card, action_menu: {} }), 40063],
    'picture that was never uploaded': [of('image', { media_id: 'x' }), 40007],
    'interval over four hours': [text('x', { enable_duplicate_check: 1, duplicate_check_interval: 14_401 }), 40035],
  };
  for (const [name, [body, expected]] of Object.entries(bad)) {
    test(`${name}: ${expected}`, async (t) => {
      const at = await start(t);
      const reply = await at.post(await signIn(at), body);
      assert.equal(reply.status, 200);
      assert.equal(code(reply), expected);
      assert.equal(at.sandbox.messages().length, 0);
      assert.equal(at.sandbox.refusals()[0]?.code, String(expected));
    });
  }

  test('content type, JSON and method', async (t) => {
    const at = await start(t);
    const send = await signIn(at);
    assert.equal(code(await at.post(send, text('x'), { 'content-type': 'text/plain' })), 40035);
    const { json } = await at.post(send, '{"touser"');
    assert.match(
      (json as { errmsg: string }).errmsg,
      /wrong json format\. .*from ip: 127\.0\.0\.1.*devtool\/query\?e=40035/,
    );
    assert.equal(code(await get(at, send)), 43002);
  });

  test('a text over 2048 bytes is cut off, not refused', async (t) => {
    const at = await start(t);
    assert.equal(code(await at.post(await signIn(at), text(`a${'警'.repeat(683)}`))), 0);
    assert.equal(at.sandbox.messages()[0]?.text, `a${'警'.repeat(682)}`);
  });

  test('the level is what a reader would see', async (t) => {
    const at = await start(t);
    const send = await signIn(at);
    await at.post(send, of('markdown', { content: '<font color="warning">x</font>' }));
    assert.equal(at.sandbox.messages()[0]?.level, 'warning');
    await at.post(send, of('textcard', { ...textcard, title: '🔴 T' }));
    assert.equal(at.sandbox.messages()[0]?.level, 'error');
    assert.deepEqual(at.sandbox.messages()[0]?.links, [{ text: '详情', url: 'https://x.example' }]);
  });
});

describe('wecom_app recipients', () => {
  test('unknown ones are told in lower case, the others get it', async (t) => {
    const at = await start(t);
    const { json } = await at.post(
      await signIn(at),
      text('x', { touser: 'LiSi|NoBody-1|unlicensed-2', toparty: '7|4041', totag: '404' }),
    );
    assert.deepEqual(
      { ...(json as object), msgid: 0 },
      {
        errcode: 0,
        errmsg: 'ok',
        invaliduser: 'nobody-1',
        unlicenseduser: 'unlicensed-2',
        invalidparty: '4041',
        invalidtag: '404',
        msgid: 0,
      },
    );
    assert.deepEqual(at.sandbox.messages()[0]?.to, ['LiSi', 'party:7']);
  });

  test('nobody known is 81013', async (t) => {
    const at = await start(t);
    const { json } = await at.post(await signIn(at), text('x', { touser: 'nobody1|nobody2' }));
    assert.equal(code({ json }), 81013);
    assert.equal((json as { invaliduser: string }).invaliduser, 'nobody1|nobody2');
    assert.equal(at.sandbox.messages().length, 0);
  });

  test('@all ignores departments and tags', async (t) => {
    const at = await start(t);
    assert.equal(code(await at.post(await signIn(at), text('x', { touser: '@all', toparty: '404' }))), 0);
    assert.deepEqual(at.sandbox.messages()[0]?.to, ['all']);
  });

  test('a secret belongs to one application', async (t) => {
    const at = await start(t);
    const send = await signIn(at);
    assert.equal(code(await at.post(send, text('x'))), 0);
    assert.equal(code(await at.post(send, text('x', { agentid: 1_000_003 }))), 301002);
    assert.equal(code(await at.post(await signIn(at, CORP, 'other'), text('x', { agentid: 1_000_003 }))), 0);
  });

  test('the 31st in a minute to one person is dropped behind a success', async (t) => {
    const at = await start(t);
    const send = await signIn(at);
    for (let i = 0; i < 30; i += 1) assert.equal(code(await at.post(send, text('x'))), 0);
    assert.equal(code(await at.post(send, text('x'))), 0);
    assert.equal(at.sandbox.messages().length, 30);
    assert.equal(at.sandbox.refusals()[0]?.code, 'dropped');
    assert.equal(code(await at.post(send, text('x', { touser: 'zhangsan|lisi' }))), 0);
    assert.deepEqual(at.sandbox.messages()[0]?.to, ['lisi']);
    at.clock.advance(60_000);
    await at.post(send, text('x'));
    assert.deepEqual(at.sandbox.messages()[0]?.to, ['zhangsan']);
  });

  test('with the duplicate check one body is one message for half an hour', async (t) => {
    const at = await start(t);
    const send = await signIn(at);
    const checked = text('x', { enable_duplicate_check: 1 });
    for (const expected of [1, 1]) {
      assert.equal(code(await at.post(send, checked)), 0);
      assert.equal(at.sandbox.messages().length, expected);
    }
    await at.post(send, text('y', { enable_duplicate_check: 1 }));
    assert.equal(at.sandbox.messages().length, 2);
    at.clock.advance(1_800_000);
    await at.post(send, checked);
    assert.equal(at.sandbox.messages().length, 3);
  });
});

test('wecom_app faults are in the words of the platform', async (t) => {
  const at = await start(t);
  const send = await signIn(at);
  at.sandbox.fault({ platform: 'wecom_app', token: CORP, fault: 'code:45009' });
  const { status, json } = await at.post(send, text('x'));
  assert.equal(status, 200);
  assert.match((json as { errmsg: string }).errmsg, /^api freq out of limit/);
  assert.throws(() => at.sandbox.fault({ platform: 'wecom_app', fault: 'code:Throttling' }));
  assert.throws(() => at.sandbox.fault({ platform: 'wecom_app', fault: 'code:0' }));
});
