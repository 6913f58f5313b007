import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import telegram from '../../src/channels/telegram.ts';
import { fit } from '../../src/delivery/fit.ts';
import type { Message } from '../../src/model.ts';
import { PARSERS } from '../kit/telegram-modes.ts';
import { acceptsEveryKind } from '../kit/hooked.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { hostileMessage } from '../kit/hostile.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';

const BOT = { bot_token: '123:abc', chat_id: -100123 };
const MODES = ['HTML', 'Markdown', 'MarkdownV2'] as const;
const MESSAGE: Message = { title: 't', body: 'b', level: 'info', style: 'text', format: 'text' };

interface Sent {
  readonly text: string;
  readonly chat_id: unknown;
  readonly parse_mode?: string;
  readonly entities?: readonly { type: string; offset: number; length: number; user?: { id: number } }[];
  readonly reply_markup?: unknown;
}
function rendered(message: Partial<Message>, config: Record<string, unknown> = {}): Sent {
  const parsed = telegram.config.parse({ ...BOT, ...config });
  return telegram.render({ ...MESSAGE, ...message }, parsed, NOW, 'task') as Sent;
}

for (const parse_mode of ['none', ...MODES]) {
  test(`the stand-in takes every kind of message (${parse_mode})`, async (t) => {
    await acceptsEveryKind(t, telegram, '123456:abc', (url) => ({
      bot_token: '123456:abc',
      chat_id: -100123,
      base_url: `${url}/telegram`,
      parse_mode,
    }));
  });
}

describe('a configuration', () => {
  test('takes a chat as a number or as text, and sends numbers as integers and names as text', () => {
    for (const [given, sent] of [
      [-1001234567890, -1001234567890],
      ['-1001234567890', -1001234567890],
      ['42', 42],
      ['@ops_channel', '@ops_channel'],
    ]) {
      assert.equal(rendered({}, { chat_id: given }).chat_id, sent);
    }
  });

  test('puts topic and silence into the message', () => {
    assert.deepEqual(rendered({}, { thread_id: '7', silent: true }), {
      chat_id: -100123,
      message_thread_id: 7,
      text: 't\nb',
      disable_notification: true,
      link_preview_options: { is_disabled: true },
    });
  });

  test('may name a server of its own, with a path', async () => {
    const platform = scriptedHttp({ status: 200, body: '{"ok":true}' });
    const config = telegram.config.parse({ ...BOT, base_url: 'http://127.0.0.1:8081/tg/' });
    const outcome = await attempt(
      telegram,
      telegram.render(MESSAGE, config, NOW, 'task'),
      config,
      createIo(platform.http),
    );
    assert.ok(outcome.ok);
    assert.equal(platform.requests[0]?.url, 'http://127.0.0.1:8081/tg/bot123:abc/sendMessage');
    assert.equal(platform.requests[0]?.method, 'POST');
  });
});

test('a group that became a supergroup is written to at its new number, once', async () => {
  const moved = '{"ok":false,"error_code":400,"description":"x","parameters":{"migrate_to_chat_id":-1009}}';
  const platform = scriptedHttp({ status: 400, body: moved });
  const config = telegram.config.parse(BOT);
  const outcome = await attempt(
    telegram,
    telegram.render(MESSAGE, config, NOW, 'task'),
    config,
    createIo(platform.http),
  );
  assert.ok(!outcome.ok && outcome.kind === 'invalid');
  assert.deepEqual(
    platform.requests.map(({ body = '' }) => Object(JSON.parse(body)).chat_id),
    [-100123, -1009],
  );
});

test('what Telegram could not parse goes without a parse mode', () => {
  for (const parse_mode of MODES) {
    const plain = rendered({ body: '<b>*_', style: 'text', plain: true }, { parse_mode });
    assert.equal(plain.parse_mode, undefined);
    assert.ok(plain.text.includes('<b>*_'));
  }
});

describe('without a parse mode', () => {
  test('nothing is markup: the text stands as it was written', () => {
    const body = '*a* _b_ `c` [d](https://x.example) <b>e</b> \\';
    assert.equal(rendered({ body, format: 'markdown' }).text, `t\n${body}`);
    assert.equal(rendered({ body }).parse_mode, undefined);
  });

  test('a card has a bold title, and people are called by number, through entities counted in UTF-16 units', () => {
    const mentions = { all: true, mobiles: [], ids: ['42', 'ann_lee'] };
    const { text, entities = [] } = rendered({ title: '故障🔥', body: '🔥', style: 'card', mentions });
    assert.deepEqual(
      entities.map(({ type, offset, length, user }) => [type, text.slice(offset, offset + length), user?.id]),
      [
        ['bold', '🔵 故障🔥', undefined],
        ['text_mention', '@42', 42],
      ],
    );
    assert.ok(text.endsWith('\n@所有人 @42 @ann_lee'));
  });
});

test('a link becomes a button only if Telegram takes it for one', () => {
  const button = (url: string) => rendered({ style: 'card', url }).reply_markup !== undefined;
  assert.ok(button('https://ops.example/a') && button('http://10.0.0.1:8080/'));
  assert.ok(!button('http://localhost/a') && !button('http://grafana:3000/'));
  assert.ok(rendered({ style: 'card', url: 'http://grafana:3000/' }).text.includes('详情：http://grafana:3000/'));
  assert.equal(rendered({ url: 'https://ops.example/a' }).reply_markup, undefined);
});

describe('what is marked up can be parsed, and shows every word', () => {
  const NASTY = [
    'plain',
    '*a* **b** ~~c~~ `d` [e](https://x.example/a_b*c)',
    '*a**b* *c**d* **e****f** ~~g~~~~h~~',
    '# **bold** in *a* `heading`_',
    '- _x_\n  - *y*\\\n1. z\n> q\n> **r**\n---\n```\n`code` \\ *_[<&>\n```\n```\nunclosed `',
    'a\\**b** \\*c\\* \\\\ \\_ trailing\\',
    'snake_case and 5*3*2 and [x] (y) {z} | #1 + - = . !',
    '<b>x</b> &amp; &lt; &#39; <a href="https://evil.example">y</a> </b>',
    '[**l** `m`](https://x.example/) [a](javascript:alert(1)) ![i](https://x.example/i.png)',
    '`a` `b `` c ``` d',
    '@alice @all a@b.example https://x.example/@bob',
  ];
  for (const mode of MODES) {
    for (const style of ['text', 'card'] as const) {
      test(`${mode}, ${style}`, () => {
        for (const body of [...NASTY, NASTY.join('\n')]) {
          for (const format of ['text', 'markdown'] as const) {
            const { text } = rendered({ title: body.split('\n')[0]!, body, style, format }, { parse_mode: mode });
            const shown = PARSERS[mode](text);
            if (format === 'text') assert.ok(invisible(shown).includes(body), `${text}\nshows\n${shown}`);
            for (const word of body.match(/[a-z]{4,}/g) ?? []) assert.ok(text.includes(word), word);
          }
        }
        for (const format of ['text', 'markdown'] as const) {
          PARSERS[mode](rendered(hostileMessage(style, format), { parse_mode: mode }).text);
        }
      });
    }

    test(`${mode}: in every part of a long one`, () => {
      const message = {
        ...MESSAGE,
        body: `${NASTY.join('\n')}\n`.repeat(60),
        style: 'card',
        format: 'markdown',
      } as const;
      const config = telegram.config.parse({ ...BOT, parse_mode: mode });
      const parts = fit(telegram, message, config, { now: NOW, maxParts: 50, id: 'task' });
      assert.ok(parts.length > 5);
      for (const { payload } of parts) {
        const { text } = payload as Sent;
        assert.ok(text.length <= 4096);
        PARSERS[mode](text);
      }
    });
  }
});

/** Without what is only there to be invisible. */
const invisible = (text: string) => text.replaceAll('\u200b', '');
