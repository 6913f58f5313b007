import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { networkOf } from '../../src/http/address.ts';
import { createHostCheck, isLoopback } from '../../src/http/host.ts';
import { startHttp } from './kit.ts';
import { parseRaw } from './raw.ts';

const LIST = '/api/v1/notifications';
const auth = { tokens: [{ name: 'board', token: 'read-token', scopes: ['read' as const] }] };

describe('networks', () => {
  for (const [address, network] of [
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
    ['unix', 'unix'],
  ] as const) {
    test(address, () => assert.equal(networkOf(address), network));
  }
});

describe('without tokens, on the loopback', () => {
  for (const host of ['localhost', 'LOCALHOST:80', '127.0.0.1', '127.0.0.1:65535', '[::1]', '[::1]:8080']) {
    test(`Host ${host} is let in`, async (t) => {
      const { ask } = await startHttp(t);
      assert.equal((await ask('GET', LIST, { headers: { Host: host } })).status, 200);
    });
  }
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.2',
    'localhost:x',
    '0.0.0.0',
    '[::2]',
    'localhost:80:80',
    ' ',
  ]) {
    test(`Host ${JSON.stringify(host)} is refused`, async (t) => {
      const { ask } = await startHttp(t);
      for (const path of [LIST, '/health', '/none']) {
        const { status, body } = await ask('GET', path, { headers: { Host: host } });
        assert.equal(status, 403);
        assert.equal(body.message, '权限不足');
      }
    });
  }
  for (const version of ['1.0', '1.1']) {
    test(`no Host in HTTP/${version} is refused`, async (t) => {
      const { raw } = await startHttp(t);
      assert.equal(parseRaw(await raw(`GET ${LIST} HTTP/${version}\r\nConnection: close\r\n\r\n`)).status, 403);
    });
  }
  test('the configured host is let in', () => {
    assert.ok(createHostCheck('My-Host')('my-host:8080'));
    assert.ok(createHostCheck('::1')('[::1]'));
    assert.ok(!createHostCheck('my-host')('other'));
  });
  test('allow_anonymous takes any Host', async (t) => {
    const { ask } = await startHttp(t, { auth: { allow_anonymous: true } });
    assert.equal((await ask('GET', LIST, { headers: { Host: 'push.example' } })).status, 200);
  });
  test('with tokens any Host will do, but HTTP/1.1 wants one', async (t) => {
    const { raw } = await startHttp(t, { auth });
    assert.equal(parseRaw(await raw('GET /health HTTP/1.1\r\nConnection: close\r\n\r\n')).status, 400);
    assert.match(await raw('GET /health HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 /);
  });
  test('names of the machine itself', () => {
    for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1', '[::1]', '::ffff:127.0.0.1'])
      assert.ok(isLoopback(host), host);
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'localhost.example', '127.0.0.1.example'])
      assert.ok(!isLoopback(host), host);
  });
});
