import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { startHttp } from './kit.ts';
import { parseRaw } from './raw.ts';
import { VALID } from './samples.ts';

const json = JSON.stringify(VALID);
const head = 'POST /api/v1/push HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';

describe('parser errors are answered in JSON', () => {
  const requests: readonly [string, string, number][] = [
    ['no HTTP at all', 'hello\r\n\r\n', 400],
    ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003', 400],
    ['a method that is none', 'GETT / HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
    ['a version that is none', 'GET / HTTP/9.9\r\nHost: localhost\r\n\r\n', 400],
    ['a space in a header name', 'GET / HTTP/1.1\r\nHo st: localhost\r\n\r\n', 400],
    ['NUL in a header', 'GET / HTTP/1.1\r\nHost: localhost\r\nX: a\u0000b\r\n\r\n', 400],
    ['NUL in the target', 'GET /\u0000 HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
    ['two lengths', `${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}`, 400],
    ['length and chunks', `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ['a length that is none', `${head}Content-Length: x\r\n\r\n{}`, 400],
    ['a chunk size that is none', `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`, 400],
    ['headers of 64 KB', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(65_536)}\r\n\r\n`, 431],
    ['a target of 64 KB', `GET /${'x'.repeat(65_536)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
    [
      'chunk extensions of 64 KB',
      `${head}Transfer-Encoding: chunked\r\n\r\n2;${'x'.repeat(65_536)}\r\n{}\r\n0\r\n\r\n`,
      413,
    ],
    ['CONNECT', 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n', 405],
  ];
  for (const [name, bytes, status] of requests) {
    test(name, async (t) => {
      const { raw, ask } = await startHttp(t);
      const answered = parseRaw(await raw(Buffer.from(bytes, 'latin1')));
      assert.equal(answered.status, status);
      assert.equal(answered.body.code, status);
      assert.match(answered.head, /\r\nContent-Type: application\/json; charset=utf-8\r\n/);
      assert.match(answered.head, /\r\nX-Content-Type-Options: nosniff\r\n/);
      assert.match(answered.head, /\r\nConnection: close/);
      assert.equal((await ask('GET', '/health')).status, 200);
    });
  }

  test('a message of 64 KB of headers that goes on and on is cut off', async (t) => {
    const { port } = await startHttp(t);
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(65_536)}`);
    const [first] = (await once(socket, 'data')) as [Buffer];
    assert.match(first.toString(), /^HTTP\/1\.1 431 /);
    socket.destroy();
  });

  test('what follows a good request does not spoil its answer', async (t) => {
    const { raw } = await startHttp(t);
    const said = await raw(
      `GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );
    assert.equal(said.match(/HTTP\/1\.1 200 OK/g)?.length, 2);
  });

  test('targets that no URL parser takes', async (t) => {
    const { raw, seen } = await startHttp(t);
    for (const target of [
      'http://[',
      'http://a:99999999/',
      '//[',
      '*',
      '?',
      '#',
      '\\',
      '/\u00ff\u0080',
      '/%zz?%zz=%zz',
    ]) {
      const said = await raw(
        Buffer.from(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`, 'latin1'),
      );
      assert.ok([400, 404].includes(parseRaw(said).status), `${target}: ${said}`);
    }
    assert.deepEqual(seen.crashed, []);
    for (const { path } of seen.requested) assert.doesNotMatch(path, /\p{Cc}/u);
  });

  test('an upgrade is not taken up', async (t) => {
    const { raw } = await startHttp(t);
    const said = await raw(
      'GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n',
    );
    assert.match(said, /^HTTP\/1\.1 200 /);
  });
});

describe('slow and silent clients', () => {
  /** Milliseconds: long enough that a busy machine sends the request that follows in time. */
  const bounds = { headers: 1000, request: 2000, check: 50 };

  for (const [name, bytes] of [
    ['headers that never end', 'GET / HTTP/1.1\r\nHost: localhost\r\nX: '],
    ['a body that never comes', `${head}Content-Length: 100\r\n\r\n{`],
    ['a connection that says nothing', ''],
  ] as const) {
    test(`${name}: 408`, async (t) => {
      const { raw, ask } = await startHttp(t, { bounds });
      const answered = parseRaw(await raw(bytes));
      assert.equal(answered.status, 408);
      assert.equal(answered.body.message, '请求超时');
      assert.equal((await ask('GET', '/health')).status, 200);
    });
  }

  test('a client that goes away in the middle of its body', async (t) => {
    const { port, ask, seen } = await startHttp(t);
    const socket = connect({ port, host: '127.0.0.1' });
    socket.write(`${head}Content-Length: 100\r\n\r\n{`);
    await once(socket, 'connect');
    socket.end();
    await once(socket.resume(), 'close');
    assert.equal((await ask('GET', '/health')).status, 200);
    assert.deepEqual(seen.crashed, []);
  });

  test('a thousand idle connections leave room for the next request', async (t) => {
    const { port, ask } = await startHttp(t);
    const sockets: Socket[] = [];
    t.after(() => sockets.forEach((socket) => socket.destroy()));
    for (let i = 0; i < 10; i++) {
      const hundred = Array.from({ length: 100 }, () => connect({ port, host: '127.0.0.1' }));
      sockets.push(...hundred);
      await Promise.all(hundred.map((socket) => once(socket, 'connect')));
    }
    const half = sockets.filter((_, i) => i % 2 === 0);
    for (const socket of half) socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await Promise.all(half.map((socket) => once(socket, 'data')));
    assert.equal((await ask('POST', '/api/v1/push', { body: VALID })).status, 200);
  });
});

describe('any bytes', () => {
  // Every exchange ends at once: a request that is cut short is half-closed by the client.
  const exchange = (port: number, bytes: Buffer) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      const chunks: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.on('end', () => socket.end());
      socket.on('error', (error: NodeJS.ErrnoException) => error.code !== 'ECONNRESET' && reject(error));
      socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
      socket.end(bytes);
    });

  const answers = (said: string) => {
    for (const part of said.split(/(?=HTTP\/1\.1 \d{3} )/)) {
      if (part === '') continue;
      const { status, body } = parseRaw(part);
      assert.equal(body.code, status);
    }
  };

  test('as a body: JSON with the right status', async (t) => {
    const { port, seen } = await startHttp(t);
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      fc
        .constantFrom(json, json.slice(0, 30), '\u0000', '"\\ud800"', '[[[[', '{"__proto__":1}')
        .map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(part, part, fc.constantFrom('', '/batch', '/preview'), async (one, two, path) => {
        const body = Buffer.concat([one, two]);
        const start = `POST /api/v1/push${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n`;
        const said = await exchange(
          port,
          Buffer.concat([Buffer.from(`${start}Content-Length: ${body.length}\r\n\r\n`), body]),
        );
        assert.ok([200, 400, 404].includes(parseRaw(said).status), said);
        answers(said);
      }),
      { numRuns: 200 },
    );
    assert.deepEqual(seen.crashed, []);
  });

  test('as a request: JSON or silence, never a crash', async (t) => {
    const { port, ask, seen } = await startHttp(t);
    const line = fc.constantFrom(
      'POST /api/v1/push HTTP/1.1\r\n',
      'GET /api/v1/tasks?limit=1 HTTP/1.0\r\n',
      'Host: localhost\r\n',
      'Content-Type: application/json\r\n',
      `Content-Length: ${json.length}\r\n`,
      'Transfer-Encoding: chunked\r\n',
      'Content-Encoding: gzip\r\n',
      'Expect: 100-continue\r\n',
      'Connection: close\r\n',
      '\r\n',
      json,
    );
    const noise = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
    const soup = fc.array(fc.oneof({ weight: 5, arbitrary: line }, { weight: 1, arbitrary: noise }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(soup, async (pieces) => {
        const said = await exchange(port, Buffer.from(pieces.join(''), 'latin1'));
        answers(said.replaceAll('HTTP/1.1 100 Continue\r\n\r\n', ''));
      }),
      { numRuns: 200 },
    );
    assert.equal((await ask('GET', '/health')).status, 200);
    assert.deepEqual(seen.crashed, []);
  });
});
