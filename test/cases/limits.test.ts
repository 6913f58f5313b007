import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Data, type TestApp, createTestApp } from '../kit/app.ts';

const ONE_WECOM = `
recipients:
  ops: {platforms: {wechat: {webhooks: [{url: "$S/cgi-bin/webhook/send?key=k1", name: w1}]}}}
`;

const pushMany = async (t: TestApp, alias: string, count: number, more: Record<string, unknown> = {}) => {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) ids.push((await t.push(alias, { title: `告警-${i}。`, ...more })).task_id);
  return ids;
};

test('17 twenty-five pushes in a minute to one WeCom bot: none lost, no throttle answer', async () => {
  const t = await createTestApp(ONE_WECOM);
  const ids = await pushMany(t, 'ops', 25);
  for (const id of ids) assert.equal((await t.finished(id)).outcome, 'success');
  const seen = t.sandbox
    .messages()
    .map((m) => m.title + m.text)
    .join('\n');
  for (let i = 0; i < 25; i++) assert.ok(seen.includes(`告警-${i}。`), `message ${i} arrived`);
  assert.deepEqual(t.sandbox.refusals(), []);
  await t.stop();
});

test('18 a 20 KB message to WeCom arrives in parts (i/n), valid UTF-8', async () => {
  const t = await createTestApp(ONE_WECOM);
  const msg = '数据库连接失败，正在切换备库🔥。'.repeat(440);
  assert.ok(Buffer.byteLength(msg) > 20_000);
  const task = await t.deliver('ops', { msg });
  assert.equal(task.outcome, 'success');
  const parts = t.sandbox.messages().toReversed();
  assert.ok(parts.length > 1);
  for (const [i, part] of parts.entries()) {
    const text = `${part.title}\n${part.text}`;
    assert.ok(text.includes(`(${i + 1}/${parts.length})`));
    assert.ok(text.isWellFormed() && !text.includes('\uFFFD'));
  }
  const joined = parts.map((part) => part.text).join('');
  assert.equal(joined.match(/🔥/gu)!.length, 440);
  assert.deepEqual(t.sandbox.refusals(), []);
  await t.stop();
});

test('22 twenty blackholed bots do not slow another recipient down', async () => {
  const dead = Array.from({ length: 20 }, (_, i) => `{url: "$S/open-apis/bot/v2/hook/dead${i}"}`);
  const t = await createTestApp(`
recipients:
  dead: {platforms: {feishu: {webhooks: [${dead.join(', ')}]}}}
  live: {platforms: {feishu: {webhooks: [{url: "$S/open-apis/bot/v2/hook/live"}]}}}
  other: {platforms: {dingtalk: {webhooks: [{url: "$S/robot/send?access_token=d1"}]}}}
`);
  for (let i = 0; i < 20; i++) t.sandbox.fault({ platform: 'feishu', token: `dead${i}`, fault: 'timeout', times: 99 });
  const first = await t.push('dead', { strategy: 'all' });
  await t.clock.advance(0);
  assert.equal((await t.deliver('other')).outcome, 'success', 'another channel is free while the first wave hangs');
  assert.equal(t.clock.elapsed, 0);
  await t.finished(first.task_id);
  for (let i = 0; i < 5; i++) await t.push('dead', { strategy: 'all' });
  await t.clock.advance(0);
  const before = t.clock.elapsed;
  for (let i = 0; i < 3; i++) assert.equal((await t.deliver('live')).outcome, 'success');
  assert.equal(t.clock.elapsed, before, 'no time passed');
  await t.stop();
});

test('23 the same bot under two aliases stays in its limit', async () => {
  const t = await createTestApp(`
digest: {enabled: false}
recipients:
  a: {platforms: {wechat: {webhooks: [{url: "$S/cgi-bin/webhook/send?key=k1"}]}}}
  b: {platforms: {wechat: {webhooks: [{url: "$S/cgi-bin/webhook/send?key=k1", name: other}]}}}
`);
  const ids = [...(await pushMany(t, 'a', 20)), ...(await pushMany(t, 'b', 20))];
  for (const id of ids) assert.equal((await t.finished(id)).outcome, 'success');
  assert.equal(t.sandbox.messages().length, 40);
  assert.deepEqual(t.sandbox.refusals(), []);
  await t.stop();
});

test('24 two full bots under failover: the push is delivered when one is free again, not failed', async () => {
  const t = await createTestApp(`
digest: {enabled: false}
recipients:
  ops:
    platforms:
      wechat: {webhooks: [{url: "$S/cgi-bin/webhook/send?key=k1", name: w1}, {url: "$S/cgi-bin/webhook/send?key=k2", name: w2}]}
`);
  const filling = await pushMany(t, 'ops', 32, { strategy: 'all' });
  await t.clock.advance(0);
  const task = await t.deliver('ops', { strategy: 'failover', title: '最后一条' });
  assert.deepEqual([task.status, task.outcome], ['completed', 'success']);
  assert.ok(t.sandbox.messages().some((m) => (m.title + m.text).includes('最后一条')));
  for (const id of filling) assert.equal((await t.finished(id)).outcome, 'success');
  assert.deepEqual(t.sandbox.refusals(), []);
  await t.stop();
});

test("25 a caller that fills the buffer does not get another recipient's pushes refused", async () => {
  const t = await createTestApp(`
queue: {buffer_size: 40}
recipients:
  loud: {platforms: {wechat: {webhooks: [{url: "$S/cgi-bin/webhook/send?key=k1", rate_limit: {per_minute: 1}}]}}}
  quiet: {platforms: {dingtalk: {webhooks: [{url: "$S/robot/send?access_token=d1"}]}}}
`);
  const body = { recipient_alias: 'loud', content: { title: 't', msg: 'm' } };
  const answers: Data[] = [];
  for (let i = 0; i < 60; i++) answers.push(await t.api('POST', '/api/v1/push', body));
  const refused = answers.filter((a) => a.status === 503);
  assert.ok(refused.length > 0);
  assert.equal(refused[0].body.message, '服务繁忙，请稍后重试');
  assert.ok(Number(refused[0].headers.get('retry-after')) > 0);
  assert.equal((await t.deliver('quiet')).outcome, 'success');
  await t.stop();
});
