import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dingtalkSign } from '../../src/channel/sign/bot-sign.ts';
import { type Data, createTestApp } from '../kit/app.ts';

const words = (task: Data) => task.results.map((r: Data) => `${r.webhook} ${r.status}`);

const TWO_PLATFORMS = `
recipients:
  ops:
    name: 运维
    platforms:
      feishu: {webhooks: [{url: "$S/open-apis/bot/v2/hook/f1", name: f1}, {url: "$S/open-apis/bot/v2/hook/f2", name: f2}]}
      dingtalk: {webhooks: [{url: "$S/robot/send?access_token=d1", name: d1}]}
`;

test('1 Feishu HTTP 200 with code 19021 is a failure and failover goes on', async () => {
  const t = await createTestApp(
    `
recipients:
  ops:
    platforms:
      feishu: {webhooks: [{url: "$S/open-apis/bot/v2/hook/f1", secret: wrong-secret, name: f1}]}
      dingtalk: {webhooks: [{url: "$S/robot/send?access_token=d1", name: d1}]}
`,
    { sandbox: { bots: [{ platform: 'feishu', token: 'f1', secret: 'right-secret' }] } },
  );
  const task = await t.deliver('ops', { strategy: 'failover' });
  assert.deepEqual(words(task), ['f1 failed', 'd1 success']);
  const [failure] = task.results;
  assert.equal(failure.code, '19021');
  assert.equal(failure.reason, 'unauthorized');
  assert.match(failure.remedy, /secret|密钥|签名/);
  await t.stop();
});

test('2 a DingTalk sign holding + or / is escaped once', async () => {
  const secret = 'SEC-case-two';
  const t = await createTestApp(
    `
recipients:
  ops: {platforms: {dingtalk: {webhooks: [{url: "$S/robot/send?access_token=d1", secret: ${secret}}]}}}
`,
    { sandbox: { bots: [{ platform: 'dingtalk', token: 'd1', secret, unlimited: true }] } },
  );
  const seen = new Set<string>();
  for (let i = 0; i < 40; i++) {
    for (const char of dingtalkSign(String(t.clock.now()), secret).match(/[+/]/g) ?? []) seen.add(char);
    assert.equal((await t.deliver('ops')).outcome, 'success');
    await t.clock.advance(4001);
  }
  assert.deepEqual([...seen].toSorted(), ['+', '/'], 'both characters came up');
  assert.deepEqual(t.sandbox.refusals(), []);
  await t.stop();
});

test('3 failover order is the YAML order in 100 runs, numeric-looking names included', async () => {
  const names = ['10', '9', 'b', '2', '01', 'a'];
  const bots = names.map((name) => `{url: "$S/open-apis/bot/v2/hook/t${name}", name: "${name}", rate_limit: off}`);
  const t = await createTestApp(`
recipients:
  "20": {platforms: {feishu: {webhooks: [${bots.join(', ')}]}}}
  "3": {platforms: {feishu: {webhooks: [${bots.toReversed().join(', ')}]}}}
`);
  for (const name of names) t.sandbox.fault({ platform: 'feishu', token: `t${name}`, fault: 'code:19001', times: 200 });
  for (let i = 0; i < 50; i++) {
    for (const [alias, order] of [
      ['20', names],
      ['3', names.toReversed()],
    ] as const) {
      const task = await t.deliver(alias, { strategy: 'failover' });
      assert.deepEqual(
        task.results.map((r: Data) => r.webhook),
        order,
      );
    }
  }
  await t.stop();
});

test('4 failed→ok failover ends completed/success', async () => {
  const t = await createTestApp(TWO_PLATFORMS);
  t.sandbox.fault({ platform: 'feishu', fault: 'code:19001', times: 2 });
  const task = await t.deliver('ops', { strategy: 'failover' });
  assert.deepEqual([task.status, task.outcome], ['completed', 'success']);
  assert.deepEqual(words(task), ['f1 failed', 'f2 failed', 'd1 success']);
  assert.deepEqual(task.progress, { total: 3, success: 1, failed: 2, pending: 0 });
  assert.deepEqual(await t.notices(), []);
  await t.stop();
});

test('5 mixed that reaches the first channel ends at once', async () => {
  const t = await createTestApp(TWO_PLATFORMS);
  const task = await t.deliver('ops', { strategy: 'mixed' });
  assert.deepEqual(words(task), ['f1 success', 'f2 success']);
  assert.deepEqual([task.status, task.outcome, t.clock.elapsed], ['completed', 'success', 0]);
  assert.equal(t.sandbox.requests({ platform: 'dingtalk' }), 0);
  await t.stop();
});

test('16 alias Team.A is found as written', async () => {
  const t = await createTestApp(`
recipients:
  Team.A: {name: 甲组, platforms: {feishu: {webhooks: [{url: "$S/open-apis/bot/v2/hook/a"}]}}}
  team.a: {name: 乙组, platforms: {feishu: {webhooks: [{url: "$S/open-apis/bot/v2/hook/b"}]}}}
`);
  assert.equal((await t.deliver('Team.A')).recipient, '甲组');
  assert.equal((await t.deliver('team.a')).recipient, '乙组');
  assert.equal(
    (await t.api('POST', '/api/v1/push', { recipient_alias: 'TEAM.A', content: { title: 't', msg: 'm' } })).status,
    404,
  );
  assert.deepEqual(
    t.sandbox.messages().map((m) => m.token),
    ['b', 'a'],
  );
  await t.stop();
});

test('19 the same idempotency key twice, in parallel: one delivery', async () => {
  const t = await createTestApp(TWO_PLATFORMS);
  const body = { recipient_alias: 'ops', content: { title: 't', msg: 'm' } };
  const push = () => t.api('POST', '/api/v1/push', body, { 'idempotency-key': 'once' });
  const answers = await Promise.all([push(), push(), push()]);
  assert.equal(new Set(answers.map((a) => a.body.data.task_id)).size, 1);
  assert.deepEqual(
    answers.map((a) => a.headers.get('idempotency-replayed') ?? 'first').toSorted((a, b) => a.localeCompare(b)),
    ['first', 'true', 'true'],
  );
  await t.finished(answers[0].body.data.task_id);
  assert.equal(t.sandbox.messages().length, 1);
  const other = { ...body, content: { title: 't2', msg: 'm' } };
  const conflict = await t.api('POST', '/api/v1/push', other, { 'idempotency-key': 'once' });
  assert.deepEqual([conflict.status, conflict.body.message], [409, '幂等键冲突']);
  await t.stop();
});

test('21 a late success is recorded and stops what has not been sent yet', async () => {
  const t = await createTestApp(TWO_PLATFORMS);
  // f1 answers after the timeout of ten seconds; f2 is down, so the push is still on its way when the answer comes.
  t.sandbox.fault({ platform: 'feishu', token: 'f1', fault: 'slow:11000' });
  t.sandbox.fault({ platform: 'feishu', token: 'f2', fault: 'http:503', times: 9 });
  const task = await t.deliver('ops', { strategy: 'failover' });
  assert.deepEqual([task.status, task.outcome], ['completed', 'success']);
  assert.equal(task.results[0].status, 'success');
  assert.equal(task.results[0].late, true);
  assert.equal(t.sandbox.requests({ platform: 'dingtalk' }), 0);
  assert.deepEqual(await t.notices(), []);
  await t.stop();
});

test('a platform disabled by a reload while a message waits ends invalid, and its plan goes on', async () => {
  const yaml = (enabled: boolean) => `
recipients:
  ops:
    platforms:
      wechat: {enabled: ${enabled}, webhooks: [{url: "$S/cgi-bin/webhook/send?key=k1", name: w1, rate_limit: {per_minute: 1}}]}
      dingtalk: {webhooks: [{url: "$S/robot/send?access_token=d1", name: d1}]}
`;
  const t = await createTestApp(yaml(true));
  await t.deliver('ops', { platform: 'wechat' });
  const waiting = await t.push('ops', { strategy: 'all' });
  t.reload(yaml(false));
  const task = await t.finished(waiting.task_id);
  assert.deepEqual(words(task), ['w1 failed', 'd1 success']);
  assert.match(task.results[0].message, /停用/);
  await t.stop();
});
