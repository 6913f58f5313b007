import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { startHttp } from './kit.ts';
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
