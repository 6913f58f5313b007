import assert from 'node:assert/strict';
import { test } from 'node:test';
import wechat from '../../src/channels/wechat.ts';
import type { Message } from '../../src/model.ts';
import { NOW } from '../kit/channel-io.ts';

const config = wechat.config.parse({ url: 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k' });
const CARD: Message = {
  title: 't',
  body: 'b',
  level: 'info',
  style: 'card',
  format: 'text',
  url: 'https://x.example/',
};
const typeOf = (change: Partial<Message>): unknown =>
  Reflect.get(Object(wechat.render({ ...CARD, ...change }, config, NOW, 'task')), 'msgtype');

test('a short card with a link is a template card; what would be cut off in it goes as Markdown', () => {
  assert.equal(typeOf({}), 'template_card');
  assert.equal(typeOf({ title: 't'.repeat(26), body: 'b'.repeat(112) }), 'template_card');
  assert.equal(typeOf({ title: 't'.repeat(27) }), 'markdown');
  assert.equal(typeOf({ body: 'b'.repeat(113) }), 'markdown');
  assert.equal(typeOf({ fields: [{ name: '123456', value: 'v' }] }), 'markdown');
  assert.equal(typeOf({ fields: [{ name: 'n', value: 'v'.repeat(27) }] }), 'markdown');
  assert.equal(typeOf({ fields: Array.from({ length: 7 }, () => ({ name: 'n', value: 'v' })) }), 'markdown');
  assert.equal(typeOf({ format: 'markdown' }), 'markdown');
  const { url: _, ...unlinked } = CARD;
  assert.equal(Reflect.get(Object(wechat.render(unlinked, config, NOW, 'task')), 'msgtype'), 'markdown');
});

test('a mention that only text can make turns any message into text', () => {
  const mentions = { all: false, mobiles: [], ids: [] };
  assert.equal(typeOf({ mentions: { ...mentions, all: true } }), 'text');
  assert.equal(typeOf({ mentions: { ...mentions, mobiles: ['13800000000'] }, format: 'markdown' }), 'text');
  assert.equal(typeOf({ mentions: { ...mentions, ids: ['zhang'] } }), 'markdown');
});

test('a mobile number goes out as its digits, and what is none is written', () => {
  const mentions = { all: false, mobiles: ['+86 138 0000 0000', '13900000000', '', 'alice <b>'], ids: [] };
  const { text } = Object(wechat.render({ ...CARD, mentions }, config, NOW, 'task'));
  assert.deepEqual(text.mentioned_mobile_list, ['13800000000', '13900000000']);
  assert.ok(text.content.endsWith('\n@alice <b>'));
  const { markdown } = Object(
    wechat.render({ ...CARD, mentions: { ...mentions, mobiles: ['alice'] } }, config, NOW, 'id'),
  );
  assert.ok(markdown.content.endsWith('\n@alice'));
});

test('an id that could leave its tag is written as text', () => {
  const mentions = { all: false, mobiles: [], ids: ['a> <@all', 'li.si'] };
  const payload = JSON.stringify(wechat.render({ ...CARD, mentions }, config, NOW, 'task'));
  assert.ok(payload.includes('<@li.si>') && payload.includes('@a> <\u200b@all') && !payload.includes('<@all'));
});

test('a link cannot be ended by what is in it', () => {
  const url = 'https://x.example/a)b](c "d"<e>';
  const payload = JSON.stringify(wechat.render({ ...CARD, url, format: 'markdown' }, config, NOW, 'task'));
  assert.ok(payload.includes('[查看详情](https://x.example/a%29b%5D%28c%20%22d%22%3Ce%3E)'));
});
