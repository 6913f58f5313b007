import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { start } from './start.ts';

const SEND = '/pagerduty/v2/enqueue';
const KEY = '0123456789abcdef0123456789abcdef';
const PAYLOAD = { summary: 'Disk usage on db-1 is at 91 %', source: 'db-1', severity: 'critical' };
const EVENT = { routing_key: KEY, event_action: 'trigger', dedup_key: 'disk/db-1/data', payload: PAYLOAD };
const FULL = {
  ...EVENT,
  payload: {
    ...PAYLOAD,
    timestamp: '2026-01-01T00:00:00.000Z',
    component: 'disk',
    group: 'databases',
    class: 'capacity',
    custom_details: { mount: '/data', used_percent: 91 },
  },
  client: 'our-gateway',
  client_url: 'https://example.com/alerts/1',
  links: [{ href: 'https://example.com/runbooks/disk', text: 'Runbook' }],
  images: [{ src: 'https://example.com/graph.png', alt: 'Usage graph' }],
};
const payload = (more: object) => ({ ...EVENT, payload: { ...PAYLOAD, ...more } });
const errors = ({ json }: { json: unknown }): string => (json as { errors: string[] }).errors.join();

describe('pagerduty', () => {
  test('the documented event is accepted and readable', async (t) => {
    const { post, sandbox } = await start(t);
    assert.deepEqual(await post(SEND, FULL), {
      status: 202,
      json: { status: 'success', message: 'Event processed', dedup_key: 'disk/db-1/data' },
    });
    const [message] = sandbox.messages();
    assert.equal(message?.title, PAYLOAD.summary);
    assert.equal(message.token, KEY);
    assert.equal(message.level, 'error');
    assert.deepEqual(message.fields, [
      { name: 'mount', value: '/data' },
      { name: 'used_percent', value: '91' },
      { name: 'source', value: 'db-1' },
      { name: 'component', value: 'disk' },
      { name: 'group', value: 'databases' },
      { name: 'class', value: 'capacity' },
      { name: 'dedup_key', value: 'disk/db-1/data' },
    ]);
    assert.deepEqual(message.links, [
      { text: 'Runbook', url: 'https://example.com/runbooks/disk' },
      { text: 'our-gateway', url: 'https://example.com/alerts/1' },
    ]);
    assert.deepEqual(message.raw, FULL);
  });

  test('severity is the level', async (t) => {
    const { post, sandbox } = await start(t);
    for (const severity of ['critical', 'error', 'warning', 'info']) {
      await post(SEND, { ...payload({ severity }), dedup_key: severity });
    }
    assert.deepEqual(
      sandbox.messages().map(({ level }) => level),
      ['info', 'warning', 'error', 'error'],
    );
  });

  test('a repeat of an open alert shows nothing new, after its resolution it does', async (t) => {
    const { post, sandbox } = await start(t);
    const act = async (event_action: string) => await post(SEND, { ...EVENT, event_action, payload: undefined });
    await post(SEND, EVENT);
    assert.equal((await post(SEND, EVENT)).status, 202);
    assert.equal(sandbox.messages().length, 1);
    await post(SEND, { ...EVENT, routing_key: KEY.replace('0', 'f') });
    assert.equal(sandbox.messages().length, 2);
    await act('acknowledge');
    assert.equal(sandbox.messages()[0]?.text, '已确认');
    await act('resolve');
    assert.equal(sandbox.messages()[0]?.text, '已解决');
    assert.equal((await act('resolve')).status, 202);
    assert.equal(sandbox.messages().length, 4);
    await post(SEND, EVENT);
    assert.equal(sandbox.messages()[0]?.kind, 'trigger');
  });

  test('without a dedup_key every event is an alert of its own', async (t) => {
    const { post, sandbox } = await start(t);
    const event = { ...EVENT, dedup_key: undefined };
    const { json } = await post(SEND, event);
    assert.match((json as { dedup_key: string }).dedup_key, /^[0-9a-f]{32}$/);
    await post(SEND, event);
    assert.equal(sandbox.messages().length, 2);
  });

  const bad: Record<string, [event: unknown, words: RegExp]> = {
    'no JSON': ['{', /JSON/],
    'no routing key': [{ ...EVENT, routing_key: undefined }, /'routing_key'/],
    'routing key of 31': [{ ...EVENT, routing_key: KEY.slice(1) }, /should be 32 characters/],
    'no action': [{ ...EVENT, event_action: undefined }, /'event_action'/],
    'action of the REST API': [{ ...EVENT, event_action: 'open' }, /'event_action'/],
    'trigger without payload': [{ ...EVENT, payload: undefined }, /'payload'/],
    'resolve without dedup_key': [{ routing_key: KEY, event_action: 'resolve' }, /'dedup_key'/],
    'dedup_key of 256': [{ ...EVENT, dedup_key: 'a'.repeat(256) }, /'dedup_key'/],
    'no summary': [payload({ summary: undefined }), /'payload.summary'/],
    'summary of 1025': [payload({ summary: 'a'.repeat(1025) }), /'payload.summary'/],
    'no source': [payload({ source: '' }), /'payload.source'/],
    'unknown severity': [payload({ severity: 'fatal' }), /'payload.severity' is invalid/],
    'time without zone': [payload({ timestamp: '2026-01-01 00:00:00' }), /'payload.timestamp'/],
    'details that are no object': [payload({ custom_details: 'x' }), /'payload.custom_details'/],
    'image over http': [{ ...EVENT, images: [{ src: 'http://x.example/a.png' }] }, /'images.0.src'/],
    'link that is none': [{ ...EVENT, links: [{ href: 'x' }] }, /'links.0.href'/],
  };
  for (const [name, [event, words]] of Object.entries(bad)) {
    test(`${name}: 400`, async (t) => {
      const { post, sandbox } = await start(t);
      const reply = await post(SEND, event);
      assert.equal(reply.status, 400);
      assert.equal((reply.json as { status: string }).status, 'invalid event');
      assert.match(errors(reply), words);
      assert.equal(sandbox.messages().length, 0);
    });
  }

  test('method, content type and size', async (t) => {
    const { post, sandbox } = await start(t);
    assert.equal((await fetch(sandbox.url + SEND)).status, 405);
    assert.equal((await post(SEND, EVENT, { 'content-type': 'text/plain' })).status, 400);
    const of = (text: string) => payload({ custom_details: { text } });
    const room = 512_000 - Buffer.byteLength(JSON.stringify(of('')));
    assert.equal((await post(SEND, of('a'.repeat(room)))).status, 202);
    assert.equal((await post(SEND, of('a'.repeat(room + 1)))).status, 413);
    assert.equal((await post(SEND, payload({ summary: '警'.repeat(1024) }))).status, 202);
  });

  test('the 121st in a minute is throttled, without Retry-After', async (t) => {
    const { post, sandbox, clock } = await start(t);
    for (let i = 0; i < 120; i += 1) assert.equal((await post(SEND, EVENT)).status, 202);
    const { status, json } = await post(SEND, EVENT);
    assert.equal(status, 429);
    assert.equal((json as { status: string }).status, 'throttle exceeded');
    assert.equal((await post(SEND, { ...EVENT, routing_key: KEY.replace('0', 'f') })).status, 202);
    const response = await fetch(sandbox.url + SEND, { method: 'POST', body: JSON.stringify(EVENT) });
    assert.equal(response.headers.get('retry-after'), null);
    clock.advance(60_000);
    assert.equal((await post(SEND, EVENT)).status, 202);
  });

  test('faults strike by routing key', async (t) => {
    const { post, sandbox } = await start(t);
    sandbox.fault({ platform: 'pagerduty', token: KEY, fault: 'code:429' });
    assert.equal((await post(SEND, { ...EVENT, routing_key: KEY.replace('0', 'f') })).status, 202);
    assert.equal((await post(SEND, EVENT)).status, 429);
    sandbox.fault({ platform: 'pagerduty', fault: 'code:400' });
    assert.deepEqual((await post(SEND, EVENT)).json, {
      status: 'invalid event',
      message: 'Event object is invalid',
      errors: ['Event object is invalid'],
    });
    assert.throws(() => sandbox.fault({ platform: 'pagerduty', fault: 'code:401' }));
  });
});
