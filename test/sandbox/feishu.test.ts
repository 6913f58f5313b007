import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { start } from './start.ts';

const HOOK = '/open-apis/bot/v2/hook/bot-1';
const TEXT = { msg_type: 'text', content: { text: 'hello' } };
const OK = { StatusCode: 0, StatusMessage: 'success', code: 0, data: {}, msg: 'success' };
const SECRET = 'test-secret-123';
const SIGN = 'daPkaWCRHAAXQst93vVK9sXdMJfjB35Ze8NS9EabjgM=';
const WITH_DINGTALK_RECIPE = '4LpPicWI7LYqA/trVwlRc4Y1WJuZeRAfRzIBXd2HLFI=';

const card = (
  elements: unknown[],
  header: unknown = { title: { tag: 'plain_text', content: 'T' }, template: 'red' },
) => ({
  msg_type: 'interactive',
  card: { header, elements },
});

describe('feishu signature', () => {
  const bots = [{ platform: 'feishu', token: 'bot-1', secret: SECRET }];
  const signed = (timestamp: unknown, sign: unknown) => ({ ...TEXT, timestamp, sign });

  test('the official recipe is accepted, as string and as number', async (t) => {
    const { post } = await start(t, { bots });
    assert.deepEqual(await post(HOOK, signed('1700000000', SIGN)), { status: 200, json: OK });
    assert.deepEqual(await post(HOOK, signed(1_700_000_000, SIGN)), { status: 200, json: OK });
  });

  test('the second vector is accepted at its own time', async (t) => {
    const { post, clock } = await start(t, { bots: [{ platform: 'feishu', token: 'bot-1', secret: 'demo' }] });
    clock.advance(1_599_360_473_000 - clock.now());
    const body = signed('1599360473', 'l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=');
    assert.deepEqual((await post(HOOK, body)).json, OK);
  });

  test('every wrong signature is 19021 inside HTTP 200', async (t) => {
    const { post, clock, sandbox } = await start(t, { bots });
    const wrong = [
      TEXT,
      { ...TEXT, timestamp: '1700000000' },
      { ...TEXT, sign: SIGN },
      signed('1700000000', WITH_DINGTALK_RECIPE),
      signed('1700000000', encodeURIComponent(SIGN)),
      signed('1700000000', SIGN.slice(0, -1)),
      signed('1700000001', SIGN),
      signed('1700000000000', SIGN),
      signed('soon', SIGN),
      signed('1700000000', 7),
    ];
    for (const body of wrong) {
      clock.advance(250);
      const { status, json } = await post(HOOK, body);
      assert.equal(status, 200);
      assert.equal((json as { code: number }).code, 19021, JSON.stringify(body));
      assert.deepEqual(Object.keys(json as object), ['code', 'data', 'msg']);
    }
    assert.equal(sandbox.messages().length, 0);
    assert.equal(sandbox.refusals().length, wrong.length);
    assert.equal(sandbox.requests(), wrong.length);
  });

  test('one hour either way is the limit', async (t) => {
    const { post, clock } = await start(t, { bots });
    const code = async () => ((await post(HOOK, signed('1700000000', SIGN))).json as { code: number }).code;
    clock.advance(3_600_000);
    assert.equal(await code(), 0);
    clock.advance(1);
    assert.equal(await code(), 19021);
    clock.advance(-7_200_001);
    assert.equal(await code(), 0);
    clock.advance(-1);
    assert.equal(await code(), 19021);
  });

  test('a bot that was not declared takes any well-formed signature of this hour', async (t) => {
    const { post } = await start(t);
    const code = async (body: unknown) => ((await post(HOOK, body)).json as { code: number }).code;
    assert.equal(await code(TEXT), 0);
    assert.equal(await code(signed('1700000000', WITH_DINGTALK_RECIPE)), 0);
    assert.equal(await code(signed('1600000000', SIGN)), 19021);
    assert.equal(await code(signed('1700000000', 'abc')), 19021);
  });
});

describe('feishu shapes', () => {
  const good: Record<string, [body: unknown, title: string, text: string]> = {
    text: [TEXT, '', 'hello'],
    post: [
      {
        msg_type: 'post',
        content: {
          post: {
            zh_cn: {
              title: 'T',
              content: [
                [
                  { tag: 'text', text: 'a ' },
                  { tag: 'a', text: 'link', href: 'https://x.example' },
                ],
                [{ tag: 'at', user_id: 'ou_xxx' }],
              ],
            },
          },
        },
      },
      'T',
      'a link\n@ou_xxx',
    ],
    image: [{ msg_type: 'image', content: { image_key: 'img_1' } }, '', '[图片]'],
    share_chat: [{ msg_type: 'share_chat', content: { share_chat_id: 'oc_1' } }, '', '[群名片]'],
    'card 1.0': [
      card(
        [
          { tag: 'markdown', content: '**bold** <at id=all></at>' },
          { tag: 'div', text: { tag: 'lark_md', content: 'a &lt;b&gt;' } },
          { tag: 'hr' },
          { tag: 'note', elements: [{ tag: 'plain_text', content: 'foot' }] },
          { tag: 'unknown_but_nested', elements: [] },
        ].slice(0, 4),
      ),
      'T',
      '**bold** @所有人\n\na <b>\n\n---\n\nfoot',
    ],
    'card 2.0': [
      {
        msg_type: 'interactive',
        card: {
          schema: '2.0',
          config: { update_multi: true },
          header: { title: { tag: 'plain_text', content: 'T' }, template: 'blue' },
          body: {
            elements: [
              { tag: 'markdown', content: 'x' },
              {
                tag: 'button',
                text: { tag: 'plain_text', content: 'Open' },
                behaviors: [{ type: 'open_url', default_url: 'https://x.example' }],
              },
            ],
          },
        },
      },
      'T',
      'x',
    ],
    'template card': [
      { msg_type: 'interactive', card: { type: 'template', data: { template_id: 'AAq1' } } },
      '',
      '[模板卡片 AAq1]',
    ],
  };
  for (const [name, [body, title, text]] of Object.entries(good)) {
    test(`${name} is accepted and readable`, async (t) => {
      const { post, sandbox } = await start(t);
      assert.deepEqual(await post(HOOK, body), { status: 200, json: OK });
      const [message] = sandbox.messages();
      assert.equal(message?.title, title);
      assert.equal(message.text, text);
      assert.deepEqual(message.raw, body);
      assert.equal(message.token, 'bot-1');
    });
  }

  const div = (text: unknown) => [{ tag: 'div', text }];
  const bad: Record<string, [body: unknown, code: number]> = {
    'no msg_type': [{ content: { text: 'x' } }, 19002],
    "another platform's msgtype": [{ msgtype: 'text', text: { content: 'x' } }, 19002],
    'unknown msg_type': [{ msg_type: 'markdown', content: {} }, 19002],
    'prototype name as msg_type': [{ msg_type: 'constructor', content: {} }, 19002],
    'empty text': [{ msg_type: 'text', content: { text: '' } }, 19002],
    'text that is no string': [{ msg_type: 'text', content: { text: 1 } }, 19002],
    'post without wrapper': [{ msg_type: 'post', content: { zh_cn: { content: [] } } }, 19002],
    'post with a wrong link': [
      { msg_type: 'post', content: { post: { zh_cn: { content: [[{ tag: 'a', text: 'x', href: 'nowhere' }]] } } } },
      19002,
    ],
    'card as a string': [{ msg_type: 'interactive', card: '{}' }, 200621],
    'card under content': [{ msg_type: 'interactive', content: { elements: [] } }, 200621],
    'card without elements': [{ msg_type: 'interactive', card: { header: undefined } }, 230099],
    'unknown colour': [card([], { title: { tag: 'plain_text', content: 'T' }, template: 'pink' }), 200621],
    'unknown tag': [card([{ tag: 'blink' }]), 200621],
    'div without text': [card([{ tag: 'div' }]), 200621],
    'div with a bare string': [card(div('x')), 200621],
    'button with a script link': [
      card([{ tag: 'button', text: { tag: 'plain_text', content: 'x' }, url: 'javascript:alert(1)' }]),
      200621,
    ],
    'note in card 2.0': [
      {
        msg_type: 'interactive',
        card: { schema: '2.0', body: { elements: [{ tag: 'note', elements: [{ tag: 'plain_text', content: 'x' }] }] } },
      },
      200621,
    ],
    'unknown property in card 2.0': [
      { msg_type: 'interactive', card: { schema: '2.0', elements: [], body: { elements: [] } } },
      200621,
    ],
    'six tables': [card(Array.from({ length: 6 }, () => ({ tag: 'table', columns: [] }))), 11310],
    '201 elements in card 2.0': [
      {
        msg_type: 'interactive',
        card: { schema: '2.0', body: { elements: Array.from({ length: 201 }, () => ({ tag: 'hr' })) } },
      },
      11310,
    ],
  };
  for (const [name, [body, code]] of Object.entries(bad)) {
    test(`${name}: ${code}`, async (t) => {
      const { post, sandbox } = await start(t);
      const { status, json } = await post(HOOK, body);
      assert.equal(status, 200);
      assert.equal((json as { code: number }).code, code);
      assert.equal(sandbox.messages().length, 0);
    });
  }

  test('level and colour are those of the header, fields and links are found', async (t) => {
    const { post, sandbox } = await start(t);
    await post(
      HOOK,
      card([
        { tag: 'div', fields: [{ is_short: true, text: { tag: 'lark_md', content: '**主机**\ndb-01' } }] },
        {
          tag: 'action',
          actions: [{ tag: 'button', text: { tag: 'plain_text', content: 'Open' }, url: 'https://x.example/' }],
        },
      ]),
    );
    const [message] = sandbox.messages();
    assert.equal(message?.level, 'error');
    assert.equal(message.colour, 'red');
    assert.deepEqual(message.fields, [{ name: '主机', value: 'db-01' }]);
    assert.deepEqual(message.links, [{ text: 'Open', url: 'https://x.example/' }]);
  });

  test('mentions are read from text; escaped ones are text', async (t) => {
    const { post, sandbox } = await start(t);
    const text = '<at user_id="ou_1">Name</at> <at user_id="all">所有人</at> &lt;at user_id="x"&gt;y&lt;/at&gt;';
    await post(HOOK, { msg_type: 'text', content: { text } });
    const [message] = sandbox.messages();
    assert.deepEqual(message?.mentions, ['ou_1', 'all']);
    assert.equal(message.text, '@Name @所有人 <at user_id="x">y</at>');
  });
});

describe('feishu transport', () => {
  test('method, content type, JSON and UTF-8 are judged before anything else', async (t) => {
    const { post, sandbox, clock } = await start(t);
    const bad = { status: 400, json: { code: 9499, data: {}, msg: 'Bad Request' } };
    assert.deepEqual(await post(HOOK, TEXT, { 'content-type': 'text/plain' }), bad);
    assert.deepEqual(await post(HOOK, TEXT, { 'content-type': 'application/json; charset=gbk' }), bad);
    assert.deepEqual(await post(HOOK, '{"msg_type":'), bad);
    assert.deepEqual(await post(HOOK, '[]'), bad);
    clock.advance(1000);
    assert.equal((await fetch(sandbox.url + HOOK)).status, 400);
    const bytes = Buffer.concat([
      Buffer.from('{"msg_type":"text","content":{"text":"'),
      Buffer.from([0xff]),
      Buffer.from('"}}'),
    ]);
    const reply = await fetch(sandbox.url + HOOK, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: bytes,
    });
    assert.equal(reply.status, 400);
  });

  test('20,000 bytes pass, one more is 19036, counted in bytes', async (t) => {
    const { post } = await start(t);
    const room = 20_000 - Buffer.byteLength(JSON.stringify({ msg_type: 'text', content: { text: '' } }));
    const of = (text: string) => ({ msg_type: 'text', content: { text } });
    const code = async (text: string) => ((await post(HOOK, of(text))).json as { code: number }).code;
    assert.equal(await code('a'.repeat(room)), 0);
    assert.equal(await code('a'.repeat(room + 1)), 19036);
    assert.equal(await code('警'.repeat(Math.floor(room / 3))), 0);
    assert.equal(await code('警'.repeat(Math.floor(room / 3) + 1)), 19036);
  });

  test('a token no bot can have is 19001', async (t) => {
    const { post } = await start(t);
    const { json } = await post('/open-apis/bot/v2/hook/a%20b', TEXT);
    assert.equal((json as { code: number }).code, 19001);
  });

  test('5 a second and 100 a minute, per bot, as sliding windows', async (t) => {
    const { post, clock } = await start(t);
    const code = async (token = 'bot-1') =>
      ((await post(`/open-apis/bot/v2/hook/${token}`, TEXT)).json as { code: number }).code;
    for (let i = 0; i < 5; i += 1) assert.equal(await code(), 0);
    assert.equal(await code(), 11232);
    assert.equal(await code('bot-2'), 0);
    clock.advance(999);
    assert.equal(await code(), 11232);
    clock.advance(1);
    for (let i = 5; i < 100; i += 1) {
      assert.equal(await code(), 0);
      clock.advance(200);
    }
    clock.advance(1000);
    assert.equal(await code(), 11232);
    clock.advance(60_000);
    assert.equal(await code(), 0);
  });
});
