import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { start } from './start.ts';

const SEND = '/robot/send?access_token=bot-1';
const TEXT = { msgtype: 'text', text: { content: 'hello' } };
const OK = { errcode: 0, errmsg: 'ok' };
const SECRET = 'SECtest-secret-123';
const SIGN = 'OdCH901FOf73VhFoU/E7B7DzgzJbshAF1ZFsnN4AYZg=';
const WITH_FEISHU_RECIPE = 'll7kLYiNNdPP369LMxEUPgnJ4pFsg4g0yXEiCYCI/qk=';
const code = ({ json }: { json: unknown }): number => (json as { errcode: number }).errcode;

describe('dingtalk signature', () => {
  const bots = [{ platform: 'dingtalk', token: 'bot-1', secret: SECRET }];
  const url = (timestamp: string, sign: string) => `${SEND}&timestamp=${timestamp}&sign=${sign}`;

  test('the official recipe, encoded once, is accepted', async (t) => {
    const { post } = await start(t, { bots });
    const reply = await post(url('1700000000000', 'OdCH901FOf73VhFoU%2FE7B7DzgzJbshAF1ZFsnN4AYZg%3D'), TEXT);
    assert.deepEqual(reply, { status: 200, json: OK });
  });

  test('a sign that holds a plus must be escaped', async (t) => {
    const { post, clock } = await start(t, {
      bots: [{ platform: 'dingtalk', token: 'bot-1', secret: 'this is secret' }],
    });
    clock.advance(1_577_262_236_757 - clock.now());
    const sign = 'hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM=';
    assert.equal(code(await post(url('1577262236757', encodeURIComponent(sign)), TEXT)), 0);
    assert.equal(code(await post(url('1577262236757', sign), TEXT)), 310000);
    assert.equal(code(await post(url('1577262236757', encodeURIComponent(encodeURIComponent(sign))), TEXT)), 310000);
  });

  test('every wrong signature is 310000 inside HTTP 200', async (t) => {
    const { post, sandbox } = await start(t, { bots });
    const good = encodeURIComponent(SIGN);
    const wrong = [
      SEND,
      `${SEND}&timestamp=1700000000000`,
      `${SEND}&sign=${good}`,
      url('1700000000000', encodeURIComponent(WITH_FEISHU_RECIPE)),
      url('1700000000000', encodeURIComponent(good)),
      url('1700000000001', good),
      url('1700000000', good),
      url('', good),
      `${url('1700000000000', good)}&sign=${good}`,
      `${url('1700000000000', good)}&timestamp=1700000000000`,
    ];
    for (const path of wrong) {
      const reply = await post(path, TEXT);
      assert.equal(reply.status, 200);
      assert.equal(code(reply), 310000, path);
    }
    assert.equal(sandbox.messages().length, 0);
  });

  test('one hour either way is the limit', async (t) => {
    const { post, clock } = await start(t, { bots });
    const path = url('1700000000000', encodeURIComponent(SIGN));
    clock.advance(3_600_000);
    assert.equal(code(await post(path, TEXT)), 0);
    clock.advance(1);
    const { json } = await post(path, TEXT);
    assert.deepEqual(json, { errcode: 310000, errmsg: 'invalid timestamp' });
    clock.advance(-7_200_002);
    assert.equal(code(await post(path, TEXT)), 310000);
  });

  test('a bot that was not declared takes any well-formed signature of this hour', async (t) => {
    const { post } = await start(t);
    assert.equal(code(await post(url('1700000000000', encodeURIComponent(WITH_FEISHU_RECIPE)), TEXT)), 0);
    assert.equal(code(await post(url('1600000000000', encodeURIComponent(SIGN)), TEXT)), 310000);
    assert.equal(code(await post(url('1700000000000', 'abc'), TEXT)), 310000);
  });
});

describe('dingtalk shapes', () => {
  const at = { atMobiles: ['13800000000'], atUserIds: ['u1'], isAtAll: true };
  const actions = { title: 'T', text: '# T' };
  const good: Record<string, [body: unknown, title: string, text: string]> = {
    text: [{ ...TEXT, at, msgUuid: 'u-1' }, '', 'hello'],
    link: [{ msgtype: 'link', link: { title: 'T', text: 'x', messageUrl: 'https://x.example', picUrl: '' } }, 'T', 'x'],
    markdown: [{ msgtype: 'markdown', markdown: { title: 'T', text: '### x' }, at }, 'T', '### x'],
    'actionCard with one button': [
      {
        msgtype: 'actionCard',
        actionCard: { ...actions, btnOrientation: '0', singleTitle: 'Open', singleURL: 'https://x.example' },
      },
      'T',
      '# T',
    ],
    'actionCard with several': [
      { msgtype: 'actionCard', actionCard: { ...actions, btns: [{ title: 'A', actionURL: 'https://x.example' }] } },
      'T',
      '# T',
    ],
    feedCard: [
      {
        msgtype: 'feedCard',
        feedCard: { links: [{ title: 'T', messageURL: 'https://x.example', picURL: 'https://x.example/p.png' }] },
      },
      'T',
      '',
    ],
  };
  for (const [name, [body, title, text]] of Object.entries(good)) {
    test(`${name} is accepted and readable`, async (t) => {
      const { post, sandbox } = await start(t);
      assert.deepEqual(await post(SEND, body), { status: 200, json: OK });
      const [message] = sandbox.messages();
      assert.equal(message?.title, title);
      assert.equal(message.text, text);
      assert.deepEqual(message.raw, body);
    });
  }

  const bad: Record<string, [body: unknown, code: number]> = {
    'no msgtype': [{ text: { content: 'x' } }, 40035],
    "another platform's msg_type": [{ msg_type: 'text', content: { text: 'x' } }, 40035],
    'unknown msgtype': [{ msgtype: 'card' }, 400105],
    'prototype name as msgtype': [{ msgtype: '__proto__' }, 400105],
    'blank text': [{ msgtype: 'text', text: { content: ' ' } }, 40035],
    'markdown without title': [{ msgtype: 'markdown', markdown: { text: 'x' } }, 40035],
    'mobile that is no string': [{ ...TEXT, at: { atMobiles: [13800000000] } }, 40035],
    'isAtAll that is no boolean': [{ ...TEXT, at: { isAtAll: 'true' } }, 40035],
    'link with the capitals of feedCard': [
      { msgtype: 'link', link: { title: 'T', text: 'x', messageURL: 'https://x.example' } },
      40035,
    ],
    'actionCard without buttons': [{ msgtype: 'actionCard', actionCard: actions }, 40035],
    'actionCard with singleTitle alone': [
      { msgtype: 'actionCard', actionCard: { ...actions, singleTitle: 'Open' } },
      40035,
    ],
    'btnOrientation as a number': [
      {
        msgtype: 'actionCard',
        actionCard: { ...actions, btnOrientation: 0, singleTitle: 'Open', singleURL: 'https://x.example' },
      },
      40035,
    ],
    'empty feedCard': [{ msgtype: 'feedCard', feedCard: { links: [] } }, 40035],
  };
  for (const [name, [body, expected]] of Object.entries(bad)) {
    test(`${name}: ${expected}`, async (t) => {
      const { post, sandbox } = await start(t);
      const reply = await post(SEND, body);
      assert.equal(reply.status, 200);
      assert.equal(code(reply), expected);
      assert.equal(sandbox.messages().length, 0);
    });
  }

  test('mentions, level and colour are what a reader would see', async (t) => {
    const { post, sandbox } = await start(t);
    await post(SEND, { ...TEXT, at });
    assert.deepEqual(sandbox.messages()[0]?.mentions, ['all', '13800000000', 'u1']);
    await post(SEND, { msgtype: 'markdown', markdown: { title: '⚠️ T', text: 'x' } });
    assert.equal(sandbox.messages()[0]?.level, 'warning');
    await post(SEND, { msgtype: 'markdown', markdown: { title: 'T', text: '<font color="#D9363E">x</font>' } });
    assert.equal(sandbox.messages()[0]?.level, 'error');
    assert.equal(sandbox.messages()[0]?.colour, '#d9363e');
  });
});

describe('dingtalk transport', () => {
  test('method, token, content type and JSON', async (t) => {
    const { post, sandbox } = await start(t);
    const get = await fetch(sandbox.url + SEND);
    assert.equal(get.status, 200);
    assert.equal(code({ json: await get.json() }), 43002);
    assert.equal(code(await post('/robot/send', TEXT)), 88);
    assert.equal(code(await post('/robot/send?access_token=', TEXT)), 88);
    assert.equal(code(await post('/robot/send?access_token=a%20b', TEXT)), 300005);
    assert.equal(code(await post(SEND, TEXT, { 'content-type': 'text/plain' })), 43004);
    assert.equal(code(await post(SEND, '{')), 40035);
  });

  test('20,000 bytes pass, one more is 460101', async (t) => {
    const { post } = await start(t);
    const of = (content: string) => ({ msgtype: 'text', text: { content } });
    const room = 20_000 - Buffer.byteLength(JSON.stringify(of('')));
    assert.equal(code(await post(SEND, of('a'.repeat(room)))), 0);
    assert.equal(code(await post(SEND, of('a'.repeat(room + 1)))), 460101);
    assert.equal(code(await post(SEND, of('🔥'.repeat(Math.floor(room / 4) + 1)))), 460101);
  });

  test('the 21st in a minute closes the robot for ten minutes', async (t) => {
    const { post, clock } = await start(t);
    for (let i = 0; i < 20; i += 1) assert.equal(code(await post(SEND, TEXT)), 0);
    assert.equal(code(await post(SEND, TEXT)), 130101);
    clock.advance(599_999);
    assert.equal(code(await post(SEND, TEXT)), 130101);
    assert.equal(code(await post('/robot/send?access_token=bot-2', TEXT)), 0);
    clock.advance(1);
    assert.equal(code(await post(SEND, TEXT)), 0);
  });

  test('twenty a minute for ten minutes never meet the limit', async (t) => {
    const { post, clock } = await start(t);
    for (let i = 0; i < 60; i += 1) {
      assert.equal(code(await post(SEND, TEXT)), 0);
      clock.advance(3000);
    }
  });
});
