import assert from 'node:assert/strict';
import { createDecipheriv } from 'node:crypto';
import { describe, test } from 'node:test';
import { type BarkMode, IV_LENGTHS, barkEncrypt, barkVector } from '../../src/channel/platform/bark-cipher.ts';
import bark from '../../src/channels/bark.ts';
import { fit } from '../../src/delivery/fit.ts';
import type { Message } from '../../src/model.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { KINDS, sandboxed } from '../kit/sandboxed.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';

const MESSAGE: Message = { title: 't', body: 'b', level: 'info', style: 'text', format: 'text' };
const KEY = '1234567890123456';
const LONG_KEY = '0123456789abcdef0123456789abcdef';

async function sent(config: object, message = MESSAGE, options: { now?: Date; id?: string } = {}) {
  const platform = scriptedHttp({ status: 200, body: '{"code":200,"data":[{"code":200}]}' });
  const parsed = bark.config.parse({ device_key: 'key', ...config });
  const outcome = await attempt(
    bark,
    bark.render(message, parsed, NOW, 'task'),
    parsed,
    createIo(platform.http, options),
  );
  assert.ok(outcome.ok);
  const { url, headers = {}, body = '' } = platform.requests[0]!;
  return { url, headers, json: Object(JSON.parse(body)) };
}

describe('the cipher', () => {
  const text = '{"body": "test", "sound": "birdsong"}';
  // The first two are printed in Bark's own pages; all were computed with OpenSSL and with Python.
  for (const [mode, key, iv, expected] of [
    ['cbc', KEY, '1111111111111111', 'd3QhjQjP5majvNt5CjsvFWwqqj2gKl96RFj5OO+u6ynTt7lkyigDYNA3abnnCLpr'],
    ['cbc', KEY, KEY, '+aPt5cwN9GbTLLSFri60l3h1X00u/9j1FENfWiTxhNHVLGU+XoJ15JJG5W/d/yf0'],
    ['cbc', LONG_KEY, '1111111111111111', 'Qax7UjxbueiFxxoejvJgFSGwWI7l4xufmwp/INNyw4xD3DSxeUPP/Rvo4TycfEQe'],
    ['gcm', KEY, '111111111111', '6tYNu2g3cLxgtGfoTkrAowzP4jSygr/U3UIWl4eWBJz6prKiIRx/F3qhojjqnwAq/9HT7yQ='],
    ['gcm', LONG_KEY, '111111111111', 'mZK6YqMiZ11fBCwcak/JKbZ+ciATjTWqf8+ICH/LMi93Vq9IfYGXiQ1oaGW+cLl++UiHJqQ='],
  ] as const) {
    test(`AES-${key.length * 8}-${mode} with ${iv}`, () => {
      assert.equal(barkEncrypt(text, { key, mode }, iv), expected);
      assert.notEqual(barkEncrypt(`${text} `, { key, mode }, iv), expected);
    });
  }

  test('ECB needs no vector, and equal blocks look alike', () => {
    const made = Buffer.from(barkEncrypt('x'.repeat(32), { key: KEY, mode: 'ecb' }, ''), 'base64');
    assert.equal(made.length, 48);
    assert.deepEqual(made.subarray(0, 16), made.subarray(16, 32));
  });

  test('a vector is of the right length, and another for another text, attempt or key', () => {
    for (const [mode, length] of [
      ['cbc', 16],
      ['gcm', 12],
    ] as const) {
      const made = [
        barkVector('a', { key: KEY, mode }, '1'),
        barkVector('b', { key: KEY, mode }, '1'),
        barkVector('a', { key: KEY, mode }, '2'),
        barkVector('a', { key: LONG_KEY, mode }, '1'),
      ];
      assert.equal(new Set(made).size, made.length);
      for (const vector of made) assert.match(vector, new RegExp(`^[\\w-]{${length}}$`));
    }
  });
});

describe('an encrypted message', () => {
  const opened = (ciphertext: string, iv: string, key: string, mode: BarkMode) => {
    const bytes = Buffer.from(ciphertext, 'base64');
    if (mode !== 'gcm') {
      const decipher = createDecipheriv(`aes-${key.length * 8}-${mode}`, key, mode === 'ecb' ? null : iv);
      return decipher.update(bytes, undefined, 'utf8') + decipher.final('utf8');
    }
    const decipher = createDecipheriv(`aes-${(key.length * 8) as 128}-gcm`, key, iv);
    decipher.setAuthTag(bytes.subarray(-16));
    return decipher.update(bytes.subarray(0, -16), undefined, 'utf8') + decipher.final('utf8');
  };
  for (const mode of ['cbc', 'ecb', 'gcm'] as const) {
    for (const key of [KEY, '123456789012345678901234', LONG_KEY]) {
      test(`shows nothing but its key and its id: AES-${key.length * 8}-${mode}`, async () => {
        const encryption = { key, algorithm: `AES-${key.length * 8}-${mode}` };
        const { json } = await sent(
          { encryption, sound: 'alarm' },
          { ...MESSAGE, title: '磁盘', url: 'https://x.example/' },
        );
        const { device_key, id, ciphertext, iv = '', ...rest } = json;
        assert.equal(device_key, 'key');
        assert.match(id, /^[\da-f]{32}$/);
        assert.deepEqual(rest, {});
        assert.equal(iv.length, IV_LENGTHS[mode]);
        assert.deepEqual(JSON.parse(opened(ciphertext, iv, key, mode)), {
          title: '磁盘',
          body: 'b',
          level: 'active',
          url: 'https://x.example/',
          sound: 'alarm',
        });
      });
    }
  }

  test('has a new vector on each attempt, unless one is written down', async () => {
    const iv = async (encryption: object, at: number) =>
      (await sent({ encryption }, MESSAGE, { now: new Date(at) })).json.iv as string;
    assert.notEqual(await iv({ key: KEY }, 1), await iv({ key: KEY }, 2));
    assert.equal(await iv({ key: KEY, iv: '1111111111111111', algorithm: 'cbc' }, 1), '1111111111111111');
  });

  test('fits into what Apple takes', async () => {
    const config = bark.config.parse({ device_key: 'key', encryption: { key: KEY, algorithm: 'GCM' } });
    const parts = fit(bark, { ...MESSAGE, body: '囍'.repeat(3000) }, config, { now: NOW, maxParts: 20, id: 'task' });
    for (const { message } of parts) {
      const { json } = await sent({ encryption: { key: KEY, algorithm: 'GCM' } }, message);
      assert.ok(json.ciphertext.length + json.iv.length <= 3500);
    }
  });
});

describe('a configuration', () => {
  test('says how each level interrupts', async () => {
    const levels = async (level: unknown) => {
      const of = async (name: Message['level']) =>
        (await sent({ level }, { ...MESSAGE, level: name })).json.level as string;
      return [await of('info'), await of('warning'), await of('error')];
    };
    assert.deepEqual(await levels(undefined), ['active', 'active', 'timeSensitive']);
    assert.deepEqual(await levels('critical'), ['critical', 'critical', 'critical']);
    assert.deepEqual(await levels({ error: 'critical', info: 'passive' }), ['passive', 'active', 'critical']);
  });

  test('names the server under either key, with its path, and the public one by default', async () => {
    assert.equal((await sent({})).url, 'https://api.day.app/push');
    assert.equal((await sent({ server_url: 'http://127.0.0.1:8080/bark/' })).url, 'http://127.0.0.1:8080/bark/push');
    assert.equal((await sent({ base_url: 'http://127.0.0.1:8080' })).url, 'http://127.0.0.1:8080/push');
  });

  test('rings for errors alone', async () => {
    const call = async (level: Message['level']) =>
      (await sent({ call: true, volume: 7 }, { ...MESSAGE, level })).json.call;
    assert.deepEqual([await call('info'), await call('error')], [undefined, '1']);
  });

  test('takes ten devices at the public server, more at another', () => {
    const keys = Array.from({ length: 11 }, (_, i) => `key${i}`);
    assert.ok(!bark.config.safeParse({ device_key: keys }).success);
    assert.ok(bark.config.safeParse({ device_key: keys.slice(1) }).success);
    assert.ok(bark.config.safeParse({ device_key: keys, server_url: 'https://bark.example' }).success);
  });
});

test('a repeat bears the same id, another part another one', async () => {
  const id = async (given: string) => (await sent({}, MESSAGE, { id: given })).json.id as string;
  assert.equal(await id('a-0'), await id('a-0'));
  assert.notEqual(await id('a-0'), await id('a-1'));
});

test('one device is written to by its key, several by a list; a login goes along', async () => {
  const one = await sent({ username: 'ü', password: 'p' });
  assert.deepEqual([one.json.device_key, one.json.device_keys], ['key', undefined]);
  assert.equal(one.headers['authorization'], `Basic ${Buffer.from('ü:p').toString('base64')}`);
  assert.equal((await sent({ device_key: 123456 })).json.device_key, '123456');
  const two = await sent({ device_key: ['a', 'b'] });
  assert.deepEqual([two.json.device_key, two.json.device_keys], [undefined, ['a', 'b']]);
});

test('the stand-in takes every kind of message, encrypted ones too', async (t) => {
  const { sandbox, send } = await sandboxed(t, bark, { token: 'demokey' });
  for (const config of [
    {},
    { encryption: { key: KEY } },
    { encryption: { key: LONG_KEY, algorithm: 'aes-256-gcm' } },
  ]) {
    for (const message of KINDS) {
      for (const outcome of await send(message, { device_key: 'demokey', ...config }))
        assert.deepEqual(outcome, { ok: true }, JSON.stringify(sandbox.refusals()[0]));
    }
  }
});
