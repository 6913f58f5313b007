import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestApp } from '../kit/app.ts';

test('the preview of an error forecasts what the error itself would meet', async () => {
  const t = await createTestApp(`
recipients:
  ops: {platforms: {wechat: {webhooks: [{url: "$S/cgi-bin/webhook/send?key=k1", name: w1, rate_limit: {per_minute: 10}}]}}}
`);
  for (let i = 0; i < 9; i++) await t.deliver('ops', { platform: 'wechat' });
  const body = { recipient_alias: 'ops', type: 'error', content: { title: 't', msg: 'm' } };
  const preview = await t.api('POST', '/api/v1/push/preview', body);
  const { task_id } = await t.push('ops', { type: 'error' });
  await t.clock.advance(0);
  assert.equal((await t.app.store.get(task_id))!.status, 'completed', 'the error leaves at once');
  assert.equal(preview.body.data.targets[0].forecast, 0);
  await t.stop();
});
