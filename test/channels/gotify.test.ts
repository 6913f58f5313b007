import assert from 'node:assert/strict';
import { test } from 'node:test';
import gotify from '../../src/channels/gotify.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { KINDS, sandboxed } from '../kit/sandboxed.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';

test('the token travels in a header, below the path of the server', async () => {
  const platform = scriptedHttp({ status: 200, body: '{"id":1}' });
  const config = gotify.config.parse({ base_url: 'http://127.0.0.1:8080/push/', token: 'A.x' });
  const message = { title: 't', body: 'b', level: 'info', style: 'text', format: 'text' } as const;
  assert.ok((await attempt(gotify, gotify.render(message, config, NOW, 'task'), config, createIo(platform.http))).ok);
  const [{ url, headers }] = platform.requests as [(typeof platform.requests)[number]];
  assert.equal(url, 'http://127.0.0.1:8080/push/message');
  assert.equal(headers?.['x-gotify-key'], 'A.x');
});

test('the stand-in takes every kind of message', async (t) => {
  const { sandbox, send } = await sandboxed(t, gotify, { token: 'Ademotoken' });
  for (const message of KINDS)
    for (const outcome of await send(message, { token: 'Ademotoken' }))
      assert.deepEqual(outcome, { ok: true }, JSON.stringify(sandbox.refusals()[0]));
  assert.equal(sandbox.messages({ platform: 'gotify' })[0]?.level, 'error');
});
