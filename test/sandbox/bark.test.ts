import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { start, START } from './start.ts';

const PUSH = '/bark/push';
const KEY = 'ynJ5Ft4atkMkWeo2PAvFhF';
const TEXT = { device_key: KEY, body: 'hello' };
const OK = { code: 200, message: 'success', timestamp: START / 1000 };
const message = ({ json }: { json: unknown }): string => (json as { message: string }).message;

describe('bark shapes', () => {
  test('everything a phone shows', async (t) => {
    const { post, sandbox } = await start(t);
    const body = {
      device_key: KEY,
      title: 'Disk almost full',
      subtitle: 'db-1',
      body: '91 %',
      level: 'critical',
      group: 'production',
      url: 'https://x.example/a',
      id: 'alert-1',
    };
    assert.deepEqual(await post(PUSH, body), { status: 200, json: OK });
    const [shown] = sandbox.messages({ platform: 'bark', token: KEY });
    assert.equal(shown?.title, 'Disk almost full');
    assert.equal(shown.text, '91 %');
    assert.equal(shown.level, 'error');
    assert.deepEqual(shown.fields, [
      { name: '副标题', value: 'db-1' },
      { name: '分组', value: 'production' },
    ]);
    assert.deepEqual(shown.links, [{ text: '打开', url: 'https://x.example/a' }]);
  });

  test('names in any case, markdown instead of the body, a level for each word', async (t) => {
    const { post, sandbox } = await start(t);
    await post(PUSH, { Device_Key: KEY, Title: 'T', Body: 'x', Markdown: '**x**', Level: 'timeSensitive' });
    const [shown] = sandbox.messages();
    assert.deepEqual([shown?.title, shown?.text, shown?.format, shown?.level], ['T', '**x**', 'markdown', 'warning']);
    await post(PUSH, { ...TEXT, level: 'passive' });
    assert.equal(sandbox.messages()[0]?.level, 'info');
    await post(PUSH, { ...TEXT, title: '⚠️ T' });
    assert.equal(sandbox.messages()[0]?.level, 'warning');
    await post(PUSH, { device_key: KEY });
    assert.equal(sandbox.messages()[0]?.text, 'Empty Message');
  });

  test('path forms: path over query over body', async (t) => {
    const { sandbox } = await start(t);
    const get = async (path: string, init: RequestInit = {}) => {
      const { status } = await fetch(`${sandbox.url}/bark/${KEY}${path}`, init);
      assert.equal(status, 200, path);
      const [shown] = sandbox.messages();
      return [shown?.token, shown?.title, shown?.text, shown?.fields?.[0]?.value];
    };
    assert.deepEqual(await get('/a%2Fb'), [KEY, '', 'a/b', undefined]);
    assert.deepEqual(await get('/T/b?title=Q&group=g'), [KEY, 'T', 'b', 'g']);
    assert.deepEqual(await get('/T/s/b'), [KEY, 'T', 'b', 's']);
    const form = { method: 'POST', body: new URLSearchParams({ title: 'F', body: '1+1=2' }) };
    assert.deepEqual(await get('', form), [KEY, 'F', '1+1=2', undefined]);
    assert.deepEqual(await get('?body=q', form), [KEY, 'F', 'q', undefined]);
  });

  test('delete is no message', async (t) => {
    const { post, sandbox } = await start(t);
    assert.equal((await post(PUSH, { ...TEXT, id: 'alert-1', delete: '1' })).status, 200);
    assert.equal(sandbox.messages().length, 0);
  });

  const bad: Record<string, [body: unknown, status: number, words: RegExp]> = {
    'no key': [{ body: 'x' }, 400, /^device key is empty$/],
    'a key that cannot be one': [{ ...TEXT, device_key: 'a b' }, 400, /^failed to get device token/],
    'no JSON': ['{', 400, /^request bind failed/],
    'a group that is no string': [{ ...TEXT, group: 7 }, 500, /is not string/],
    'an id beyond 64 bytes': [{ ...TEXT, id: '告'.repeat(22) }, 500, /^push failed: BadCollapseId$/],
    'a payload beyond 4,096 bytes': [{ ...TEXT, body: '告'.repeat(1350) }, 500, /^push failed: PayloadTooLarge$/],
    'a payload that Go escapes': [{ ...TEXT, body: '<'.repeat(700) }, 500, /^push failed: PayloadTooLarge$/],
    'eleven devices': [
      { body: 'x', device_keys: Array.from({ length: 11 }, (_, i) => `key${i}`) },
      400,
      /^batch push count exceeds/,
    ],
  };
  for (const [name, [body, status, words]] of Object.entries(bad)) {
    test(`${name}: ${status}`, async (t) => {
      const { post, sandbox } = await start(t);
      const reply = await post(PUSH, body);
      assert.equal(reply.status, status);
      assert.match(message(reply), words);
      assert.equal(sandbox.messages().length, 0);
      assert.equal(sandbox.refusals()[0]?.code, String(status));
    });
  }

  test('a batch answers 200 and tells of each device', async (t) => {
    const { post, sandbox } = await start(t);
    const { status, json } = await post(PUSH, { body: 'x', device_keys: ['one', 'a b'] });
    assert.equal(status, 200);
    const { data } = json as { data: { code: number; device_key: string }[] };
    assert.deepEqual(
      data.map((item) => [item.code, item.device_key]),
      [
        [200, 'one'],
        [400, 'a b'],
      ],
    );
    assert.deepEqual(sandbox.messages()[0]?.fields, [{ name: '设备', value: 'one' }]);
    await post(PUSH, { body: 'x', device_keys: ['a b'] });
    assert.equal(sandbox.messages().length, 1);
    assert.equal(sandbox.refusals()[0]?.code, '400');
  });

  test('method', async (t) => {
    const { sandbox } = await start(t);
    assert.equal((await fetch(sandbox.url + PUSH)).status, 405);
    assert.equal((await fetch(`${sandbox.url}/bark/${KEY}`, { method: 'PUT' })).status, 405);
  });
});

describe('bark encryption', () => {
  // Finb/Bark, docs/en-us/encryption.md and docs/encryption.md (the first two).
  const vectors: Record<string, [secret: string, iv: string, ciphertext: string]> = {
    'AES-128-CBC': [
      '1234567890123456',
      '1111111111111111',
      'd3QhjQjP5majvNt5CjsvFWwqqj2gKl96RFj5OO+u6ynTt7lkyigDYNA3abnnCLpr',
    ],
    'AES-128-CBC, another IV': [
      'cbc:1234567890123456',
      '1234567890123456',
      '+aPt5cwN9GbTLLSFri60l3h1X00u/9j1FENfWiTxhNHVLGU+XoJ15JJG5W/d/yf0',
    ],
    'AES-256-CBC': [
      '0123456789abcdef0123456789abcdef',
      '1111111111111111',
      'Qax7UjxbueiFxxoejvJgFSGwWI7l4xufmwp/INNyw4xD3DSxeUPP/Rvo4TycfEQe',
    ],
    'AES-128-GCM': [
      'gcm:1234567890123456',
      '111111111111',
      '6tYNu2g3cLxgtGfoTkrAowzP4jSygr/U3UIWl4eWBJz6prKiIRx/F3qhojjqnwAq/9HT7yQ=',
    ],
    'AES-256-GCM': [
      'gcm:0123456789abcdef0123456789abcdef',
      '111111111111',
      'mZK6YqMiZ11fBCwcak/JKbZ+ciATjTWqf8+ICH/LMi93Vq9IfYGXiQ1oaGW+cLl++UiHJqQ=',
    ],
  };
  for (const [name, [secret, iv, ciphertext]] of Object.entries(vectors)) {
    test(`${name}: shown in clear to who knows the key`, async (t) => {
      const { post, sandbox } = await start(t, { bots: [{ platform: 'bark', token: KEY, secret }] });
      assert.deepEqual(await post(PUSH, { device_key: KEY, ciphertext, iv }), { status: 200, json: OK });
      assert.equal(sandbox.messages()[0]?.text, 'test');
      assert.equal(sandbox.messages()[0]?.kind, 'encrypted');
      await fetch(`${sandbox.url}/bark/${KEY}?ciphertext=${encodeURIComponent(ciphertext)}&iv=${iv}`);
      assert.equal(sandbox.messages()[0]?.text, 'test');
    });
  }

  test('the IV of the app holds where the message has none', async (t) => {
    const secret = '1234567890123456:1111111111111111';
    const { post, sandbox } = await start(t, { bots: [{ platform: 'bark', token: KEY, secret }] });
    await post(PUSH, { device_key: KEY, ciphertext: vectors['AES-128-CBC']![2] });
    assert.equal(sandbox.messages()[0]?.text, 'test');
  });

  test('a wrong key, a wrong mode and a lost plus do not decrypt; the server accepts all the same', async (t) => {
    const [, iv, ciphertext] = vectors['AES-128-CBC, another IV']!;
    for (const secret of ['6543210987654321', 'gcm:1234567890123456', 'short']) {
      const { post, sandbox } = await start(t, { bots: [{ platform: 'bark', token: KEY, secret }] });
      assert.equal((await post(PUSH, { device_key: KEY, ciphertext, iv })).status, 200);
      assert.equal(sandbox.messages()[0]?.text, 'Decryption Failed', secret);
    }
    const secret = '1234567890123456';
    const { sandbox } = await start(t, { bots: [{ platform: 'bark', token: KEY, secret }] });
    await fetch(`${sandbox.url}/bark/${KEY}?iv=${iv}&ciphertext=${ciphertext}`);
    assert.equal(sandbox.messages()[0]?.text, 'Decryption Failed');
  });

  test('without a declared key the message stays sealed', async (t) => {
    const { post, sandbox } = await start(t);
    await post(PUSH, { device_key: KEY, ciphertext: 'AAAA', iv: '1' });
    assert.equal(sandbox.messages()[0]?.text, '[加密消息]');
  });
});

describe('bark faults', () => {
  const faults: Record<string, [status: number, words: string]> = {
    BadDeviceToken: [500, 'push failed: BadDeviceToken'],
    TooManyRequests: [500, 'push failed: TooManyRequests'],
    Shutdown: [500, 'push failed: Shutdown'],
    '401': [401, 'Unauthorized'],
    '503': [503, 'Service Unavailable'],
  };
  for (const [code, [status, words]] of Object.entries(faults)) {
    test(code, async (t) => {
      const { post, sandbox } = await start(t);
      sandbox.fault({ platform: 'bark', token: KEY, fault: `code:${code}` });
      const reply = await post(PUSH, TEXT);
      assert.equal(reply.status, status);
      assert.equal(message(reply), words);
    });
  }

  test('a code it cannot have', async (t) => {
    const { sandbox } = await start(t);
    assert.throws(() => sandbox.fault({ platform: 'bark', fault: 'code:429' }));
  });
});
