import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { start } from './start.ts';

const ALERTS = '/opsgenie/v2/alerts';
const KEY = '01234567-89ab-cdef-0123-456789abcdef';
const AUTH = { authorization: `GenieKey ${KEY}` };
const ALERT = {
  message: 'Disk usage on db-1 is at 91 %',
  alias: 'disk/db-1/data',
  description: 'Volume /data passed its limit.',
  responders: [{ name: 'Database team', type: 'team' }],
  tags: ['disk', 'production'],
  details: { mount: '/data', used_percent: '91' },
  entity: 'db-1',
  source: 'our-gateway',
  priority: 'P1',
};
const times = <T>(n: number, value: T): T[] => Array.from({ length: n }, () => value);
const idOf = ({ json }: { json: unknown }): string => (json as { requestId: string }).requestId;

describe('opsgenie', () => {
  test('the documented alert is accepted and readable', async (t) => {
    const { post, sandbox } = await start(t);
    const reply = await post(ALERTS, ALERT, AUTH);
    assert.deepEqual(reply, {
      status: 202,
      json: { result: 'Request will be processed', took: 0.107, requestId: idOf(reply) },
    });
    const [message] = sandbox.messages();
    assert.equal(message?.title, ALERT.message);
    assert.equal(message.text, ALERT.description);
    assert.equal(message.token, KEY);
    assert.equal(message.level, 'error');
    assert.deepEqual(message.mentions, ['Database team']);
    assert.deepEqual(message.fields, [
      { name: 'mount', value: '/data' },
      { name: 'used_percent', value: '91' },
      { name: 'priority', value: 'P1' },
      { name: 'entity', value: 'db-1' },
      { name: 'source', value: 'our-gateway' },
      { name: 'tags', value: 'disk, production' },
      { name: 'alias', value: 'disk/db-1/data' },
    ]);
  });

  test('priority is the level, P3 without one', async (t) => {
    const { post, sandbox } = await start(t);
    for (const priority of ['P1', 'P2', 'P3', 'P4', 'P5', undefined]) {
      await post(ALERTS, { message: 'x', priority }, AUTH);
    }
    const levels = sandbox.messages().map(({ level }) => level);
    assert.deepEqual(levels, ['warning', 'info', 'info', 'warning', 'error', 'error']);
  });

  test('what became of a request can be asked for', async (t) => {
    const { post, sandbox } = await start(t);
    const look = async (id: string) => {
      const response = await fetch(`${sandbox.url}${ALERTS}/requests/${id}`, { headers: AUTH });
      return {
        status: response.status,
        json: (await response.json()) as { data?: { success: boolean; status: string } },
      };
    };
    const created = await look(idOf(await post(ALERTS, ALERT, AUTH)));
    assert.deepEqual([created.json.data?.success, created.json.data?.status], [true, 'Created alert']);
    const closed = await look(idOf(await post(`${ALERTS}/nothing/close?identifierType=alias`, {}, AUTH)));
    assert.equal(closed.json.data?.success, false);
    assert.equal((await look('unknown')).status, 404);
  });

  test('a repeat of an open alias shows nothing new, after closing it does', async (t) => {
    const { post, sandbox } = await start(t);
    const act = async (action: string, type = 'alias') =>
      await post(`${ALERTS}/disk%2Fdb-1%2Fdata/${action}?identifierType=${type}`, { note: 'recovered' }, AUTH);
    await post(ALERTS, ALERT, AUTH);
    assert.equal((await post(ALERTS, { ...ALERT, message: 'other words' }, AUTH)).status, 202);
    assert.equal(sandbox.messages().length, 1);
    await act('acknowledge');
    assert.equal(sandbox.messages()[0]?.text, '已确认 recovered');
    assert.equal((await act('close', 'id')).status, 202);
    assert.equal(sandbox.messages().length, 2);
    await act('close');
    assert.deepEqual([sandbox.messages()[0]?.title, sandbox.messages()[0]?.text], [ALERT.message, '已关闭 recovered']);
    await post(ALERTS, ALERT, AUTH);
    assert.equal(sandbox.messages().length, 4);
  });

  const bad: Record<string, [more: object, field: string]> = {
    'no message': [{ message: undefined }, 'message'],
    'blank message': [{ message: ' ' }, 'message'],
    'message of 131': [{ message: '警'.repeat(131) }, 'message'],
    'alias of 513': [{ alias: 'a'.repeat(513) }, 'alias'],
    'description of 15,001': [{ description: 'a'.repeat(15_001) }, 'description'],
    '21 tags': [{ tags: times(21, 't') }, 'tags'],
    'tag of 51': [{ tags: ['t'.repeat(51)] }, 'tags.0'],
    'detail that is no string': [{ details: { used_percent: 91 } }, 'details.used_percent'],
    'details over 8,000': [{ details: { a: 'a'.repeat(8000) } }, 'details'],
    'unknown priority': [{ priority: 'critical' }, 'priority'],
    'responder of no type': [{ responders: [{ name: 'x' }] }, 'responders.0.type'],
    'responder without a name': [{ responders: [{ type: 'team' }] }, 'responders.0'],
    '51 responders': [{ responders: times(51, { type: 'team', name: 'x' }) }, 'responders'],
    'source of 101': [{ source: 'a'.repeat(101) }, 'source'],
  };
  for (const [name, [more, field]] of Object.entries(bad)) {
    test(`${name}: 422`, async (t) => {
      const { post, sandbox } = await start(t);
      const { status, json } = await post(ALERTS, { ...ALERT, ...more }, AUTH);
      assert.equal(status, 422);
      const { errors, message } = json as { errors: Record<string, string>; message: string };
      assert.deepEqual(Object.keys(errors), [field]);
      assert.equal(message, 'Request body is not processable. Please check the errors.');
      assert.equal(sandbox.messages().length, 0);
    });
  }

  test('exactly the limits pass', async (t) => {
    const { post } = await start(t);
    const alert = {
      message: '警'.repeat(130),
      alias: 'a'.repeat(512),
      description: 'd'.repeat(15_000),
      tags: times(20, 't'.repeat(50)),
      details: { a: 'a'.repeat(7999) },
    };
    assert.equal((await post(ALERTS, alert, AUTH)).status, 202);
  });

  test('credentials, method, content type and JSON', async (t) => {
    const { post, sandbox } = await start(t);
    const none = await post(ALERTS, ALERT);
    assert.deepEqual([none.status, (none.json as { message: string }).message], [401, 'Could not authenticate']);
    assert.equal((await post(ALERTS, ALERT, { authorization: `Bearer ${KEY}` })).status, 401);
    const short = await post(ALERTS, ALERT, { authorization: 'GenieKey abc' });
    assert.deepEqual([short.status, (short.json as { message: string }).message], [422, 'Key format is not valid!']);
    assert.equal((await fetch(sandbox.url + ALERTS, { headers: AUTH })).status, 405);
    assert.equal((await post(ALERTS, ALERT, { ...AUTH, 'content-type': 'text/plain' })).status, 415);
    assert.equal((await post(ALERTS, '[]', AUTH)).status, 422);
  });

  test('the 61st in a minute is throttled and says so in headers', async (t) => {
    const { post, sandbox, clock } = await start(t);
    for (let i = 0; i < 60; i += 1) assert.equal((await post(ALERTS, ALERT, AUTH)).status, 202);
    const response = await fetch(sandbox.url + ALERTS, { method: 'POST', headers: AUTH, body: JSON.stringify(ALERT) });
    assert.equal(response.status, 429);
    assert.equal(response.headers.get('x-ratelimit-state'), 'THROTTLED');
    assert.equal(response.headers.get('x-ratelimit-period-in-sec'), '60');
    assert.equal(response.headers.get('retry-after'), null);
    clock.advance(60_000);
    assert.equal((await post(ALERTS, ALERT, AUTH)).status, 202);
  });

  test('injected statuses come in the same words', async (t) => {
    const { post, sandbox } = await start(t);
    for (const status of [401, 403, 404, 422, 429, 500, 503]) {
      sandbox.fault({ platform: 'opsgenie', token: KEY, fault: `code:${status}` });
      const reply = await post(ALERTS, ALERT, AUTH);
      assert.equal(reply.status, status);
      assert.deepEqual(Object.keys(reply.json as object), ['message', 'took', 'requestId']);
    }
    assert.throws(() => sandbox.fault({ platform: 'opsgenie', fault: 'code:40301' }));
  });
});
