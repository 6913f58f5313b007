import assert from 'node:assert/strict';
import { test } from 'node:test';
import pagerduty from '../../src/channels/pagerduty.ts';
import { fit } from '../../src/delivery/fit.ts';
import type { Message } from '../../src/model.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { HOSTILE_MESSAGES } from '../kit/hostile.ts';
import { KINDS, sandboxed } from '../kit/sandboxed.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';

const TARGET = { routing_key: '0123456789abcdef0123456789abcdef' };
const MESSAGE: Message = { title: 't', body: 'b', level: 'info', style: 'text', format: 'text' };

const configOf = (change: object = {}) => pagerduty.config.parse({ ...TARGET, ...change });
const payloadOf = (change: object, message: Partial<Message> = {}) =>
  Object(pagerduty.render({ ...MESSAGE, ...message }, configOf(change), NOW, 'task-1'));

test('the key travels in the body, to the region that is written', async () => {
  for (const [base_url, url] of [
    [undefined, 'https://events.pagerduty.com/v2/enqueue'],
    ['https://events.eu.pagerduty.com', 'https://events.eu.pagerduty.com/v2/enqueue'],
    ['http://127.0.0.1:9/pd/', 'http://127.0.0.1:9/pd/v2/enqueue'],
  ]) {
    const platform = scriptedHttp({ status: 202, body: '{"status":"success"}' });
    const config = configOf(base_url === undefined ? {} : { base_url });
    const outcome = await attempt(pagerduty, payloadOf({}), config, createIo(platform.http));
    assert.deepEqual(outcome, { ok: true });
    const [request] = platform.requests as [(typeof platform.requests)[number]];
    assert.equal(request.url, url);
    assert.deepEqual(JSON.parse(request.body!), {
      routing_key: TARGET.routing_key,
      event_action: 'trigger',
      dedup_key: 'task-1',
      payload: { summary: 't', source: 'PushServer', severity: 'info', custom_details: { body: 'b' } },
    });
  }
});

test('a template says which events are the same alert', () => {
  const dedup_key = '{{ level }}/{{ fields["主机"] | default: title }}';
  assert.equal(payloadOf({ dedup_key }, { fields: [{ name: '主机', value: 'db-1' }] }).dedup_key, 'info/db-1');
  assert.equal(payloadOf({ dedup_key }).dedup_key, 'info/t');
  assert.equal(payloadOf({ dedup_key: '{{ body }}' }, { body: 'x'.repeat(999) }).dedup_key.length, 255);
});

test('a long text makes one event, cut where the details end', () => {
  const message = { ...MESSAGE, title: '标'.repeat(2000), body: '内容。'.repeat(200_000) };
  const parts = fit(pagerduty, message, configOf(), { now: NOW, maxParts: 20, id: 'task-1' });
  assert.equal(parts.length, 1);
  const { payload } = Object(parts[0]?.payload);
  assert.ok(Buffer.byteLength(JSON.stringify({ ...TARGET, ...Object(parts[0]?.payload) })) <= 512_000);
  assert.equal(payload.summary.length, 1024);
  assert.match(payload.custom_details.body, /任务 task-1）$/);
});

test('the same event twice is one alert', async (t) => {
  const { sandbox, send } = await sandboxed(t, pagerduty, { token: TARGET.routing_key });
  for (const dedup_key of ['disk/db-1', 'disk/db-1', 'disk/db-2']) {
    assert.deepEqual(await send(MESSAGE, { ...TARGET, dedup_key }), [{ ok: true }]);
  }
  assert.equal(sandbox.messages().length, 2);
});

test('the stand-in takes every kind of message, with its level', async (t) => {
  const { sandbox, send } = await sandboxed(t, pagerduty, { token: TARGET.routing_key });
  for (const message of [...KINDS, ...HOSTILE_MESSAGES]) {
    assert.deepEqual(await send(message, { ...TARGET, component: 'disk' }), [{ ok: true }]);
    assert.equal(sandbox.messages()[0]?.level, message.level);
  }
  assert.deepEqual(sandbox.refusals(), []);
  const [wrong] = await send(MESSAGE, { routing_key: 'short' });
  assert.ok(wrong && !wrong.ok && wrong.kind === 'unauthorized' && wrong.code === '400');
});
