import assert from 'node:assert/strict';
import { test } from 'node:test';
import pushplus from '../../src/channels/pushplus.ts';
import type { Message } from '../../src/model.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { KINDS, sandboxed } from '../kit/sandboxed.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';
const MESSAGE: Message = { title: 't', body: 'b', level: 'info', style: 'text', format: 'text' };

test('token and webhook are no part of the payload, and are sent', async () => {
  const platform = scriptedHttp({ status: 200, body: '{"code":200}' });
  const config = pushplus.config.parse({
    token: TOKEN,
    channel: 'webhook',
    webhook: 'hook',
    base_url: 'http://127.0.0.1:9/p/',
  });
  const payload = pushplus.render(MESSAGE, config, NOW, 'task');
  assert.deepEqual(payload, { title: 't', content: 'b', template: 'txt', channel: 'webhook' });
  assert.ok((await attempt(pushplus, payload, config, createIo(platform.http))).ok);
  assert.equal(platform.requests[0]?.url, 'http://127.0.0.1:9/p/send');
  assert.deepEqual(JSON.parse(platform.requests[0]?.body ?? ''), { token: TOKEN, ...Object(payload), webhook: 'hook' });
});

test('codes of groups and webhooks may be numbers', () => {
  const parsed = pushplus.config.parse({ token: TOKEN, topic: 123, channel: 'webhook', webhook: 456 });
  assert.equal(Object(pushplus.render(MESSAGE, parsed, NOW, 'task')).topic, '123');
  assert.equal(Object(parsed).webhook, '456');
  assert.ok(!pushplus.config.safeParse({ token: TOKEN, topic: 2 ** 53 }).success);
});

test('all targets of one token share the limit of the day, each with a lane of its own', () => {
  const parsed = (more: object) => pushplus.config.parse({ token: TOKEN, ...more });
  assert.equal(pushplus.account?.key(parsed({})), pushplus.account?.key(parsed({ topic: 'ops' })));
  assert.notEqual(pushplus.credential(parsed({})), pushplus.credential(parsed({ topic: 'ops' })));
  assert.ok((pushplus.account?.rate.per_day ?? Infinity) < 200);
});

test('a restricted account is left alone until midnight in China', async () => {
  const config = pushplus.config.parse({ token: TOKEN });
  const platform = scriptedHttp({ status: 200, body: '{"code":900,"msg":"x"}' });
  const now = new Date('2026-01-01T15:59:00Z');
  const outcome = await attempt(
    pushplus,
    pushplus.render(MESSAGE, config, now, 'task'),
    config,
    createIo(platform.http, { now }),
  );
  assert.ok(!outcome.ok && outcome.account && outcome.quota && outcome.retry_after === 60);
});

test('the stand-in takes every kind of message', async (t) => {
  const { sandbox, send } = await sandboxed(t, pushplus, { token: TOKEN });
  for (const message of KINDS)
    for (const outcome of await send(message, { token: TOKEN }))
      assert.deepEqual(outcome, { ok: true }, JSON.stringify(sandbox.refusals()[0]));
  assert.ok((await send(MESSAGE, { token: TOKEN, topic: 'ops' }))[0]?.ok, JSON.stringify(sandbox.refusals()[0]));
});
