import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dump } from 'js-yaml';
import { loadChannels } from '../../src/channel/registry.ts';
import { createTestApp } from '../kit/app.ts';
import { MARKER, loadFixture } from '../kit/fixture.ts';

const channels = await loadChannels();

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

describe('the preview of every channel', () => {
  const MESSAGE = {
    type: 'error',
    style: 'card',
    content: { title: '标题', msg: '内容', url: 'https://ops.example/1' },
  };

  for (const channel of channels.values())
    test(`${channel.name}: nothing is sent, and neither secrets nor people are shown`, async () => {
      const fixture = await loadFixture(channel.name);
      const target = { ...fixture.config, name: 'one' };
      const config = { recipients: { ops: { platforms: { [channel.name]: { targets: [target] } } } } };
      const t = await createTestApp(dump(config));
      const { body } = await t.api('POST', '/api/v1/push/preview', { recipient_alias: 'ops', ...MESSAGE });
      const [shown] = body.data.targets;
      assert.equal(shown.error, undefined);
      assert.ok(shown.payloads.length > 0);
      const text = JSON.stringify(shown);
      assert.ok(!text.includes(MARKER), text);
      const people = channel.people?.(channel.config.parse(fixture.config)) ?? [];
      for (const person of people) assert.ok(!text.includes(person), `${person} in ${text}`);
      await t.stop();
    });
});
