import assert from 'node:assert/strict';
import { request } from 'node:http';
import { describe, test } from 'node:test';
import { call, type Reply } from './call.ts';
import { start } from './start.ts';

const HOOK = '/api/webhooks/123456789012345678/abc-DEF_1';
const SEND = `${HOOK}?wait=true`;
const BOT = '123456789012345678';
const code = ({ json }: Reply): number => (json as { code: number }).code;
const errors = ({ json }: Reply): unknown => (json as { errors: unknown }).errors;
const times = <T>(n: number, value: T): T[] => Array.from({ length: n }, () => value);
const embed = (more: object) => ({ embeds: [more] });
const field = { name: 'k', value: 'v' };

describe('discord shapes', () => {
  test('wait=true gives the message, else nothing', async (t) => {
    const { sandbox } = await start(t);
    const saved = await call(sandbox, SEND, { content: 'hello' });
    assert.equal(saved.status, 200);
    assert.deepEqual(saved.json, {
      id: '1400000000000000001',
      type: 0,
      channel_id: '100000000000000001',
      webhook_id: BOT,
      content: 'hello',
      embeds: [],
      timestamp: '2023-11-14T22:13:20.000Z',
    });
    const silent = await call(sandbox, HOOK, { content: 'hello' });
    assert.deepEqual([silent.status, silent.text], [204, '']);
    assert.equal((await call(sandbox, `/api/v10/webhooks/${BOT}/abc`, { content: 'hello' })).status, 204);
    assert.equal(sandbox.messages({ platform: 'discord', token: BOT }).length, 3);
  });

  test('a card shows title, text, fields, link, colour', async (t) => {
    const { sandbox } = await start(t);
    const reply = await call(sandbox, SEND, {
      username: 'Alerts',
      content: '<@&123456789012345678> please look',
      allowed_mentions: { parse: [], roles: ['123456789012345678'] },
      embeds: [
        {
          title: 'Disk almost full',
          url: 'https://example.com/alerts/1',
          description: 'Volume `/data` on **db-1**',
          color: 14_232_864,
          fields: [{ name: 'Host', value: 'db-1', inline: true }],
          footer: { text: 'our-gateway' },
          timestamp: '2026-01-01T00:00:00.000Z',
        },
      ],
    });
    assert.equal(reply.status, 200);
    const [kept] = sandbox.messages();
    assert.equal(kept?.title, 'Disk almost full');
    assert.equal(kept.text, '<@&123456789012345678> please look\n\nVolume `/data` on **db-1**\n\nour-gateway');
    assert.equal(kept.level, 'error');
    assert.equal(kept.colour, '#d92d20');
    assert.deepEqual(kept.fields, [
      { name: 'Host', value: 'db-1' },
      { name: '发送者', value: 'Alerts' },
    ]);
    assert.deepEqual(kept.links, [{ text: 'Disk almost full', url: 'https://example.com/alerts/1' }]);
    assert.deepEqual(kept.mentions, ['123456789012345678']);
  });

  const pings: [allowed: unknown, mentions: string[]][] = [
    [undefined, ['1']],
    [{ parse: [] }, []],
    [{ parse: ['everyone'] }, ['all', 'here']],
    [{ parse: ['users', 'roles'] }, ['1', '2']],
    [{ parse: [], users: ['1'] }, ['1']],
    [{ roles: ['2'], users: ['9'] }, ['2']],
  ];
  for (const [allowed_mentions, mentions] of pings) {
    test(`allowed_mentions ${JSON.stringify(allowed_mentions)} pings ${mentions.join(', ')}`, async (t) => {
      const { sandbox } = await start(t);
      await call(sandbox, SEND, {
        content: '@everyone @here <@1> <@&2>',
        embeds: [{ description: '<@3> @everyone' }],
        ...(allowed_mentions === undefined ? {} : { allowed_mentions }),
      });
      assert.deepEqual(sandbox.messages()[0]?.mentions, mentions);
    });
  }

  test('the limits themselves pass', async (t) => {
    const { sandbox } = await start(t);
    const full = { title: 't'.repeat(256), description: 'd'.repeat(4096), footer: { text: 'f'.repeat(1648) } };
    assert.equal((await call(sandbox, SEND, { content: 'c'.repeat(2000), ...embed(full) })).status, 200);
    const fields = times(25, { name: 'n', value: 'v'.repeat(200) });
    assert.equal((await call(sandbox, SEND, embed({ fields }))).status, 200);
  });

  const max = (n: number) => ({
    _errors: [{ code: 'BASE_TYPE_MAX_LENGTH', message: `Must be ${n} or fewer in length.` }],
  });
  const required = { _errors: [{ code: 'BASE_TYPE_REQUIRED', message: 'This field is required' }] };
  const bad: Record<string, [body: unknown, errors: unknown]> = {
    'content over 2000': [{ content: 'c'.repeat(2001) }, { content: max(2000) }],
    'content over 2000 units': [{ content: '😀'.repeat(1001) }, { content: max(2000) }],
    'eleven embeds': [{ embeds: times(11, { title: 't' }) }, { embeds: max(10) }],
    'title over 256': [embed({ title: 't'.repeat(257) }), { embeds: { 0: { title: max(256) } } }],
    'description over 4096': [embed({ description: 'd'.repeat(4097) }), { embeds: { 0: { description: max(4096) } } }],
    '26 fields': [embed({ fields: times(26, field) }), { embeds: { 0: { fields: max(25) } } }],
    'field name over 256': [
      embed({ fields: [field, { name: 'n'.repeat(257), value: 'v' }] }),
      { embeds: { 0: { fields: { 1: { name: max(256) } } } } },
    ],
    'field value over 1024': [
      embed({ fields: [{ name: 'n', value: 'v'.repeat(1025) }] }),
      { embeds: { 0: { fields: { 0: { value: max(1024) } } } } },
    ],
    'empty field value': [
      embed({ fields: [{ name: 'n', value: '' }] }),
      { embeds: { 0: { fields: { 0: { value: required } } } } },
    ],
    'footer over 2048': [
      embed({ footer: { text: 'f'.repeat(2049) } }),
      { embeds: { 0: { footer: { text: max(2048) } } } },
    ],
    'more than 6000 over all embeds': [
      { embeds: times(2, { description: 'd'.repeat(3001) }) },
      {
        embeds: { _errors: [{ code: 'MAX_EMBED_SIZE_EXCEEDED', message: 'Embed size exceeds maximum size of 6000' }] },
      },
    ],
    'colour as text': [
      embed({ color: '#ff0000' }),
      { embeds: { 0: { color: { _errors: [{ code: 'NUMBER_TYPE_COERCE', message: 'Value is not int.' }] } } } },
    ],
    'username over 80': [{ content: 'x', username: 'u'.repeat(81) }, { username: max(80) }],
    'username with a forbidden word': [
      { content: 'x', username: 'My Discord' },
      {
        username: { _errors: [{ code: 'USERNAME_INVALID_CONTAINS', message: 'Username cannot contain that word.' }] },
      },
    ],
    'a word of parse beside its list': [
      { content: 'x', allowed_mentions: { parse: ['users'], users: ['1'] } },
      {
        allowed_mentions: {
          _errors: [
            {
              code: 'MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE',
              message: 'parse and an explicit list are mutually exclusive.',
            },
          ],
        },
      },
    ],
    '101 users': [
      { content: 'x', allowed_mentions: { users: times(101, '1') } },
      { allowed_mentions: { users: max(100) } },
    ],
  };
  for (const [name, [body, expected]] of Object.entries(bad)) {
    test(`${name}: 50035`, async (t) => {
      const { sandbox } = await start(t);
      const reply = await call(sandbox, SEND, body);
      assert.deepEqual(reply.json, { message: 'Invalid Form Body', code: 50035, errors: expected });
      assert.equal(reply.status, 400);
      assert.equal(sandbox.messages().length, 0);
    });
  }

  test('other refusals of the body', async (t) => {
    const { sandbox } = await start(t);
    assert.equal(code(await call(sandbox, HOOK, '{"content"')), 50109);
    assert.equal(code(await call(sandbox, HOOK, { content: ' ', embeds: [] })), 50006);
    assert.equal(code(await call(sandbox, HOOK, { content: 'x', thread_name: 'new' })), 220003);
    assert.equal(code(await call(sandbox, `${HOOK}?thread_id=1`, { content: 'x', thread_name: 'new' })), 220002);
    assert.equal(code(await call(sandbox, HOOK, { content: 'x', flags: 1 << 15 })), 50035);
  });
});

describe('discord transport', () => {
  test('method, content type, ids and token', async (t) => {
    const { sandbox } = await start(t, { bots: [{ platform: 'discord', token: '7', secret: 'right' }] });
    const wrong = await call(sandbox, '/api/webhooks/7/wrong', { content: 'x' });
    assert.deepEqual([wrong.status, wrong.json], [401, { message: 'Invalid Webhook Token', code: 50027 }]);
    assert.equal((await call(sandbox, '/api/webhooks/7/right', { content: 'x' })).status, 204);
    assert.equal(code(await call(sandbox, '/api/webhooks/7/a%20b', { content: 'x' })), 50027);
    assert.equal(code(await call(sandbox, '/api/webhooks/demo/a', { content: 'x' })), 50035);
    assert.equal(code(await call(sandbox, `${HOOK}?thread_id=x`, { content: 'x' })), 50035);
    const typed = await call(sandbox, HOOK, { content: 'x' }, { headers: { 'content-type': 'text/plain' } });
    assert.match(JSON.stringify(errors(typed)), /Content-Type/);
    const get = await call(sandbox, HOOK, undefined, { method: 'GET' });
    assert.deepEqual([get.status, get.json], [405, { message: '405: Method Not Allowed', code: 0 }]);
  });

  test('a request without a User-Agent is stopped', async (t) => {
    const { sandbox } = await start(t);
    const status = await new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      request(sandbox.url + HOOK, { method: 'POST', headers }, (response) => resolve(response.resume().statusCode))
        .once('error', reject)
        .end('{"content":"x"}');
    });
    assert.equal(status, 403);
    assert.equal(sandbox.refusals()[0]?.code, '40333');
  });

  test('five in two seconds, 30 in a minute; every answer tells the state of the limit', async (t) => {
    const { sandbox, clock } = await start(t);
    const first = await call(sandbox, HOOK, { content: 'x' });
    assert.equal(first.headers.get('x-ratelimit-limit'), '5');
    assert.equal(first.headers.get('x-ratelimit-remaining'), '4');
    for (let i = 0; i < 4; i += 1) assert.equal((await call(sandbox, HOOK, { content: 'x' })).status, 204);
    clock.advance(1300);
    const reply = await call(sandbox, HOOK, { content: 'x' });
    assert.equal(reply.status, 429);
    assert.deepEqual(reply.json, { message: 'You are being rate limited.', retry_after: 0.7, global: false });
    assert.equal(reply.headers.get('retry-after'), '1');
    assert.equal(reply.headers.get('x-ratelimit-reset-after'), '0.700');
    assert.equal(reply.headers.get('x-ratelimit-scope'), 'user');
    for (let i = 0; i < 25; i += 1) {
      clock.advance(1000);
      assert.equal((await call(sandbox, HOOK, { content: 'x' })).status, 204);
    }
    clock.advance(1000);
    const full = await call(sandbox, HOOK, { content: 'x' });
    assert.equal((full.json as { retry_after: number }).retry_after, 32.7);
  });

  test('injected codes', async (t) => {
    const { sandbox } = await start(t);
    const statuses: Record<string, number> = {
      10015: 404,
      50027: 401,
      50035: 400,
      220001: 400,
      40005: 413,
      40333: 403,
      20016: 429,
      429: 429,
      502: 502,
    };
    for (const [fault, status] of Object.entries(statuses)) {
      sandbox.fault({ platform: 'discord', fault: `code:${fault}` });
      const reply = await call(sandbox, HOOK, { content: 'x' });
      assert.equal(reply.status, status, fault);
      if (status === 429) assert.equal((reply.json as { retry_after: number }).retry_after, 0.529);
      else assert.equal(code(reply), Number(fault) > 600 ? Number(fault) : 0);
    }
    assert.throws(() => sandbox.fault({ platform: 'discord', fault: 'code:no_text' }));
  });
});
