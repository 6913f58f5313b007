import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { startHttp } from './kit.ts';
import { parseRaw } from './raw.ts';
import { VALID } from './samples.ts';

const PUSH = '/api/v1/push';
const JSON_TYPE = { 'Content-Type': 'application/json' };
const json = Buffer.from(JSON.stringify(VALID));

describe('content types', () => {
  for (const type of [
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF8"',
    'application/json; charset=us-ascii; x=y',
    'application/vnd.api+json',
  ]) {
    test(`${type} is taken`, async (t) => {
      const { ask } = await startHttp(t);
      assert.equal((await ask('POST', PUSH, { body: json, headers: { 'Content-Type': type } })).status, 200);
    });
  }
  for (const type of [
    undefined,
    '',
    'text/plain',
    'text/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'application/json; charset=gbk',
    'application/json; charset=utf-16',
  ]) {
    test(`${type} is refused`, async (t) => {
      const { ask, pushed } = await startHttp(t);
      const { status, body } = await ask('POST', PUSH, {
        body: json,
        headers: type === undefined ? {} : { 'Content-Type': type },
      });
      assert.equal(status, 415);
      assert.equal(body.code, 415);
      assert.equal(body.message, '不支持的内容类型');
      assert.equal(pushed.length, 0);
    });
  }
  test('does not matter where no body is taken', async (t) => {
    const { ask } = await startHttp(t);
    const answered = await ask('PUT', '/api/v1/notifications/read-all', {
      body: 'x',
      headers: { 'Content-Type': 'text/plain' },
    });
    assert.equal(answered.status, 200);
  });
});

describe('what is no JSON', () => {
  const bodies: readonly [string, Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['white space', Buffer.from('  \n')],
    ['half an object', Buffer.from('{"recipient_alias":')],
    ['single quotes', Buffer.from("{'a':1}")],
    ['a NUL byte', Buffer.from('{"a":"\u0000"}')],
    ['NUL bytes only', Buffer.alloc(100)],
    ['a name', Buffer.from('NaN')],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le')],
    ['a deep array that never ends', Buffer.from('['.repeat(10_000))],
  ];
  for (const [name, body] of bodies) {
    test(name, async (t) => {
      const { ask, seen } = await startHttp(t);
      const { status, body: said } = await ask('POST', PUSH, { body, headers: JSON_TYPE });
      assert.equal(status, 400);
      assert.equal(said.message, '请求参数错误');
      assert.match(String(said.data['error']), /^请求体/);
      assert.equal(seen.crashed.length, 0);
    });
  }

  test('JSON that is no object is a fault of the push', async (t) => {
    const { ask } = await startHttp(t);
    for (const body of ['null', '5', '"x"', '[]', 'true']) {
      const { status, body: said } = await ask('POST', PUSH, { body, headers: JSON_TYPE });
      assert.equal(status, 400);
      assert.equal(said.data['error'], '请求体必须是对象');
    }
  });

  test('nested ten thousand deep it is read, and judged', async (t) => {
    const { ask } = await startHttp(t);
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const objects = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`;
    for (const value of [deep, objects]) {
      assert.equal((await ask('POST', PUSH, { body: value, headers: JSON_TYPE })).status, 400);
      assert.equal((await ask('POST', `${PUSH}/batch`, { body: `[${value}]`, headers: JSON_TYPE })).status, 200);
      const inField = `{"recipient_alias":"ops_alert","content":{"title":${value},"msg":"m"}}`;
      assert.equal((await ask('POST', PUSH, { body: inField, headers: JSON_TYPE })).status, 400);
      const unknown = `{"recipient_alias":"ops_alert","x":${value},"content":{"title":"t","msg":"m"}}`;
      assert.equal((await ask('POST', PUSH, { body: unknown, headers: JSON_TYPE })).status, 200);
    }
  });

  test('a byte order mark and broken UTF-8 do no harm', async (t) => {
    const { ask, pushed } = await startHttp(t);
    await ask('POST', PUSH, { body: Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), json]), headers: JSON_TYPE });
    assert.deepEqual(pushed[0]!.body, VALID);
    const broken = Buffer.from('{"recipient_alias":"ops_alert","content":{"title":"a?b","msg":"m"}}');
    broken[broken.indexOf('?')] = 0xff;
    const { body } = await ask('POST', PUSH, { body: broken, headers: JSON_TYPE });
    assert.equal(body.data['title'], 'a\ufffdb');
  });
});

describe('compressed bodies', () => {
  for (const [coding, bytes] of [
    ['gzip', gzipSync(json)],
    ['X-GZIP', gzipSync(json)],
    ['deflate', deflateSync(json)],
    ['br', brotliCompressSync(json)],
    ['identity', json],
  ] as const) {
    test(coding, async (t) => {
      const { ask, pushed } = await startHttp(t);
      const answered = await ask('POST', PUSH, { body: bytes, headers: { ...JSON_TYPE, 'Content-Encoding': coding } });
      assert.equal(answered.status, 200);
      assert.deepEqual(pushed[0]!.body, VALID);
    });
  }
  for (const coding of ['compress', 'gzip, gzip', '__proto__', 'toString']) {
    test(`${coding} is not taken`, async (t) => {
      const { ask } = await startHttp(t);
      const answered = await ask('POST', PUSH, { body: json, headers: { ...JSON_TYPE, 'Content-Encoding': coding } });
      assert.equal(answered.status, 415);
    });
  }
  test('bytes that are not compressed, or cut off', async (t) => {
    const { ask } = await startHttp(t);
    const headers = { ...JSON_TYPE, 'Content-Encoding': 'gzip' };
    for (const body of [json, gzipSync(json).subarray(0, 30)])
      assert.equal((await ask('POST', PUSH, { body, headers })).status, 400);
  });
  test('a bomb is measured by what it becomes', async (t) => {
    const { ask } = await startHttp(t);
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024, 0x20));
    assert.ok(bomb.length < 262_144);
    const { status, body } = await ask('POST', PUSH, {
      body: bomb,
      headers: { ...JSON_TYPE, 'Content-Encoding': 'gzip' },
    });
    assert.equal(status, 413);
    assert.equal(body.message, '请求体过大');
  });
});

describe('size', () => {
  const sized = (bytes: number) => {
    const msg = 'x'.repeat(bytes - JSON.stringify({ ...VALID, content: { title: 't', msg: '' } }).length);
    return JSON.stringify({ ...VALID, content: { title: 't', msg } });
  };

  test('the limit itself is taken, a byte more is not', async (t) => {
    const { ask } = await startHttp(t, { server: { body_limit: 1000 } });
    assert.equal((await ask('POST', PUSH, { body: sized(1000), headers: JSON_TYPE })).status, 200);
    const { status, body } = await ask('POST', PUSH, { body: sized(1001), headers: JSON_TYPE });
    assert.equal(status, 413);
    assert.deepEqual(body, { code: 413, message: '请求体过大', data: { error: '请求体不能超过1000字节' } });
  });

  for (const [name, headers] of [
    ['with its length announced', { 'Content-Length': '5000000' }],
    ['in chunks', { 'Transfer-Encoding': 'chunked' }],
  ] as const) {
    for (const keepAlive of [true, false]) {
      test(`five megabytes ${name} are read to the end, and answered (keep-alive: ${keepAlive})`, async (t) => {
        const { port, ask } = await startHttp(t);
        const agent = new Agent({ keepAlive, maxSockets: 1 });
        t.after(() => agent.destroy());
        const request = httpRequest({ port, method: 'POST', path: PUSH, agent, headers: { ...JSON_TYPE, ...headers } });
        request.end(Buffer.alloc(5_000_000, 0x20));
        const [[response]] = await Promise.all([once(request, 'response'), once(request, 'finish')]);
        assert.equal((response as { statusCode: number }).statusCode, 413);
        assert.equal((JSON.parse(await text(response as never)) as { code: number }).code, 413);
        assert.equal((await ask('POST', PUSH, { body: VALID, agent })).status, 200);
      });
    }
  }

  test('more than ten megabytes are cut off', async (t) => {
    const { port, ask } = await startHttp(t);
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.write(
      `POST ${PUSH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n`,
    );
    const [first] = (await once(socket, 'data')) as [Buffer];
    assert.match(first.toString(), /^HTTP\/1\.1 413 /);
    const chunk = Buffer.alloc(65_536, 0x20);
    const closed = new Promise((resolve) => socket.on('close', resolve));
    const pour = () => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', pour);
    pour();
    await closed;
    assert.ok(socket.bytesWritten < 100_000_000);
    assert.equal((await ask('GET', '/health')).status, 200);
  });

  test('a body where none is taken is thrown away', async (t) => {
    const { ask } = await startHttp(t);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const body = Buffer.alloc(2_000_000);
    assert.equal((await ask('POST', '/none', { body, agent })).status, 404);
    assert.equal((await ask('PATCH', PUSH, { body, agent })).status, 405);
    assert.equal((await ask('GET', '/health', { agent })).status, 200);
  });
});

describe('Expect', () => {
  const head = (length: number) =>
    `POST ${PUSH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n`;

  test('100-continue: the body is called for', async (t) => {
    const { port } = await startHttp(t);
    const socket = connect({ port, host: '127.0.0.1' });
    socket.write(`${head(json.length)}Connection: close\r\nExpect: 100-continue\r\n\r\n`);
    const [first] = (await once(socket, 'data')) as [Buffer];
    assert.equal(first.toString(), 'HTTP/1.1 100 Continue\r\n\r\n');
    socket.write(json);
    assert.equal(parseRaw(await text(socket)).status, 200);
  });

  for (const [name, length, options, status] of [
    ['a body that is too large', 1_000_000, {}, 413],
    ['a stranger', 100, { auth: { tokens: [{ name: 'x', token: 'y', scopes: ['push'] }] } }, 401],
  ] as const) {
    test(`100-continue: ${name} is refused before it is sent`, async (t) => {
      const { raw } = await startHttp(t, options);
      const answered = parseRaw(await raw(`${head(length)}Expect: 100-continue\r\n\r\n`));
      assert.equal(answered.status, status);
      assert.match(answered.head, /Connection: close/);
    });
  }

  test('anything else is refused', async (t) => {
    const { raw } = await startHttp(t);
    const answered = parseRaw(await raw(`${head(2)}Expect: tea\r\n\r\n{}`));
    assert.equal(answered.status, 417);
    assert.equal(answered.body.code, 417);
  });
});
