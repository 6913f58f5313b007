import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { call, type Reply } from './call.ts';
import { start } from './start.ts';

const SEND = '/telegram/bot123456:ABC-DEF_ghi/sendMessage';
const message = (text: unknown, more: object = {}) => ({ chat_id: -1_001_234_567_890, text, ...more });
const html = (text: string) => message(text, { parse_mode: 'HTML' });
const v2 = (text: string) => message(text, { parse_mode: 'MarkdownV2' });
const old = (text: string) => message(text, { parse_mode: 'Markdown' });
const description = ({ json }: Reply): string => (json as { description: string }).description;
const button = (text: string, url: string) => ({ reply_markup: { inline_keyboard: [[{ text, url }]] } });

describe('telegram shapes', () => {
  test('a plain message is answered with the message and kept as it stands', async (t) => {
    const { sandbox } = await start(t);
    const reply = await call(sandbox, SEND, message('a < b & *c*', { link_preview_options: { is_disabled: true } }));
    assert.equal(reply.status, 200);
    assert.deepEqual(reply.json, {
      ok: true,
      result: {
        message_id: 1,
        date: 1_700_000_000,
        chat: { type: 'supergroup', id: -1_001_234_567_890 },
        text: 'a < b & *c*',
      },
    });
    const [kept] = sandbox.messages({ platform: 'telegram', token: '123456:ABC-DEF_ghi' });
    assert.equal(kept?.text, 'a < b & *c*');
    assert.equal(kept.style, 'text');
    assert.equal(kept.level, undefined);
  });

  test('a card shows title, text, links, mentions, level', async (t) => {
    const { sandbox } = await start(t);
    const text =
      '<b>🔴 Disk &lt;full&gt;</b>\nVolume <code>/data @nobody</code>, <a href="https://x.example/?a=1&amp;b=2">more</a> ' +
      '<a href="tg://user?id=42">Ann</a> @bob_smith <blockquote expandable>91 %</blockquote>';
    const reply = await call(sandbox, SEND, { ...html(text), ...button('Open', 'https://x.example/1') });
    assert.equal(reply.status, 200);
    const [kept] = sandbox.messages();
    assert.equal(kept?.kind, 'HTML');
    assert.equal(kept.style, 'card');
    assert.equal(kept.title, '🔴 Disk <full>');
    assert.equal(kept.text, 'Volume /data @nobody, more Ann @bob_smith 91 %');
    assert.equal(kept.level, 'error');
    assert.deepEqual(kept.links, [
      { text: 'more', url: 'https://x.example/?a=1&b=2' },
      { text: 'Open', url: 'https://x.example/1' },
    ]);
    assert.deepEqual(kept.mentions, ['42', 'bob_smith']);
  });

  const bad: Record<string, [body: unknown, description: string]> = {
    'no chat': [{ text: 'x' }, 'Bad Request: chat_id is empty'],
    'a chat that is no id': [{ chat_id: 'room one', text: 'x' }, 'Bad Request: chat not found'],
    'a chat beyond safe integers': [{ chat_id: 1e300, text: 'x' }, 'Bad Request: chat not found'],
    'no text': [{ chat_id: 1 }, 'Bad Request: message text is empty'],
    'blank text': [message(' \n'), 'Bad Request: text must be non-empty'],
    'nothing left of the markup': [html('<b></b>'), 'Bad Request: text must be non-empty'],
    'too long': [message('x'.repeat(4097)), 'Bad Request: message is too long'],
    'too long in UTF-16 units': [message('😀'.repeat(2049)), 'Bad Request: message is too long'],
    'unknown mode': [message('x', { parse_mode: 'md' }), 'Bad Request: unsupported parse_mode'],
    'thread that is none': [message('x', { message_thread_id: 0 }), 'Bad Request: message thread not found'],
    'flag that is no boolean': [
      message('x', { disable_notification: 'yes' }),
      'Bad Request: field must be of type Boolean',
    ],
    'button to localhost': [message('x', button('Open', 'http://localhost:80/')), 'Bad Request: BUTTON_URL_INVALID'],
    'button to a path': [message('x', button('Open', '/alerts/1')), 'Bad Request: BUTTON_URL_INVALID'],
    'broken JSON': ['{"chat_id"', "Bad Request: can't parse JSON object"],
  };
  for (const [name, [body, expected]] of Object.entries(bad)) {
    test(`${name}: ${expected}`, async (t) => {
      const { sandbox } = await start(t);
      const reply = await call(sandbox, SEND, body);
      assert.deepEqual(reply.json, { ok: false, error_code: 400, description: expected });
      assert.equal(reply.status, 400);
      assert.equal(sandbox.messages().length, 0);
    });
  }

  test('4096 visible characters pass, however long their markup', async (t) => {
    const { sandbox } = await start(t);
    assert.equal((await call(sandbox, SEND, html(`<b>${'&lt;'.repeat(4096)}</b>`))).status, 200);
    assert.equal((await call(sandbox, SEND, v2('\\.'.repeat(4096)))).status, 200);
  });
});

describe('telegram markup', () => {
  const good: Record<string, [body: unknown, text: string]> = {
    'every tag': [
      html(
        '<strong>a</strong><i>b</i><u>c</u><del>d</del><tg-spoiler>e</tg-spoiler><pre><code class="language-c">f</code></pre>',
      ),
      'abcdef',
    ],
    'a spoiler span': [html('<span class="tg-spoiler">a</span>'), 'a'],
    'entities, known or not': [html('&lt;&amp;&quot;&#39;&#x41; &nbsp; & b'), '<&"\'A &nbsp; & b'],
    'all 18 reserved characters escaped': [
      v2('\\_\\*\\[\\]\\(\\)\\~\\`\\>\\#\\+\\-\\=\\|\\{\\}\\.\\!'),
      '_*[]()~`>#+-=|{}.!',
    ],
    'an escaped backslash': [v2('a\\\\b'), 'a\\b'],
    'marks of every kind': [
      v2('*a* _b_ __c__ ~d~ ||e|| `f.` ```js\ng-h\n``` [i](https://x.example/\\))'),
      'a b c d e f. g-h\n i',
    ],
    'nested marks': [v2('*a _b_ c*'), 'a b c'],
    'a quotation of two lines': [v2('>a\n>b\nc'), 'a\nb\nc'],
    'the old mode': [old('*a* _b_ `c.` [d](https://x.example) \\_e 1.5!'), 'a b c. d _e 1.5!'],
    'modes in any case': [message('*a*', { parse_mode: 'markdownv2' }), 'a'],
  };
  for (const [name, [body, text]] of Object.entries(good)) {
    test(name, async (t) => {
      const { sandbox } = await start(t);
      const reply = await call(sandbox, SEND, body);
      assert.equal(reply.status, 200, reply.text);
      assert.equal((reply.json as { result: { text: string } }).result.text, text);
    });
  }

  const bad: [body: unknown, fault: string][] = [
    [html('a<br>b'), 'Unsupported start tag "br" at byte offset 1'],
    [html('警<br/>'), 'Unsupported start tag "br/" at byte offset 3'],
    [html('a < b'), 'Unsupported start tag "" at byte offset 2'],
    [html('<p>a</p>'), 'Unsupported start tag "p" at byte offset 0'],
    [html('<script>a</script>'), 'Unsupported start tag "script" at byte offset 0'],
    [html('<b>a'), 'Can\'t find end tag corresponding to start tag "b"'],
    [html('a</b>'), 'Unexpected end tag at byte offset 1'],
    [html('<b>a</i>'), 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'],
    [html('<b>a</b'), 'Unclosed end tag at byte offset 4'],
    [html('<b'), 'Unclosed start tag at byte offset 0'],
    [html('<span>a</span>'), 'Tag "span" must have class "tg-spoiler" at byte offset 0'],
    [html('<i x>a</i>'), 'Expected equal sign in declaration of an attribute of the tag "i" at byte offset 0'],
    ...'. ! - + = # ( ) { } > ]'
      .split(' ')
      .map((c): [unknown, string] => [
        v2(`a${c}b`),
        `Character '${c}' is reserved and must be escaped with the preceding '\\'`,
      ]),
    [v2('a | b'), "Character '|' is reserved and must be escaped with the preceding '\\'"],
    [v2('*a'), "Can't find end of Bold entity at byte offset 0"],
    [v2('警 _a'), "Can't find end of Italic entity at byte offset 4"],
    [v2('`a'), "Can't find end of Code entity at byte offset 0"],
    [v2('```a'), "Can't find end of Pre entity at byte offset 0"],
    [v2('[a](https://x.example'), "Can't find end of a URL at byte offset 4"],
    [v2('*a _b*'), "Can't find end of Bold entity at byte offset 5"],
    [v2('>*a\nb'), "Can't find end of Bold entity at byte offset 1"],
    [old('a_b'), "Can't find end of the entity starting at byte offset 1"],
    [old('*a'), "Can't find end of the entity starting at byte offset 0"],
  ];
  for (const [body, fault] of bad) {
    test(`${JSON.stringify((body as { text: string }).text)}: ${fault}`, async (t) => {
      const { sandbox } = await start(t);
      const reply = await call(sandbox, SEND, body);
      assert.equal(reply.status, 400);
      assert.equal(description(reply), `Bad Request: can't parse entities: ${fault}`);
    });
  }
});

describe('telegram transport', () => {
  test('malformed token, method, content type', async (t) => {
    const { sandbox } = await start(t);
    for (const path of ['/telegram/botabc/sendMessage', '/telegram/bot1:a%20b/sendMessage', '/telegram/bot1:a/send']) {
      const reply = await call(sandbox, path, message('x'));
      assert.deepEqual(reply.json, { ok: false, error_code: 404, description: 'Not Found' });
      assert.equal(reply.status, 404);
    }
    assert.equal((await call(sandbox, '/telegram/bot1%3Aa/sendmessage', message('x'))).status, 200);
    const typed = await call(sandbox, SEND, message('x'), { headers: { 'content-type': 'text/plain' } });
    assert.equal(description(typed), 'Bad Request: chat_id is empty');
    assert.equal((await call(sandbox, SEND, undefined, { method: 'GET' })).status, 400);
  });

  test('two a second in one chat, 20 a minute in a group, 30 a second for the bot', async (t) => {
    const { sandbox, clock } = await start(t);
    const status = async (chat_id: number | string) => (await call(sandbox, SEND, { chat_id, text: 'x' })).status;
    assert.deepEqual([await status(7), await status(7)], [200, 200]);
    const reply = await call(sandbox, SEND, { chat_id: 7, text: 'x' });
    assert.equal(reply.status, 429);
    assert.equal(reply.headers.get('retry-after'), '1');
    assert.deepEqual(reply.json, {
      ok: false,
      error_code: 429,
      description: 'Too Many Requests: retry after 1',
      parameters: { retry_after: 1 },
    });
    assert.equal(await status(8), 200);
    for (let chat = 100; chat < 127; chat += 1) assert.equal(await status(chat), 200);
    assert.equal(await status(200), 429);
    clock.advance(1000);
    assert.equal(await status(7), 200);
    for (let i = 0; i < 20; i += 1) {
      assert.equal(await status('@ops_group'), 200);
      clock.advance(1000);
    }
    const full = await call(sandbox, SEND, { chat_id: '@ops_group', text: 'x' });
    assert.deepEqual((full.json as { parameters: unknown }).parameters, { retry_after: 40 });
  });

  test('an unlimited bot has no limit', async (t) => {
    const { sandbox } = await start(t, {
      bots: [{ platform: 'telegram', token: '123456:ABC-DEF_ghi', unlimited: true }],
    });
    for (let i = 0; i < 40; i += 1) assert.equal((await call(sandbox, SEND, message('x'))).status, 200);
  });

  test('injected codes: a status, or a description in one word', async (t) => {
    const { sandbox } = await start(t);
    const struck = async (code: string): Promise<Reply> => {
      sandbox.fault({ platform: 'telegram', fault: `code:${code}` });
      return await call(sandbox, SEND, message('x'));
    };
    const expected: [code: string, status: number, description: string][] = [
      ['401', 401, 'Unauthorized'],
      ['404', 404, 'Not Found'],
      ['403', 403, 'Forbidden: bot was blocked by the user'],
      ['bot_was_kicked', 403, 'Forbidden: bot was kicked from the supergroup chat'],
      ['chat_not_found', 400, 'Bad Request: chat not found'],
      ['cant_parse_entities', 400, "Bad Request: can't parse entities: Unsupported start tag"],
      ['PEER_ID_INVALID', 400, 'Bad Request: PEER_ID_INVALID'],
      ['500', 500, 'Internal Server Error'],
    ];
    for (const [code, status, words] of expected) {
      const reply = await struck(code);
      assert.deepEqual(reply.json, { ok: false, error_code: status, description: words });
      assert.equal(reply.status, status);
    }
    const moved = await struck('group_chat_was_upgraded');
    assert.deepEqual((moved.json as { parameters: unknown }).parameters, { migrate_to_chat_id: -1_001_234_567_890 });
    const slow = await struck('429');
    assert.equal(slow.headers.get('retry-after'), '3');
    assert.deepEqual((slow.json as { parameters: unknown }).parameters, { retry_after: 3 });
    assert.throws(() => sandbox.fault({ platform: 'telegram', fault: 'code:19021' }));
  });
});
