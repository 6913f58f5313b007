import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { start } from './start.ts';

const SEND = '/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa';
const text = (content: unknown, more: object = {}) => ({ msgtype: 'text', text: { content, ...more } });
const OK = { errcode: 0, errmsg: 'ok' };
const code = ({ json }: { json: unknown }): number => (json as { errcode: number }).errcode;

const template = (more: object) => ({
  msgtype: 'template_card',
  template_card: {
    card_type: 'text_notice',
    main_title: { title: 'T', desc: 'd' },
    card_action: { type: 1, url: 'https://x.example' },
    ...more,
  },
});
const times = <T>(n: number, value: T): T[] => Array.from({ length: n }, () => value);

describe('wechat shapes', () => {
  const good: Record<string, [body: unknown, title: string, text: string]> = {
    text: [text('hello', { mentioned_list: ['u1', '@all'], mentioned_mobile_list: ['138'] }), '', 'hello'],
    markdown: [{ msgtype: 'markdown', markdown: { content: '# x <@u1>' } }, '', '# x <@u1>'],
    markdown_v2: [{ msgtype: 'markdown_v2', markdown_v2: { content: '|a|\n|-|' } }, '', '|a|\n|-|'],
    image: [{ msgtype: 'image', image: { base64: 'aGVsbG8=', md5: '5d41402abc4b2a76b9719d911017c592' } }, '', '[图片]'],
    news: [
      { msgtype: 'news', news: { articles: [{ title: 'T', description: 'd', url: 'https://x.example' }] } },
      'T',
      'd',
    ],
    text_notice: [
      template({
        source: { desc: 'App', desc_color: 2 },
        emphasis_content: { title: '100', desc: 'n' },
        quote_area: { type: 1, url: 'https://x.example', quote_text: 'q' },
        sub_title_text: 's',
        horizontal_content_list: times(6, { keyname: 'Host', value: 'web-1' }),
        jump_list: times(3, { type: 1, url: 'https://x.example', title: 'j' }),
      }),
      'T',
      'd\n\n**100** n\n\n> q\n\ns',
    ],
    news_notice: [template({ card_type: 'news_notice', card_image: { url: 'https://x.example/i.png' } }), 'T', 'd'],
    'text_notice with sub_title_text alone': [template({ main_title: undefined, sub_title_text: 's' }), '', 's'],
  };
  for (const [name, [body, title, words]] of Object.entries(good)) {
    test(`${name} is accepted and readable`, async (t) => {
      const { post, sandbox } = await start(t);
      assert.deepEqual(await post(SEND, body), { status: 200, json: OK });
      const [message] = sandbox.messages();
      assert.equal(message?.title, title);
      assert.equal(message.text, words);
    });
  }

  const bad: Record<string, [body: unknown, code: number]> = {
    'no msgtype': [{ text: { content: 'x' } }, 40008],
    'unknown msgtype': [{ msgtype: 'card' }, 40008],
    'prototype name as msgtype': [{ msgtype: 'toString' }, 40008],
    'empty text': [text(''), 44004],
    'text that is no string': [text(7), 40035],
    'mention that is no list': [text('x', { mentioned_list: '@all' }), 40035],
    'markdown without content': [{ msgtype: 'markdown', markdown: {} }, 40035],
    'image with a wrong md5': [{ msgtype: 'image', image: { base64: 'aGVsbG8=', md5: '00' } }, 40035],
    'image over 2 MB': [
      { msgtype: 'image', image: { base64: Buffer.alloc(2_097_153).toString('base64'), md5: '00' } },
      45002,
    ],
    'no article': [{ msgtype: 'news', news: { articles: [] } }, 45008],
    'nine articles': [
      { msgtype: 'news', news: { articles: times(9, { title: 'T', url: 'https://x.example' }) } },
      45008,
    ],
    'article without url': [{ msgtype: 'news', news: { articles: [{ title: 'T' }] } }, 40035],
    'file that was never uploaded': [{ msgtype: 'file', file: { media_id: 'x' } }, 40007],
    'voice that was never uploaded': [{ msgtype: 'voice', voice: { media_id: 'x' } }, 40007],
    'template card without action': [template({ card_action: undefined }), 40035],
    'template card whose action has no url': [template({ card_action: { type: 1 } }), 40035],
    'template card without any title': [template({ main_title: { desc: 'd' } }), 40035],
    'template card with seven lines': [
      template({ horizontal_content_list: times(7, { keyname: 'k', value: 'v' }) }),
      40035,
    ],
    'template card with four jumps': [template({ jump_list: times(4, { title: 'j' }) }), 40035],
    'line of type 1 without url': [template({ horizontal_content_list: [{ keyname: 'k', type: 1 }] }), 40035],
    'news_notice without picture': [template({ card_type: 'news_notice' }), 40035],
    'unknown card_type': [template({ card_type: 'vote' }), 40035],
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

  test('mentions and level are what a reader would see', async (t) => {
    const { post, sandbox } = await start(t);
    await post(SEND, text('x', { mentioned_list: ['u1', '@all'], mentioned_mobile_list: ['138'] }));
    assert.deepEqual(sandbox.messages()[0]?.mentions, ['u1', 'all', '138']);
    await post(SEND, { msgtype: 'markdown', markdown: { content: '<@u2> <font color="warning">x</font>' } });
    assert.deepEqual(sandbox.messages()[0]?.mentions, ['u2']);
    assert.equal(sandbox.messages()[0]?.level, 'warning');
    await post(SEND, template({ source: { desc_color: 2 } }));
    assert.equal(sandbox.messages()[0]?.level, 'error');
  });
});

describe('wechat transport', () => {
  test('method, key, content type and JSON', async (t) => {
    const { post, sandbox } = await start(t);
    const get = await fetch(sandbox.url + SEND);
    assert.equal(code({ json: await get.json() }), 40035);
    assert.equal(code(await post('/cgi-bin/webhook/send', text('x'))), 93000);
    assert.equal(code(await post('/cgi-bin/webhook/send?key=a%20b', text('x'))), 93000);
    assert.equal(code(await post(SEND, text('x'), { 'content-type': 'text/plain' })), 40035);
    const { json } = await post(SEND, '{"msgtype"');
    assert.match((json as { errmsg: string }).errmsg, /Warning: wrong json format\. .*hint: \[.*from ip: 127\.0\.0\.1/);
  });

  test('2048 bytes of text, 4096 of either markdown', async (t) => {
    const { post } = await start(t);
    const markdown = (kind: string, content: string) => ({ msgtype: kind, [kind]: { content } });
    assert.equal(code(await post(SEND, text('a'.repeat(2048)))), 0);
    assert.equal(code(await post(SEND, text('a'.repeat(2049)))), 40058);
    assert.equal(code(await post(SEND, text('警'.repeat(683)))), 40058);
    for (const kind of ['markdown', 'markdown_v2']) {
      assert.equal(code(await post(SEND, markdown(kind, 'a'.repeat(4096)))), 0);
      const { json } = await post(SEND, markdown(kind, 'a'.repeat(4097)));
      assert.equal(code({ json }), 40058);
      assert.match((json as { errmsg: string }).errmsg, new RegExp(`^${kind}\\.content exceed max length 4096`));
    }
  });

  test('the 21st in a minute closes the bot for 60 seconds', async (t) => {
    const { post, clock } = await start(t);
    for (let i = 0; i < 20; i += 1) {
      assert.equal(code(await post(SEND, text('x'))), 0);
      clock.advance(2000);
    }
    assert.equal(code(await post(SEND, text('x'))), 45009);
    clock.advance(59_999);
    assert.equal(code(await post(SEND, text('x'))), 45009);
    clock.advance(1);
    assert.equal(code(await post(SEND, text('x'))), 0);
  });

  test('a bot declared unlimited has no limit', async (t) => {
    const { post } = await start(t, { bots: [{ platform: 'wechat', token: 'free', unlimited: true }] });
    for (let i = 0; i < 30; i += 1) assert.equal(code(await post('/cgi-bin/webhook/send?key=free', text('x'))), 0);
  });
});
