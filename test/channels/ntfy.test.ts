import assert from 'node:assert/strict';
import { test } from 'node:test';
import ntfy from '../../src/channels/ntfy.ts';
import { fit } from '../../src/delivery/fit.ts';
import type { Message } from '../../src/model.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { KINDS, sandboxed } from '../kit/sandboxed.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';

const MESSAGE: Message = { title: 't', body: 'b', level: 'info', style: 'text', format: 'text' };

async function sent(config: object, id = 'a-0') {
  const platform = scriptedHttp({ status: 200, body: '{"id":"x"}' });
  const parsed = ntfy.config.parse({ topic: 'ops', ...config });
  assert.ok(
    (await attempt(ntfy, ntfy.render(MESSAGE, parsed, NOW, 'task'), parsed, createIo(platform.http, { id }))).ok,
  );
  const { url, headers = {}, body = '' } = platform.requests[0]!;
  return { url, login: headers['authorization'], json: Object(JSON.parse(body)) };
}

test('JSON goes to the root of the server, never to the topic', async () => {
  assert.equal((await sent({})).url, 'https://ntfy.sh/');
  const { url, json } = await sent({ base_url: 'http://127.0.0.1:8080/ntfy/' });
  assert.deepEqual([url, json.topic, json.message], ['http://127.0.0.1:8080/ntfy/', 'ops', 'b']);
});

test('a token or a user with a password logs in', async () => {
  assert.equal((await sent({})).login, undefined);
  assert.equal((await sent({ token: 'tk_x' })).login, 'Bearer tk_x');
  const { login } = await sent({ username: 'ü', password: 'p:q' });
  assert.equal(login, `Basic ${Buffer.from('ü:p:q').toString('base64')}`);
});

test('a repeat bears the same sequence id, another part another one; both have the form of a topic', async () => {
  const id = async (given: string) => (await sent({}, given)).json.sequence_id as string;
  assert.equal(await id('a-0'), await id('a-0'));
  assert.notEqual(await id('a-0'), await id('a-1'));
  assert.match(await id('a-0'), /^[-\w]{1,64}$/);
});

test('no part becomes an attachment: each has 4,096 bytes at most', () => {
  const parsed = ntfy.config.parse({ topic: 'ops' });
  const exact = fit(ntfy, { ...MESSAGE, body: 'x'.repeat(4096) }, parsed, { now: NOW, maxParts: 20, id: 'task' });
  assert.equal(exact.length, 1);
  const parts = fit(ntfy, { ...MESSAGE, body: '囍'.repeat(3000) }, parsed, { now: NOW, maxParts: 20, id: 'task' });
  assert.ok(parts.length > 2);
  for (const { payload } of parts) assert.ok(Buffer.byteLength(Object(payload).message) <= 4096);
});

test('all topics of one user at one server share a limit', () => {
  const account = (config: object) => ntfy.account?.key(ntfy.config.parse({ topic: 'ops', ...config }));
  const lane = (config: object) => ntfy.credential(ntfy.config.parse({ topic: 'ops', ...config }));
  assert.equal(account({}), account({ topic: 'dev' }));
  assert.notEqual(account({}), account({ token: 'tk_x' }));
  assert.notEqual(account({}), account({ base_url: 'https://ntfy.example' }));
  assert.notEqual(lane({}), lane({ topic: 'dev' }));
});

test('the stand-in takes every kind of message', async (t) => {
  const { sandbox, send } = await sandboxed(t, ntfy, { token: 'ops' });
  for (const message of KINDS)
    for (const outcome of await send(message, { topic: 'ops', tags: ['db'] }))
      assert.deepEqual(outcome, { ok: true }, JSON.stringify(sandbox.refusals()[0]));
  const [last] = sandbox.messages({ platform: 'ntfy' });
  assert.equal(last?.level, 'error');
});
