import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { call, type Reply } from './call.ts';
import { start } from './start.ts';

const CLIENT = '/matrix/_matrix/client/v3';
const room = (id = '!ops:example.org') => `${CLIENT}/rooms/${encodeURIComponent(id)}`;
const code = ({ json }: Reply): string => (json as { errcode: string }).errcode;
const event = ({ json }: Reply): string => (json as { event_id: string }).event_id;
const text = (body: string, more: object = {}) => ({ msgtype: 'm.text', body, ...more });
const html = (formatted_body: string, more: object = {}) =>
  text('plain', { format: 'org.matrix.custom.html', formatted_body, ...more });

let transactions = 0;
interface Sending {
  readonly txn?: string;
  readonly token?: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
}
async function put(sandbox: Sandbox, body: unknown, sending: Sending = {}): Promise<Reply> {
  const { txn = `t${(transactions += 1)}`, token = 'syt_1', method = 'PUT', headers = {} } = sending;
  const path = sending.path ?? `${room()}/send/m.room.message/${txn}`;
  return await call(sandbox, path, body, { method, headers: { authorization: `Bearer ${token}`, ...headers } });
}

describe('matrix shapes', () => {
  test('plain text', async (t) => {
    const { sandbox } = await start(t);
    const reply = await put(sandbox, text('🔴 a < b', { 'm.mentions': {} }));
    assert.deepEqual([reply.status, reply.json], [200, { event_id: '$sandbox1' }]);
    const [kept] = sandbox.messages({ platform: 'matrix', token: 'syt_1' });
    assert.deepEqual([kept?.kind, kept?.style, kept?.text, kept?.level], ['m.text', 'text', '🔴 a < b', 'error']);
    assert.deepEqual(kept?.mentions, []);
  });

  test('formatted text shows title, text, links, colour; m.mentions alone calls', async (t) => {
    const { sandbox } = await start(t);
    const body =
      '<h4>Disk &lt;full&gt;</h4><p><b>db-1</b> is at <font data-mx-color="#D92D20">91 %</font><br>' +
      '<a href="https://matrix.to/#/@ann:example.org">Ann</a> <a href="https://x.example/?a=1&amp;b=2">more</a></p>' +
      '<ul><li>Host: db-1</li><li>Usage: 91 %</li></ul><script>x</script>';
    const mentions = { 'm.mentions': { user_ids: ['@ann:example.org'], room: true } };
    assert.equal((await put(sandbox, html(body, mentions))).status, 200);
    const [kept] = sandbox.messages();
    assert.deepEqual([kept?.style, kept?.title], ['card', 'Disk <full>']);
    assert.equal(kept?.text, '**db-1** is at 91 %\n@Ann more\n\n- Host: db-1\n- Usage: 91 %');
    assert.deepEqual([kept.level, kept.colour], ['error', '#d92d20']);
    assert.deepEqual(kept.links, [{ text: 'more', url: 'https://x.example/?a=1&b=2' }]);
    assert.deepEqual(kept.mentions, ['all', '@ann:example.org']);
  });

  test('a bold first line is a title, bold words in a line are not', async (t) => {
    const { sandbox } = await start(t);
    await put(sandbox, html('<strong>T</strong><br>x'));
    assert.deepEqual([sandbox.messages()[0]?.title, sandbox.messages()[0]?.text], ['T', 'x']);
    await put(sandbox, html('<b>db-1</b> is full'));
    assert.deepEqual([sandbox.messages()[0]?.title, sandbox.messages()[0]?.text], ['', '**db-1** is full']);
  });

  const bad: Record<string, [body: unknown, status: number, code: string]> = {
    'no JSON': ['{"body"', 400, 'M_NOT_JSON'],
    'a list': [[], 400, 'M_BAD_JSON'],
    'no msgtype': [{ body: 'x' }, 400, 'M_BAD_JSON'],
    'a body that is no string': [{ msgtype: 'm.text', body: 7 }, 400, 'M_BAD_JSON'],
    'formatted_body without format': [text('x', { formatted_body: '<b>x</b>' }), 400, 'M_BAD_JSON'],
    'another format': [text('x', { format: 'markdown', formatted_body: 'x' }), 400, 'M_BAD_JSON'],
    'mentions that are no list': [text('x', { 'm.mentions': { user_ids: '@a:b' } }), 400, 'M_BAD_JSON'],
    'a mention that is no user id': [text('x', { 'm.mentions': { user_ids: ['ann'] } }), 400, 'M_BAD_JSON'],
    'too large': [text('x'.repeat(64_500)), 413, 'M_TOO_LARGE'],
    'too large in bytes': [text('警'.repeat(21_500)), 413, 'M_TOO_LARGE'],
  };
  for (const [name, [body, status, expected]] of Object.entries(bad)) {
    test(`${name}: ${expected}`, async (t) => {
      const { sandbox } = await start(t);
      const reply = await put(sandbox, body);
      assert.deepEqual([reply.status, code(reply)], [status, expected]);
      assert.equal(sandbox.messages().length, 0);
    });
  }

  test('60,000 bytes pass', async (t) => {
    const { sandbox } = await start(t);
    assert.equal((await put(sandbox, text('x'.repeat(60_000)))).status, 200);
  });
});

describe('matrix transactions', () => {
  test('a repeat is answered with the same event and sends nothing', async (t) => {
    const { sandbox } = await start(t);
    const first = await put(sandbox, text('x'), { txn: 'a' });
    const again = await put(sandbox, text('x'), { txn: 'a' });
    assert.equal(again.status, 200);
    assert.equal(event(again), event(first));
    assert.equal(sandbox.messages().length, 1);
  });

  test('another transaction, token or room is another message', async (t) => {
    const { sandbox } = await start(t);
    const path = `${room('!other:example.org')}/send/m.room.message/a`;
    const sent = [
      await put(sandbox, text('x'), { txn: 'a' }),
      await put(sandbox, text('x'), { txn: 'b' }),
      await put(sandbox, text('x'), { txn: 'a', token: 'syt_2' }),
      await put(sandbox, text('x'), { path }),
    ];
    assert.equal(new Set(sent.map(event)).size, 4);
    assert.equal(sandbox.messages().length, 4);
  });

  test('a refused message leaves its transaction free; a repeat takes no place in the limit', async (t) => {
    const { sandbox } = await start(t);
    assert.equal((await put(sandbox, {}, { txn: 'a' })).status, 400);
    for (let i = 0; i < 20; i += 1) assert.equal((await put(sandbox, text('x'), { txn: 'a' })).status, 200);
    assert.equal(sandbox.messages().length, 1);
  });
});

describe('matrix transport', () => {
  test('token, room, method, content type', async (t) => {
    const { sandbox } = await start(t);
    const bare = `${room()}/send/m.room.message/z`;
    const missing = await call(sandbox, `${bare}?access_token=syt_1`, text('x'), { method: 'PUT' });
    assert.deepEqual([missing.status, code(missing)], [401, 'M_MISSING_TOKEN']);
    const basic = await put(sandbox, text('x'), { headers: { authorization: 'Basic abc' } });
    assert.equal(code(basic), 'M_MISSING_TOKEN');
    const malformed = await put(sandbox, text('x'), { token: 'a b' });
    assert.deepEqual(malformed.json, {
      errcode: 'M_UNKNOWN_TOKEN',
      error: 'Invalid access token passed.',
      soft_logout: false,
    });
    for (const id of ['ops', '#ops:example.org', '!ops:exa mple']) {
      const reply = await put(sandbox, text('x'), { path: `${room(id)}/send/m.room.message/z` });
      assert.deepEqual([reply.status, code(reply)], [400, 'M_INVALID_PARAM']);
    }
    assert.equal((await put(sandbox, text('x'), { path: `${room('!v12opaque')}/send/m.room.message/z` })).status, 200);
    assert.equal((await put(sandbox, text('x'), { method: 'POST' })).status, 405);
    assert.equal(code(await put(sandbox, text('x'), { headers: { 'content-type': 'text/plain' } })), 'M_NOT_JSON');
  });

  test('an alias is resolved; no room is encrypted', async (t) => {
    const { sandbox } = await start(t);
    const alias = `${CLIENT}/directory/room/${encodeURIComponent('#ops:example.org')}`;
    const found = await call(sandbox, alias, undefined, { method: 'GET' });
    assert.deepEqual(found.json, { room_id: '!ops:example.org', servers: ['example.org'] });
    const state = { method: 'GET', headers: { authorization: 'Bearer syt_1' } };
    assert.equal(code(await call(sandbox, `${room()}/state/m.room.encryption`, undefined, state)), 'M_NOT_FOUND');
    assert.equal(
      code(await call(sandbox, `${room()}/state/m.room.encryption`, undefined, { method: 'GET' })),
      'M_MISSING_TOKEN',
    );
  });

  test('ten at once, then one in five seconds; both forms of the wait', async (t) => {
    const { sandbox, clock } = await start(t);
    for (let i = 0; i < 10; i += 1) {
      assert.equal((await put(sandbox, text('x'))).status, 200);
      clock.advance(1000);
    }
    const reply = await put(sandbox, text('x'), { txn: 'late' });
    assert.equal(reply.status, 429);
    assert.equal(reply.headers.get('retry-after'), '40');
    assert.deepEqual(reply.json, { errcode: 'M_LIMIT_EXCEEDED', error: 'Too Many Requests', retry_after_ms: 40_000 });
    assert.equal((await put(sandbox, text('x'), { token: 'syt_2' })).status, 200);
    clock.advance(40_000);
    assert.equal((await put(sandbox, text('x'), { txn: 'late' })).status, 200);
  });

  test('injected codes', async (t) => {
    const { sandbox } = await start(t);
    const codes: Record<string, number> = { M_FORBIDDEN: 403, M_TOO_LARGE: 413, M_UNKNOWN_TOKEN: 401, M_UNKNOWN: 500 };
    for (const [fault, status] of Object.entries(codes)) {
      sandbox.fault({ platform: 'matrix', token: 'syt_1', fault: `code:${fault}` });
      const reply = await put(sandbox, text('x'));
      assert.deepEqual([reply.status, code(reply)], [status, fault]);
    }
    sandbox.fault({ platform: 'matrix', fault: 'code:M_LIMIT_EXCEEDED' });
    const limited = await put(sandbox, text('x'));
    assert.equal(limited.headers.get('retry-after'), '2');
    assert.equal((limited.json as { retry_after_ms: number }).retry_after_ms, 2000);
    assert.throws(() => sandbox.fault({ platform: 'matrix', fault: 'code:19021' }));
  });
});
