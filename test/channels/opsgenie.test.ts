import assert from 'node:assert/strict';
import { test } from 'node:test';
import opsgenie from '../../src/channels/opsgenie.ts';
import { fit } from '../../src/delivery/fit.ts';
import { createHttp } from '../../src/delivery/http-client.ts';
import type { Message } from '../../src/model.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { HOSTILE_MESSAGES } from '../kit/hostile.ts';
import { KINDS, sandboxed } from '../kit/sandboxed.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';

const TARGET = { api_key: '01234567-89ab-cdef-0123-456789abcdef' };
const MESSAGE: Message = { title: 't', body: 'b', level: 'info', style: 'text', format: 'text' };

const configOf = (change: object = {}) => opsgenie.config.parse({ ...TARGET, ...change });
const payloadOf = (change: object, message: Partial<Message> = {}) =>
  Object(opsgenie.render({ ...MESSAGE, ...message }, configOf(change), NOW, 'task-1'));

test('the key travels in a header, to the region or the successor that is written', async () => {
  for (const [base_url, url] of [
    [undefined, 'https://api.opsgenie.com/v2/alerts'],
    ['https://api.eu.opsgenie.com', 'https://api.eu.opsgenie.com/v2/alerts'],
    ['https://api.atlassian.com/jsm/ops/integration/', 'https://api.atlassian.com/jsm/ops/integration/v2/alerts'],
  ]) {
    const platform = scriptedHttp({ status: 202, body: '{"requestId":"r"}' });
    const config = configOf(base_url === undefined ? {} : { base_url });
    assert.deepEqual(await attempt(opsgenie, payloadOf({}), config, createIo(platform.http)), { ok: true });
    const [{ url: called, headers, body }] = platform.requests as [(typeof platform.requests)[number]];
    assert.equal(called, url);
    assert.equal(headers?.['authorization'], `GenieKey ${TARGET.api_key}`);
    assert.deepEqual(JSON.parse(body!), {
      message: 't',
      alias: '0198c0de-0-0',
      description: 'b',
      source: 'PushServer',
      priority: 'P5',
    });
  }
});

test('a template says which messages are the same alert', () => {
  assert.equal(payloadOf({ alias: 'disk/{{ title }}' }).alias, 'disk/t');
  assert.equal(payloadOf({ alias: '{{ body }}' }, { body: 'x'.repeat(999) }).alias.length, 250);
});

test('a long text makes one alert; fields that are too long for the details become a part of it', () => {
  const fields = [{ name: '日志', value: 'l'.repeat(9000) }];
  const message = {
    ...MESSAGE,
    title: '标'.repeat(200),
    body: '内容。'.repeat(9000),
    fields,
    url: 'https://ops.example/a',
  };
  const parts = fit(opsgenie, message, configOf(), { now: NOW, maxParts: 20, id: 'task-1' });
  assert.equal(parts.length, 1);
  const { message: title, description, details } = Object(parts[0]?.payload);
  assert.deepEqual([title.length, details], [130, undefined]);
  assert.ok(description.length > 14_500 && description.length <= 15_000);
  assert.match(description, /任务 task-1）\n详情：https:\/\/ops\.example\/a$/);
});

test('the same alert twice is one', async (t) => {
  const { sandbox, send } = await sandboxed(t, opsgenie, { token: TARGET.api_key });
  for (const alias of ['disk/db-1', 'disk/db-1', 'disk/db-2']) {
    assert.deepEqual(await send(MESSAGE, { ...TARGET, alias }), [{ ok: true }]);
  }
  assert.equal(sandbox.messages().length, 2);
});

test('targets of one key, each with its own responders, have alerts of their own; a repeat has none', async (t) => {
  const { sandbox } = await sandboxed(t, opsgenie, { token: TARGET.api_key });
  const http = createHttp();
  t.after(async () => await http.close());
  const io = createIo((request, signal) => http.request(request, signal, () => {}));
  for (const [name, id] of [
    ['db', 'task-1-0-0'],
    ['net', 'task-1-1-0'],
    ['net', 'task-1-1-0'],
  ] as const) {
    const config = configOf({ responders: [{ type: 'team', name }], base_url: `${sandbox.url}/opsgenie` });
    const payload = opsgenie.render(MESSAGE, config, NOW, 'task-1');
    assert.deepEqual(await attempt(opsgenie, payload, config, { ...io, id }), { ok: true });
  }
  assert.deepEqual(
    sandbox.messages().map(({ mentions }) => mentions),
    [['net'], ['db']],
  );
});

test('the stand-in takes every kind of message, with its level and its responders', async (t) => {
  const { sandbox, send } = await sandboxed(t, opsgenie, { token: TARGET.api_key });
  const responders = [
    { type: 'team', name: '数据库组' },
    { type: 'user', username: 'alice@example.com' },
    { type: 'schedule', id: 'x' },
  ];
  for (const message of [...KINDS, ...HOSTILE_MESSAGES]) {
    assert.deepEqual(await send(message, { ...TARGET, responders, tags: ['a'], entity: 'e' }), [{ ok: true }]);
    assert.equal(sandbox.messages()[0]?.level, message.level);
  }
  assert.deepEqual(sandbox.messages()[0]?.mentions, ['数据库组', 'alice@example.com', 'x']);
  assert.deepEqual(sandbox.refusals(), []);
  const [wrong] = await send(MESSAGE, { api_key: 'not-a-key' });
  assert.ok(wrong && !wrong.ok && wrong.kind === 'unauthorized' && wrong.code === '422');
});
