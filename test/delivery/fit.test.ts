import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { loadChannels } from '../../src/channel/registry.ts';
import { fit, fitsWhole } from '../../src/delivery/fit.ts';
import { measure } from '../../src/delivery/measure.ts';
import type { Message } from '../../src/model.ts';
import { stubChannel, textIn } from '../kit/stub-channel.ts';

const AT = { now: new Date('2026-01-01T00:00:00Z'), maxParts: 20, id: '0198c0de-0000-7000-8000-000000000001' };
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
  const parts = fit(wecom, message({}), config, AT);
  assert.equal(parts.length, 1);
  assert.doesNotMatch(textOf(parts[0]!.payload), /\(1\/1\)/);
});

test('parts break at a line or a space when one is near, and lose nothing', () => {
  const lines = Array.from({ length: 300 }, (_, i) => `line ${i} of the log`);
  const parts = fit(wecom, message({ body: lines.join('\n') }), config, AT);
  const texts = parts.map((part) => textOf(part.payload));
  assert.ok(parts.length > 1 && allFit(parts.map((part) => part.payload)));
  const seen = texts.flatMap((text) => text.split('\n')).filter((line) => line.startsWith('line '));
  assert.deepEqual(seen, lines);
});

test('beyond the most parts the rest is cut, and the last part says so', () => {
  const parts = fit(wecom, message({ body: '长'.repeat(20_000) }), config, { ...AT, maxParts: 3 });
  assert.equal(parts.length, 3);
  assert.deepEqual(
    parts.map((part) => part.cut),
    [false, false, true],
  );
  assert.ok(textOf(parts[2]!.payload).endsWith(`……（内容过长，其余部分已截断；任务 ${AT.id}）`));
  assert.ok(allFit(parts.map((part) => part.payload)));
});

test('fields that fill a message by themselves are split like the body', () => {
  const fields = Array.from({ length: 50 }, (_, i) => ({ name: `字段${i}`, value: '值'.repeat(300) }));
  const parts = fit(wecom, message({ fields }), config, { ...AT, maxParts: 40 });
  assert.ok(allFit(parts.map((part) => part.payload)));
  const text = parts.map((part) => textOf(part.payload)).join('');
  for (let i = 0; i < 50; i++) assert.ok(text.includes(`字段${i}：`));
});

test('a link that fills a message by itself becomes text', () => {
  const url = `https://example.com/${'a'.repeat(2028)}`;
  const parts = fit(wecom, message({ url }), config, AT);
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
    AT,
  );
  const mentioned = parts.map((part) => JSON.stringify(part.payload).includes('@all'));
  assert.deepEqual(
    mentioned,
    parts.map((_, i) => i === 0),
  );
  assert.ok(textOf(parts.at(-1)!.payload).includes('n：v') || textOf(parts.at(-1)!.payload).includes('n: v'));
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
      for (const { payload } of fit(channel, message(more), configs[name], AT)) {
        for (const limit of channel.limits.size) assert.ok(measure(payload, limit) <= limit.max);
      }
    }),
    { numRuns: 60 },
  );
});

describe('a part', () => {
  test('is rendered from the message that goes with it, under the id of the task', () => {
    const stub = stubChannel({ size: [{ of: 'text', max: 300, unit: 'chars' }] });
    const parts = fit(stub.channel, message({ body: 'x'.repeat(1000), url: 'https://a.example/' }), {}, AT);
    assert.ok(parts.length > 1);
    for (const { payload, message: said } of parts)
      assert.deepEqual(payload, stub.channel.render(said, {}, AT.now, AT.id));
    assert.deepEqual(
      parts.map(({ message: said }) => said.url !== undefined),
      parts.map((_, i) => i === parts.length - 1),
    );
    assert.deepEqual(new Set(stub.ids), new Set([AT.id]));
  });

  test('is the whole message, rendered once, when it fits', () => {
    const stub = stubChannel({});
    const [part, ...others] = fit(stub.channel, message({}), {}, AT);
    assert.deepEqual(others, []);
    assert.deepEqual(part!.message, message({}));
    assert.equal(stub.bodies.length, 1);
    assert.ok(fitsWhole(stub.channel, message({}), {}, AT));
  });

  for (const max of [20, 12, 5, 1]) {
    test(`keeps its mark when a title may have ${max} characters and stands in the text`, () => {
      const { channel } = stubChannel({
        size: [{ of: 'text', max: 200, unit: 'chars' }],
        title: { max, unit: 'chars' },
      });
      const parts = fit(
        channel,
        message({ title: '磁盘空间即将用尽请尽快处理'.repeat(3), body: '满'.repeat(1500) }),
        {},
        AT,
      );
      assert.ok(parts.length > 5);
      parts.forEach(({ payload, message: said }, i) => {
        assert.ok(
          textIn(payload).startsWith(said.title) && said.title.endsWith(`(${i + 1}/${parts.length})`),
          said.title,
        );
        assert.ok(max < 10 || said.title.length <= max);
      });
    });
  }

  test('has no mark where the channel allows one alone; what is left out is said in as many words as there is room for', () => {
    const said = [300, 40, 12].map((max) => {
      const { channel } = stubChannel({ size: [{ of: 'text', max, unit: 'chars' }], parts: 1 });
      const parts = fit(channel, message({ body: '长'.repeat(1500) }), {}, AT);
      assert.equal(parts.length, 1);
      assert.ok(parts[0]!.cut && textIn(parts[0]!.payload).length <= max);
      return textIn(parts[0]!.payload);
    });
    assert.match(said[0]!, new RegExp(`^标题\\n长+\\n……（内容过长，其余部分已截断；任务 ${AT.id}）$`));
    assert.match(said[1]!, /^标题\n长+\n……（已截断）$/);
    assert.match(said[2]!, /^标题\n长+…$/);
  });
});

describe('mentions', () => {
  const mentions = { all: true, mobiles: ['13800000000'], ids: ['ou_1'] };
  const WORDS = '@所有人 @13800000000 @ou_1';

  test('are written where the channel has none', () => {
    const { channel } = stubChannel({}, { mentions: false });
    const [part] = fit(channel, message({ mentions }), {}, AT);
    assert.deepEqual(part!.message, message({ body: `内容\n${WORDS}` }));
  });

  test('that are written survive the splitting', () => {
    const { channel } = stubChannel({ size: [{ of: 'text', max: 300, unit: 'chars' }] }, { mentions: false });
    const parts = fit(channel, message({ body: '长'.repeat(1000), mentions }), {}, AT);
    assert.ok(parts.length > 1 && !parts.at(-1)!.cut);
    assert.ok(textIn(parts.at(-1)!.payload).endsWith(WORDS));
  });

  test('that are written survive when the text before them is cut', () => {
    const { channel } = stubChannel({ size: [{ of: 'text', max: 300, unit: 'chars' }] }, { mentions: false });
    const parts = fit(channel, message({ body: '长'.repeat(10_000), mentions }), {}, { ...AT, maxParts: 3 });
    assert.deepEqual(
      parts.map(({ cut }) => cut),
      [false, false, true],
    );
    assert.ok(textIn(parts[2]!.payload).endsWith(`任务 ${AT.id}）\n${WORDS}`));
  });

  test('that fill a part by themselves are written', () => {
    const ids = Array.from({ length: 100 }, (_, i) => `user-${i}-${'x'.repeat(20)}`);
    const { channel } = stubChannel({ size: [{ of: 'text', max: 500, unit: 'chars' }] }, { mentions: true });
    const parts = fit(channel, message({ mentions: { all: false, mobiles: [], ids } }), {}, AT);
    const text = parts.map(({ payload }) => textIn(payload)).join('');
    for (const id of ids) assert.ok(text.includes(`@${id}`));
    assert.ok(parts.every(({ payload, cut }) => !cut && textIn(payload).length <= 500));
  });
});

describe('the work', () => {
  const bodies: readonly (readonly [string, string])[] = [
    ['one long word', 'x'.repeat(100)],
    ['Chinese', '数据库连接失败，正在切换备库。'],
    ['emoji of several code points', '👨‍👩‍👧‍👦'],
    ['lines', 'a line of the log that is of some length\n'],
    ['lines and then not', `${'a\n'.repeat(50)}${'"'.repeat(99)}`],
    ['links', '[see the log](https://logs.example/a/b/c?d=e) '],
    ['code', '```js\nconst x = 1;\n```\n'],
  ];
  for (const [what, body] of bodies) {
    test(`grows with the text and no faster: ${what}`, () => {
      for (const times of [20, 200]) {
        const text = body.repeat(Math.ceil((2000 * times) / body.length));
        const stub = stubChannel({ size: [{ of: 'body', max: 2000, unit: 'bytes' }] });
        const parts = fit(stub.channel, message({ body: text, format: 'markdown' }), {}, { ...AT, maxParts: 10_000 });
        assert.ok(!parts.at(-1)!.cut && parts.length >= times);
        const rendered = stub.bodies.reduce((sum, length) => sum + length, 0);
        assert.ok(stub.bodies.length <= 12 * parts.length, `${stub.bodies.length} renders for ${parts.length} parts`);
        assert.ok(rendered <= 15 * text.length, `${rendered / text.length} times the text was rendered`);
      }
    });
  }

  test('is bounded for every text', () => {
    const texts = fc.array(fc.tuple(fc.string({ unit: 'binary', maxLength: 40 }), fc.nat(200)), { maxLength: 20 });
    fc.assert(
      fc.property(texts, fc.constantFrom('text' as const, 'markdown' as const), (pieces, format) => {
        const stub = stubChannel({ size: [{ of: 'body', max: 400, unit: 'bytes' }] });
        const body = pieces.map(([text, times]) => text.repeat(times)).join('\n');
        const parts = fit(stub.channel, message({ body, format }), {}, { ...AT, maxParts: 10_000 });
        assert.ok(stub.bodies.length <= 40 * parts.length + 20, `${stub.bodies.length} for ${parts.length} parts`);
      }),
    );
  });
});

test('a limit that something else fills by itself does not cost the text', () => {
  const text = { of: 'text', max: 1000, unit: 'chars' } as const;
  const { channel } = stubChannel({ size: [{ of: 'head', max: 100, unit: 'chars' }, text], parts: 1 });
  const headed = { ...channel, render: ({ body }: Message) => ({ head: 'h'.repeat(98), text: body }) };
  const [part] = fit(headed, message({ body: 'x'.repeat(5000) }), {}, AT);
  assert.ok(measure(part!.payload, text) > 900);
});
