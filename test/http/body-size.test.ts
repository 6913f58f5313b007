import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { startHttp } from './kit.ts';
import { parseRaw } from './raw.ts';
import { VALID } from './samples.ts';

const PUSH = '/api/v1/push';
const JSON_TYPE = { 'Content-Type': 'application/json' };
const json = Buffer.from(JSON.stringify(VALID));

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
