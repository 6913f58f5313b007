import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { loadChannels } from '../../src/channel/registry.ts';
import { fit, measure, prefixOf } from '../../src/delivery/fit.ts';
import type { Message } from '../../src/model.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const channels = await loadChannels();
const wecom = channels.get('wechat')!;
const config = { url: 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k' };

const message = (more: Partial<Message>): Message => ({
  title: '标题',
  body: '内容',
  level: 'info',
  style: 'text',
  format: 'text',
  ...more,
});
const textOf = (payload: unknown) => (payload as { text: { content: string } }).text.content;
const allFit = (payloads: readonly unknown[]) =>
  payloads.every((payload) => wecom.limits.size.every((limit) => measure(payload, limit) <= limit.max));

test('a short message is one part without a mark', () => {
  const parts = fit(wecom, message({}), config, NOW, 20);
  assert.equal(parts.length, 1);
  assert.doesNotMatch(textOf(parts[0]!.payload), /\(1\/1\)/);
});

test('parts break at a line or a space when one is near, and lose nothing', () => {
  const lines = Array.from({ length: 300 }, (_, i) => `line ${i} of the log`);
  const parts = fit(wecom, message({ body: lines.join('\n') }), config, NOW, 20);
  const texts = parts.map((part) => textOf(part.payload));
  assert.ok(parts.length > 1 && allFit(parts.map((part) => part.payload)));
  const seen = texts.flatMap((text) => text.split('\n')).filter((line) => line.startsWith('line '));
  assert.deepEqual(seen, lines);
});

test('beyond the most parts the rest is cut, and the last part says so', () => {
  const parts = fit(wecom, message({ body: '长'.repeat(20_000) }), config, NOW, 3);
  assert.equal(parts.length, 3);
  assert.deepEqual(
    parts.map((part) => part.cut),
    [false, false, true],
  );
  assert.match(textOf(parts[2]!.payload), /已截断/);
  assert.ok(allFit(parts.map((part) => part.payload)));
});

test('fields that fill a message by themselves are split like the body', () => {
  const fields = Array.from({ length: 50 }, (_, i) => ({ name: `字段${i}`, value: '值'.repeat(300) }));
  const parts = fit(wecom, message({ fields }), config, NOW, 40);
  assert.ok(allFit(parts.map((part) => part.payload)));
  const text = parts.map((part) => textOf(part.payload)).join('');
  for (let i = 0; i < 50; i++) assert.ok(text.includes(`字段${i}：`));
});

test('a link that fills a message by itself becomes text', () => {
  const url = `https://example.com/${'a'.repeat(2028)}`;
  const parts = fit(wecom, message({ url }), config, NOW, 20);
  assert.ok(allFit(parts.map((part) => part.payload)));
});

test('mentions go with the first part, fields and link with the last', () => {
  const parts = fit(
    wecom,
    message({
      body: 'x'.repeat(5000),
      mentions: { all: true, mobiles: [], ids: [] },
      fields: [{ name: 'n', value: 'v' }],
    }),
    config,
    NOW,
    20,
  );
  const mentioned = parts.map((part) => JSON.stringify(part.payload).includes('@all'));
  assert.deepEqual(
    mentioned,
    parts.map((_, i) => i === 0),
  );
  assert.ok(textOf(parts.at(-1)!.payload).includes('n：v') || textOf(parts.at(-1)!.payload).includes('n: v'));
});

test('a prefix never ends inside a character', () => {
  const family = '👨‍👩‍👧‍👦';
  for (let i = 0; i < family.length; i++) assert.equal(prefixOf(`ab${family}`, 2 + i), 'ab');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.nat(300), (text, max) => {
      const prefix = prefixOf(text, max);
      assert.ok(prefix.length <= max && text.startsWith(prefix) && prefix.isWellFormed());
    }),
  );
});

test('whatever the message, every part fits every limit of every channel', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 3000 });
  const any = fc.record({
    title: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 400 }),
    body: fc.tuple(text, fc.integer({ min: 1, max: 12 })).map(([s, n]) => s.repeat(n)),
    style: fc.constantFrom('text' as const, 'card' as const),
    format: fc.constantFrom('text' as const, 'markdown' as const),
  });
  const configs: Record<string, unknown> = {
    feishu: { url: 'https://open.feishu.cn/open-apis/bot/v2/hook/x', secret: '' },
    dingtalk: { url: 'https://oapi.dingtalk.com/robot/send?access_token=x', secret: '' },
    wechat: config,
  };
  fc.assert(
    fc.property(any, fc.constantFrom(...Object.keys(configs)), (more, name) => {
      const channel = channels.get(name)!;
      for (const { payload } of fit(channel, message(more), configs[name], NOW, 20)) {
        for (const limit of channel.limits.size) assert.ok(measure(payload, limit) <= limit.max);
      }
    }),
    { numRuns: 60 },
  );
});
