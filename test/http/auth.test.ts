import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { createFailures } from '../../src/http/failures.ts';
import type { Token } from '../../src/http/settings.ts';
import { createTestClock } from '../kit/clock.ts';
import { startHttp } from './kit.ts';
import { parseRaw } from './raw.ts';
import { VALID } from './samples.ts';

const PUSH = '/api/v1/push';
const LIST = '/api/v1/notifications';

const tokens: readonly Token[] = [
  { name: 'ci', token: 'push-token', scopes: ['push'] },
  { name: 'board', token_sha256: createHash('sha256').update('read-token').digest('hex'), scopes: ['read'] },
  { name: 'root', token: 'admin-令牌', scopes: ['admin'] },
];
const auth = { tokens };

const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${Buffer.from(token).toString('latin1')}` } });

describe('scopes', () => {
  const asks: readonly [string, string, string, string][] = [
    ['push', 'POST', PUSH, 'push'],
    ['push', 'POST', `${PUSH}/batch`, 'push'],
    ['push', 'POST', `${PUSH}/preview`, 'push'],
    ['read', 'GET', '/api/v1/task/x', 'read'],
    ['read', 'GET', '/api/v1/tasks', 'read'],
    ['read', 'GET', LIST, 'read'],
    ['read', 'GET', `${LIST}/statistics`, 'read'],
    ['read', 'GET', '/api/v1/platforms', 'read'],
    ['read', 'GET', '/api/v1/recipients', 'read'],
    ['read', 'GET', '/metrics', 'read'],
    ['read', 'GET', '/openapi.json', 'read'],
    ['read', 'GET', '/docs', 'read'],
    ['read', 'GET', '/docs/start.js', 'read'],
    ['admin', 'PUT', `${LIST}/read-all`, 'admin'],
    ['admin', 'PUT', `${LIST}/x/read`, 'admin'],
    ['admin', 'DELETE', `${LIST}/x`, 'admin'],
    ['admin', 'DELETE', LIST, 'admin'],
  ];
  for (const [scope, method, path] of asks) {
    test(`${method} ${path} needs ${scope}`, async (t) => {
      const { ask } = await startHttp(t, { auth });
      const body = method === 'POST' ? { body: VALID } : {};
      for (const [owned, token] of [
        ['push', 'push-token'],
        ['read', 'read-token'],
        ['admin', 'admin-令牌'],
      ] as const) {
        const { status, body: said } = await ask(method, path, { ...bearer(token), ...body });
        if (owned === scope || owned === 'admin') assert.ok(![401, 403, 429].includes(status), `${owned}: ${status}`);
        else {
          assert.equal(status, 403);
          assert.equal(said.message, '权限不足');
        }
      }
      const nobody = await ask(method, path, body);
      assert.equal(nobody.status, 401);
      assert.equal(nobody.body.message, '未授权');
      const login = /^\/(docs|openapi)/.test(path)
        ? 'Basic realm="PushServer", charset="UTF-8"'
        : 'Bearer realm="PushServer"';
      assert.equal(nobody.headers['www-authenticate'], login);
    });
  }

  for (const path of ['/health', '/ready']) {
    test(`${path} is open, also with a wrong token and to any Host`, async (t) => {
      const { ask } = await startHttp(t, { auth });
      assert.equal((await ask('GET', path)).status, 200);
      assert.equal((await ask('GET', path, { headers: { 'X-API-Key': 'wrong', Host: 'push.example' } })).status, 200);
    });
  }

  test('unknown routes and methods need no token', async (t) => {
    const { ask } = await startHttp(t, { auth });
    assert.equal((await ask('GET', '/none')).status, 404);
    assert.equal((await ask('GET', PUSH)).status, 405);
  });
});

describe('tokens', () => {
  const accepted: readonly Record<string, string>[] = [
    { Authorization: 'Bearer push-token' },
    { Authorization: 'bearer   push-token' },
    { 'X-API-Key': 'push-token' },
    { 'X-API-Key': ' push-token ' },
    { Authorization: 'Basic eDp5', 'X-API-Key': 'push-token' },
    { Authorization: 'Bearer wrong', 'X-API-Key': 'push-token' },
  ];
  for (const headers of accepted) {
    test(`pass: ${JSON.stringify(headers)}`, async (t) => {
      const { ask, pushed, seen } = await startHttp(t, { auth });
      assert.equal((await ask('POST', PUSH, { body: VALID, headers })).status, 200);
      assert.equal(pushed[0]!.caller, 'ci');
      assert.equal(seen.requested[0]!.caller, 'ci');
      assert.doesNotMatch(JSON.stringify(seen), /token/);
    });
  }

  const refused: readonly Record<string, string>[] = [
    { Authorization: 'Bearer push-toke' },
    { Authorization: 'Bearer push-token2' },
    { Authorization: 'Bearer PUSH-TOKEN' },
    { Authorization: 'push-token' },
    { Authorization: 'Basic push-token' },
    { Authorization: `Bearer ${createHash('sha256').update('read-token').digest('hex')}` },
    { 'X-API-Key': '' },
  ];
  for (const headers of refused) {
    test(`refused: ${JSON.stringify(headers)}`, async (t) => {
      const { ask, pushed } = await startHttp(t, { auth });
      assert.equal((await ask('POST', PUSH, { body: VALID, headers })).status, 401);
      assert.equal(pushed.length, 0);
    });
  }

  test('a browser shows it as the password of a login, for the pages it opens and for nothing else', async (t) => {
    const { ask } = await startHttp(t, { auth });
    const login = (token: string) => ({
      headers: { Authorization: `Basic ${Buffer.from(`anybody:${token}`).toString('base64')}` },
    });
    for (const path of ['/docs', '/docs/start.js', '/openapi.json']) {
      assert.equal((await ask('GET', path, login('read-token'))).status, 200);
      assert.equal((await ask('GET', path, login('admin-令牌'))).status, 200);
      assert.equal((await ask('GET', path, login('push-token'))).status, 403);
      assert.equal((await ask('GET', path, login('wrong'))).status, 401);
    }
    assert.equal((await ask('GET', LIST, login('read-token'))).status, 401);
    assert.equal((await ask('DELETE', LIST, login('admin-令牌'))).status, 401);
  });

  test('a wrong token is called wrong', async (t) => {
    const { ask } = await startHttp(t, { auth });
    const { headers, body } = await ask('GET', LIST, bearer('nope'));
    assert.equal(headers['www-authenticate'], 'Bearer realm="PushServer", error="invalid_token"');
    assert.deepEqual(body.data, { error: '访问令牌无效' });
  });

  test('the body of a stranger is not read: the answer comes before it', async (t) => {
    const { raw } = await startHttp(t, { auth });
    const head = `POST ${PUSH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n`;
    assert.equal(parseRaw(await raw(`${head}Content-Length: 100000\r\n\r\n`)).status, 401);
  });

  test('are the ones of the configuration as it is now', async (t) => {
    const { ask, settings } = await startHttp(t, { auth });
    settings.auth = { tokens: [{ name: 'new', token: 'new', scopes: ['read'] }], allow_anonymous: false };
    assert.equal((await ask('GET', LIST, bearer('read-token'))).status, 401);
    assert.equal((await ask('GET', LIST, bearer('new'))).status, 200);
  });

  test('when the last one is taken away from a server that others reach, nobody is let in', async (t) => {
    const { ask, settings } = await startHttp(t, { auth, server: { host: '0.0.0.0' } });
    settings.auth = { tokens: [], allow_anonymous: false };
    assert.equal((await ask('GET', LIST)).status, 401);
  });
});

describe('failures', () => {
  test('thirty at once, then one a minute; a right token always passes', async (t) => {
    const clock = createTestClock();
    const { ask } = await startHttp(t, { auth, clock });
    const wrong = async () => (await ask('GET', LIST, bearer('wrong'))).status;
    for (let i = 0; i < 30; i++) assert.equal(await wrong(), 401);
    const refused = await ask('GET', LIST, bearer('wrong'));
    assert.equal(refused.status, 429);
    assert.equal(refused.body.message, '请求过于频繁');
    assert.equal(refused.headers['retry-after'], '60');
    assert.equal((await ask('GET', LIST, bearer('read-token'))).status, 200);
    assert.equal((await ask('GET', LIST, bearer('push-token'))).status, 403);
    await clock.advance(59_000);
    assert.equal((await ask('GET', LIST)).headers['retry-after'], '1');
    await clock.advance(1_000);
    assert.equal(await wrong(), 401);
    assert.equal(await wrong(), 429);
  });

  test('are counted for each address that a trusted proxy names', async (t) => {
    const { ask, seen } = await startHttp(t, { auth, server: { trust_proxy: true } });
    const from = async (address: string) =>
      (await ask('GET', LIST, { headers: { 'X-Forwarded-For': address } })).status;
    for (let i = 0; i < 30; i++) assert.equal(await from(`10.0.0.${i}, 192.0.2.1`), 401);
    assert.equal(await from('192.0.2.1'), 429);
    assert.equal(await from('192.0.2.2'), 401);
    assert.equal(await from('nonsense'), 401);
    assert.equal(seen.requested[0]!.ip, '192.0.2.1');
    assert.equal(seen.requested.at(-1)!.ip, '127.0.0.1');
  });

  test('X-Forwarded-For is a caller’s own word without a trusted proxy', async (t) => {
    const { ask, seen } = await startHttp(t, { auth });
    await ask('GET', LIST, { headers: { 'X-Forwarded-For': '192.0.2.1' } });
    assert.equal(seen.requested[0]!.ip, '127.0.0.1');
  });

  test('of at most ten thousand networks are kept, the longest unheard forgotten first', () => {
    const failures = createFailures(createTestClock());
    for (let i = 0; i < 30; i++) failures.count('first');
    assert.equal(failures.count('first'), 60);
    for (let i = 0; i < 9_999; i++) failures.count(`n${i}`);
    assert.equal(failures.count('first'), 60);
    for (let i = 0; i < 10_000; i++) failures.count(`m${i}`);
    assert.equal(failures.size, 10_000);
    assert.equal(failures.count('first'), 0);
  });
});
