import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createTestApp } from '../kit/app.ts';

const RECIPIENTS = 'recipients: {ops: {platforms: {feishu: {webhooks: [{url: "$S/open-apis/bot/v2/hook/a"}]}}}}';

test('every audit whose books balance calls system.heartbeat_url; its address is in no log', async (t) => {
  let calls = 0;
  const dms = createServer((request, response) => {
    if (request.url === '/ping/secret-of-the-switch') calls++;
    response.end('OK');
  }).listen(0, '127.0.0.1');
  t.after(() => dms.close());
  await once(dms, 'listening');
  const url = `http://127.0.0.1:${(dms.address() as AddressInfo).port}/ping/secret-of-the-switch`;
  const it = await createTestApp(`system: {heartbeat_url: "${url}", audit_interval: 30}\n${RECIPIENTS}`);
  await it.clock.advance(30_000);
  assert.equal(calls, 1);
  await it.clock.advance(30_000);
  assert.equal(calls, 2);
  const page = await (await fetch(`${it.url}/metrics`)).text();
  assert.match(page, /^pushserver_unaccounted_tasks 0$/m);
  assert.doesNotMatch(await it.logs(), /secret-of-the-switch/);
});

test('counts by day: GET /api/v1/statistics', async () => {
  const it = await createTestApp(`system: {notifications: []}\nretry: {attempts: 1}\n${RECIPIENTS}`);
  await it.deliver('ops');
  it.sandbox.fault({ platform: 'feishu', fault: 'http:400', times: 1 });
  await it.deliver('ops');
  const { body } = await it.api('GET', '/api/v1/statistics?days=2');
  assert.deepEqual(body.data.days, [
    {
      date: '2026-01-01',
      accepted: 2,
      completed: 1,
      failed: 1,
      notices: 1,
      platforms: { feishu: { success: 1, failed: 1 } },
    },
    { date: '2025-12-31', accepted: 0, completed: 0, failed: 0, notices: 0, platforms: {} },
  ]);
  for (const days of ['0', '367', 'x'])
    assert.equal((await it.api('GET', `/api/v1/statistics?days=${days}`)).status, 400);
});
