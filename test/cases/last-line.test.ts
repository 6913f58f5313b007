import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Data, createTestApp } from '../kit/app.ts';

test('6 platform:"system" ends, with all its entries written', async () => {
  const t = await createTestApp(`
recipients:
  ops:
    platforms:
      system:
        notifications:
          - {type: console, name: 控制台}
          - {type: file, name: 文件}
          - {type: syslog, name: 日志}
          - {type: http, name: 存储, url: "$S/_sandbox/notify"}
`);
  const task = await t.deliver('ops', { platform: 'system', title: '主动通知' });
  assert.deepEqual(
    [task.status, task.outcome, task.strategy, task.platform],
    ['completed', 'success', 'platform', 'system'],
  );
  assert.deepEqual(
    task.results.map((r: Data) => [r.webhook, r.status]),
    [
      ['控制台', 'success'],
      ['文件', 'success'],
      ['日志', 'success'],
      ['存储', 'success'],
    ],
  );
  await t.app.alerts.idle();
  assert.ok(t.printed().includes('主动通知'));
  assert.equal(t.noticeFiles().length, 1);
  assert.match(await t.logs(), /"event":"notice".*主动通知/);
  const [notice] = await t.notices();
  assert.deepEqual([notice.title, notice.reason, notice.task_id], ['主动通知', '主动指定', task.task_id]);
  assert.equal(t.sandbox.messages({ platform: 'system' }).length, 1);
  await t.stop();
});

test('7 a recipient with nothing enabled ends failed with a notice', async () => {
  const t = await createTestApp(`
recipients:
  empty: {name: 空}
  off: {platforms: {feishu: {enabled: false, webhooks: [{url: "$S/open-apis/bot/v2/hook/a"}]}}}
`);
  for (const alias of ['empty', 'off']) {
    const task = await t.deliver(alias, { title: alias });
    assert.deepEqual([task.status, task.outcome, task.results], ['failed', 'failed', []]);
    const [notice] = await t.notices();
    assert.deepEqual([notice.title, notice.task_id, notice.reason], [alias, task.task_id, task.error]);
    assert.match(notice.reason, /没有启用/);
  }
  assert.equal((await t.notices()).length, 2);
  await t.stop();
});

test('8 missing or disabled platform likewise', async () => {
  const t = await createTestApp(`
recipients:
  ops: {platforms: {feishu: {enabled: false, webhooks: [{url: "$S/open-apis/bot/v2/hook/a"}]}}}
`);
  for (const platform of ['feishu', 'dingtalk', 'nosuch', '__proto__']) {
    const task = await t.deliver('ops', { platform });
    assert.deepEqual([task.status, task.strategy, task.platform], ['failed', 'platform', platform]);
    const [notice] = await t.notices();
    assert.equal(notice.task_id, task.task_id);
    assert.ok(notice.reason.includes(platform));
  }
  await t.stop();
});

test('9 all with system enabled and everything else failing still raises the notice', async () => {
  const t = await createTestApp(`
recipients:
  ops:
    platforms:
      feishu: {webhooks: [{url: "$S/open-apis/bot/v2/hook/a", name: f1}]}
      system: {notifications: [{type: http, name: 存储}]}
`);
  t.sandbox.fault({ platform: 'feishu', fault: 'code:19001', times: 9 });
  const task = await t.deliver('ops', { strategy: 'all' });
  assert.deepEqual([task.status, task.outcome], ['failed', 'failed']);
  assert.deepEqual(task.progress, { total: 1, success: 0, failed: 1, pending: 0 });
  assert.deepEqual(
    task.results.map((r: Data) => [r.webhook, r.status, r.counts]),
    [
      ['f1', 'failed', undefined],
      ['存储', 'success', false],
    ],
  );
  const reasons = (await t.notices()).map((n) => n.reason);
  assert.ok(reasons.includes('随策略抄送'));
  assert.ok(reasons.some((reason) => reason.includes('19001')));
  await t.stop();
});

test('10 a thousand notices in one second have a thousand ids and files', async () => {
  const t = await createTestApp('recipients: {empty: {}}\nserver: {body_limit: 1000000}'.replace(/\nserver.*/, ''));
  const batch = Array.from({ length: 100 }, (_, i) => ({
    recipient_alias: 'empty',
    content: { title: `t${i}`, msg: 'm' },
  }));
  for (let i = 0; i < 10; i++) assert.equal((await t.api('POST', '/api/v1/push/batch', batch)).status, 200);
  await t.clock.advance(0);
  await t.app.alerts.idle();
  const notices = await t.notices();
  assert.equal(new Set(notices.map((n) => n.id)).size, 1000);
  assert.ok(notices.every((n) => /^notify_20260101000000_\d{6}$/.test(n.id)));
  assert.equal(t.noticeFiles().length, 1000);
  await t.stop();
});

test('15 after a refused connection no token, secret or webhook key is in the task, the logs, the notice or the metrics', async () => {
  const secrets = [
    'hooktokenAAAA1111',
    'feishu-secret-BBBB',
    'dingtokenCCCC2222',
    'SECdddd3333dddd',
    'wecomkey-EEEE-4444',
    'mailpass-FFFF5555',
    'notify-GGGG-6666',
  ];
  const [hook, secret, token, sec, key, pass, notify] = secrets;
  // Port 9 (discard) answers nobody on loopback: every connection is refused.
  const t = await createTestApp(`
retry: {attempts: 1}
email: {smtp_host: 127.0.0.1, smtp_port: 9, username: bot, password: ${pass}, from: bot@example.com}
system: {notifications: [{type: console}, {type: file}, {type: http, url: "http://127.0.0.1:9/${notify}"}]}
recipients:
  ops:
    platforms:
      feishu: {webhooks: [{url: "http://127.0.0.1:9/open-apis/bot/v2/hook/${hook}", secret: ${secret}}]}
      dingtalk: {webhooks: [{url: "http://127.0.0.1:9/robot/send?access_token=${token}", secret: ${sec}}]}
      wechat: {webhooks: [{url: "http://127.0.0.1:9/cgi-bin/webhook/send?key=${key}"}]}
      email: {recipients: [{email: ops@example.com}]}
`);
  const { task_id } = await t.push('ops', { strategy: 'all', style: 'card' });
  await t.clock.until(() => t.app.service.stats().in_hand === 0);
  const task = (await t.api('GET', `/api/v1/task/${task_id}`)).body.data;
  assert.equal(task.status, 'failed');
  assert.ok(task.results.every((r: Data) => r.status === 'failed' && r.reason === 'unavailable'));
  const preview = await t.api('POST', '/api/v1/push/preview', {
    recipient_alias: 'ops',
    strategy: 'all',
    content: { title: 't', msg: 'm' },
  });
  const metrics = await (await fetch(`${t.url}/metrics`)).text();
  const everything = [
    JSON.stringify([task, await t.notices(), preview.body]),
    await t.logs(),
    metrics,
    t.printed(),
    JSON.stringify((await t.api('GET', '/api/v1/recipients')).body),
    JSON.stringify((await t.api('GET', '/api/v1/tasks')).body),
  ];
  for (const value of secrets) for (const text of everything) assert.ok(!text.includes(value), `${value} leaked`);
  await t.stop();
});
