import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { start, START } from './start.ts';

const SEND = '/gotify/message';
const TOKEN = 'AbcDEF123-._xyz';
const KEY = { 'x-gotify-key': TOKEN };
const TEXT = { message: 'hello' };

describe('gotify', () => {
  test('everything that is shown, and the stored message as the answer', async (t) => {
    const { post, sandbox } = await start(t);
    const body = {
      title: 'Disk almost full',
      message: 'Volume **/data**',
      priority: 8,
      extras: {
        'client::display': { contentType: 'text/markdown' },
        'client::notification': { click: { url: 'https://x.example/a' } },
      },
    };
    const date = new Date(START).toISOString();
    assert.deepEqual(await post(SEND, body, KEY), { status: 200, json: { id: 1, appid: 1, date, ...body } });
    const [shown] = sandbox.messages({ platform: 'gotify', token: TOKEN });
    assert.deepEqual(
      [shown?.title, shown?.text, shown?.format, shown?.level],
      ['Disk almost full', 'Volume **/data**', 'markdown', 'error'],
    );
    assert.deepEqual(shown?.links, [{ text: '打开', url: 'https://x.example/a' }]);
  });

  test('level by priority as the Android app tells it, else by a sign', async (t) => {
    const { post, sandbox } = await start(t);
    for (const [more, level] of [
      [{ priority: 0 }, 'info'],
      [{ priority: 3 }, 'info'],
      [{ priority: 4 }, 'warning'],
      [{ priority: 7 }, 'warning'],
      [{ priority: 10 }, 'error'],
      [{ title: '🔴 T' }, 'error'],
      [{}, undefined],
    ] as const) {
      await post(SEND, { ...TEXT, ...more }, KEY);
      assert.equal(sandbox.messages()[0]?.level, level);
    }
  });

  test('the token in header, query or bearer; a form without extras', async (t) => {
    const { post, sandbox } = await start(t);
    assert.equal((await post(`${SEND}?token=${TOKEN}`, TEXT)).status, 200);
    assert.equal((await post(SEND, TEXT, { authorization: `Bearer ${TOKEN}` })).status, 200);
    assert.equal((await post(SEND, { ...TEXT, appid: 5 }, { 'x-gotify-key': 'Cclient' })).status, 200);
    const body = new URLSearchParams({ title: 'T', message: 'x', priority: '5', extras: '{}' });
    assert.equal((await fetch(sandbox.url + SEND, { method: 'POST', headers: KEY, body })).status, 200);
    assert.deepEqual([sandbox.messages()[0]?.title, sandbox.messages()[0]?.level], ['T', 'warning']);
  });

  const bad: Record<string, [body: unknown, headers: Record<string, string>, status: number, words: RegExp]> = {
    'no token': [TEXT, {}, 401, /valid access token/],
    'a token that is no application': [TEXT, { 'x-gotify-key': 'Cclient' }, 401, /valid access token/],
    'a login': [TEXT, { authorization: `Basic ${btoa('a:b')}` }, 403, /not allowed/],
    'no JSON': ['{', KEY, 400, /./],
    'text/plain': [TEXT, { ...KEY, 'content-type': 'text/plain' }, 400, /./],
    'no message': [{ title: 'T' }, KEY, 400, /^Field 'message' is required$/],
    'an empty message': [{ message: '' }, KEY, 400, /^Field 'message' is required$/],
    'a priority in words': [{ ...TEXT, priority: 'high' }, KEY, 400, /field priority/],
    'extras that are no object': [{ ...TEXT, extras: 'x' }, KEY, 400, /field extras/],
  };
  for (const [name, [body, headers, status, words]] of Object.entries(bad)) {
    test(`${name}: ${status}`, async (t) => {
      const { post, sandbox } = await start(t);
      const reply = await post(SEND, body, headers);
      const json = reply.json as { error: string; errorCode: number; errorDescription: string };
      assert.equal(reply.status, status);
      assert.equal(json.errorCode, status);
      assert.match(json.errorDescription, words);
      assert.equal(sandbox.messages().length, 0);
    });
  }

  test('method and faults', async (t) => {
    const { post, sandbox } = await start(t);
    assert.equal((await fetch(sandbox.url + SEND)).status, 404);
    sandbox.fault({ platform: 'gotify', token: TOKEN, fault: 'code:503' });
    assert.deepEqual(await post(SEND, TEXT, KEY), {
      status: 503,
      json: { error: 'Service Unavailable', errorCode: 503, errorDescription: 'sandbox fault' },
    });
    assert.throws(() => sandbox.fault({ platform: 'gotify', fault: 'code:200' }));
  });
});
