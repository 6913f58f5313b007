import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { call } from './call.ts';
import { start } from './start.ts';

const SEND = '/services/T00000000/B00000000/abcDEF123456';
const BOT = 'T00000000/B00000000';
const times = <T>(n: number, value: T): T[] => Array.from({ length: n }, () => value);
const plain = (text: string) => ({ type: 'plain_text', text });
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text });
const section = (text: string) => ({ type: 'section', text: mrkdwn(text) });
const header = (text: string) => ({ type: 'header', text: plain(text) });
const coloured = (blocks: unknown, more: object = {}) => ({
  text: 't',
  attachments: [{ color: '#D92D20', blocks, ...more }],
});

describe('slack shapes', () => {
  test('text: tokens and entities are resolved once', async (t) => {
    const { sandbox } = await start(t);
    const text =
      '&lt;b&gt; &amp;lt; <https://x.example?a=1&amp;b=2|more> <@U012AB3CD> <!here> <!subteam^S1|@ops> <!channel>';
    const reply = await call(sandbox, SEND, { text });
    assert.equal(reply.status, 200);
    assert.equal(reply.text, 'ok');
    assert.match(reply.headers.get('content-type') ?? '', /^text\/html/);
    const [kept] = sandbox.messages({ platform: 'slack', token: BOT });
    assert.equal(kept?.text, '<b> &lt; more @U012AB3CD @here @ops @channel');
    assert.deepEqual(kept.mentions, ['U012AB3CD', 'here', 'S1', 'all']);
    assert.deepEqual(kept.links, [{ text: 'more', url: 'https://x.example?a=1&b=2' }]);
  });

  test('a card shows title, text, fields, buttons, colour', async (t) => {
    const { sandbox } = await start(t);
    const reply = await call(sandbox, SEND, {
      text: '[CRITICAL] Disk almost full',
      attachments: [
        {
          color: '#D92D20',
          fallback: '[CRITICAL] Disk almost full',
          blocks: [
            { type: 'header', text: { type: 'plain_text', text: 'Disk almost full', emoji: true } },
            section('Volume `/data` on *db-1* <@U1>'),
            { type: 'section', fields: [mrkdwn('*Host*\ndb-1'), mrkdwn('*Usage*\n91 %')] },
            {
              type: 'actions',
              elements: [{ type: 'button', text: plain('Open'), url: 'https://example.com/alerts/1' }],
            },
            { type: 'context', elements: [mrkdwn('2026-01-01 00:00 UTC')] },
          ],
        },
      ],
    });
    assert.equal(reply.text, 'ok');
    const [kept] = sandbox.messages();
    assert.equal(kept?.style, 'card');
    assert.equal(kept.title, 'Disk almost full');
    assert.equal(kept.text, '[CRITICAL] Disk almost full\n\nVolume `/data` on **db-1** @U1\n\n2026-01-01 00:00 UTC');
    assert.equal(kept.level, 'error');
    assert.equal(kept.colour, '#d92d20');
    assert.deepEqual(kept.fields, [
      { name: 'Host', value: 'db-1' },
      { name: 'Usage', value: '91 %' },
    ]);
    assert.deepEqual(kept.links, [{ text: 'Open', url: 'https://example.com/alerts/1' }]);
    assert.deepEqual(kept.mentions, ['U1']);
  });

  test('an old attachment is a card too', async (t) => {
    const { sandbox } = await start(t);
    const attachment = { color: 'warning', title: 'T', text: '*x*', fields: [{ title: 'k', value: 'v', short: true }] };
    await call(sandbox, SEND, { attachments: [attachment] });
    const [kept] = sandbox.messages();
    assert.deepEqual([kept?.title, kept?.text, kept?.level], ['T', '*x*', 'warning']);
    assert.deepEqual(kept?.fields, [{ name: 'k', value: 'v' }]);
  });

  test('text beyond 40,000 characters is cut, not refused', async (t) => {
    const { sandbox } = await start(t);
    assert.equal((await call(sandbox, SEND, { text: 'x'.repeat(50_000) })).text, 'ok');
    assert.equal(sandbox.messages()[0]?.text.length, 40_000);
  });

  test('the limits of Block Kit themselves pass', async (t) => {
    const { sandbox } = await start(t);
    const blocks = [
      header('h'.repeat(150)),
      section('s'.repeat(3000)),
      { type: 'section', fields: times(6, mrkdwn('f'.repeat(2000))) },
      ...times(47, { type: 'divider' }),
    ];
    assert.equal((await call(sandbox, SEND, { blocks })).text, 'msg_blocks_too_long');
    assert.equal((await call(sandbox, SEND, { blocks: blocks.with(2, { type: 'divider' }) })).text, 'ok');
  });

  const bad: Record<string, [body: unknown, status: number, code: string]> = {
    'no JSON': ['{"text"', 400, 'invalid_payload'],
    'a list': [[], 400, 'invalid_payload'],
    'text that is no string': [{ text: 7 }, 400, 'invalid_payload'],
    nothing: [{}, 400, 'no_text'],
    'empty text': [{ text: '' }, 400, 'no_text'],
    'blocks that are no list': [{ blocks: {} }, 400, 'invalid_blocks_format'],
    'no block': [{ blocks: [] }, 400, 'invalid_blocks'],
    '51 blocks': [{ blocks: times(51, { type: 'divider' }) }, 400, 'invalid_blocks'],
    'unknown block': [{ blocks: [{ type: 'table' }] }, 400, 'invalid_blocks'],
    'unknown property': [{ blocks: [{ type: 'divider', color: 'red' }] }, 400, 'invalid_blocks'],
    'header over 150': [{ blocks: [header('h'.repeat(151))] }, 400, 'invalid_blocks'],
    'header in mrkdwn': [{ blocks: [{ type: 'header', text: mrkdwn('h') }] }, 400, 'invalid_blocks'],
    'empty section': [{ blocks: [section('')] }, 400, 'invalid_blocks'],
    'section over 3000': [{ blocks: [section('s'.repeat(3001))] }, 400, 'invalid_blocks'],
    'section over 3000 units': [{ blocks: [section('😀'.repeat(1501))] }, 400, 'invalid_blocks'],
    'section without text or fields': [{ blocks: [{ type: 'section' }] }, 400, 'invalid_blocks'],
    'eleven fields': [{ blocks: [{ type: 'section', fields: times(11, mrkdwn('f')) }] }, 400, 'invalid_blocks'],
    'field over 2000': [{ blocks: [{ type: 'section', fields: [mrkdwn('f'.repeat(2001))] }] }, 400, 'invalid_blocks'],
    'button over 75': [
      { blocks: [{ type: 'actions', elements: [{ type: 'button', text: plain('b'.repeat(76)) }] }] },
      400,
      'invalid_blocks',
    ],
    'button without address': [
      { blocks: [{ type: 'actions', elements: [{ type: 'button', text: plain('b'), url: 'open' }] }] },
      400,
      'invalid_blocks',
    ],
    'block_id over 255': [{ blocks: [{ type: 'divider', block_id: 'b'.repeat(256) }] }, 400, 'invalid_blocks'],
    'the same block_id twice': [{ blocks: times(2, { type: 'divider', block_id: 'b' }) }, 400, 'invalid_blocks'],
    'markdown over 12,000 in all': [
      { blocks: times(2, { type: 'markdown', text: 'm'.repeat(6001) }) },
      400,
      'invalid_blocks',
    ],
    'too much in all': [{ blocks: times(5, section('s'.repeat(2700))) }, 400, 'msg_blocks_too_long'],
    'bad blocks in an attachment': [coloured([section('')]), 400, 'invalid_attachments'],
    'a footer beside blocks': [coloured([section('s')], { footer: 'f' }), 400, 'invalid_attachments'],
    '101 attachments': [{ attachments: times(101, { text: 'x' }) }, 400, 'too_many_attachments'],
    'an attachment of nothing': [{ attachments: [{ color: '#fff' }] }, 400, 'missing_text_or_fallback_or_attachments'],
  };
  for (const [name, [body, status, code]] of Object.entries(bad)) {
    test(`${name}: ${code}`, async (t) => {
      const { sandbox } = await start(t);
      const reply = await call(sandbox, SEND, body);
      assert.equal(reply.text, code);
      assert.equal(reply.status, status);
      assert.equal(sandbox.messages().length, 0);
      assert.equal(sandbox.refusals()[0]?.code, code);
    });
  }
});

describe('slack transport', () => {
  test('method, content type, and a malformed or wrong address', async (t) => {
    const { sandbox } = await start(t, { bots: [{ platform: 'slack', token: 'T1/B1', secret: 'right' }] });
    const answer = async (path: string, options = {}) => {
      const { status, text } = await call(sandbox, path, { text: 'x' }, options);
      return `${status} ${text}`;
    };
    assert.equal(await answer('/services/X1/B1/right'), '404 no_team');
    assert.equal(await answer('/services/T1/b1/right'), '404 no_service');
    assert.equal(await answer('/services/T1/B1/a%20b'), '403 invalid_token');
    assert.equal(await answer('/services/T1/B1/wrong'), '403 invalid_token');
    assert.equal(await answer('/services/T1/B1/right'), '200 ok');
    assert.equal(await answer(SEND, { headers: { 'content-type': 'text/plain' } }), '400 invalid_payload');
    const get = await call(sandbox, SEND, undefined, { method: 'GET' });
    assert.deepEqual([get.status, get.text], [400, 'invalid_payload']);
  });

  test('two in a second and 60 in a minute', async (t) => {
    const { sandbox, clock } = await start(t);
    const status = async () => (await call(sandbox, SEND, { text: 'x' })).status;
    assert.deepEqual([await status(), await status(), await status()], [200, 200, 429]);
    for (let i = 0; i < 58; i += 1) {
      clock.advance(1000);
      assert.equal(await status(), 200);
    }
    clock.advance(1000);
    const reply = await call(sandbox, SEND, { text: 'x' });
    assert.deepEqual([reply.status, reply.text, reply.headers.get('retry-after')], [429, 'rate_limited', '1']);
    clock.advance(1000);
    assert.equal(await status(), 200);
  });

  test('injected codes are the whole body', async (t) => {
    const { sandbox } = await start(t);
    const codes: Record<string, number> = {
      invalid_token: 403,
      channel_not_found: 404,
      no_active_hooks: 404,
      channel_is_archived: 410,
      rollup_error: 500,
      rate_limited: 429,
    };
    for (const [code, status] of Object.entries(codes)) {
      sandbox.fault({ platform: 'slack', token: BOT, fault: `code:${code}` });
      const reply = await call(sandbox, SEND, { text: 'x' });
      assert.deepEqual([reply.status, reply.text], [status, code]);
    }
    assert.throws(() => sandbox.fault({ platform: 'slack', fault: 'code:19021' }));
  });
});
