import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Data, createTestApp } from '../kit/app.ts';

const MAIL = (tls: string, port = '$M') => `
queue: {timeout: 0.4}
retry: {attempts: 1}
email: {smtp_host: 127.0.0.1, smtp_port: ${port}, from: bot@example.com, tls: ${tls}}
recipients:
  ops: {platforms: {email: {recipients: [{email: ops@example.com, name: m1}]}}}
`;

for (const tls of ['auto', 'implicit', 'starttls', 'none']) {
  test(`12 a silent SMTP server gives timeout in TLS mode ${tls}`, async () => {
    const t = await createTestApp(MAIL(tls), { real: true, sandbox: { smtp: { silent: true } } });
    const task = await t.deliver('ops');
    assert.equal(task.status, 'failed');
    assert.deepEqual(
      task.results.map((r: Data) => [r.webhook, r.status]),
      [['m1', 'timeout']],
    );
    await t.stop();
  });
}

test('13 CR/LF and <script> in a title reach no header and are escaped', async () => {
  const t = await createTestApp(MAIL('auto').replace('timeout: 0.4', 'timeout: 10'), { real: true });
  const title = '告警\r\nBcc: evil@example.com\r\n\r\n<script>alert(1)</script>';
  const task = await t.deliver('ops', { title, msg: '<script>alert(2)</script>\r\n.\r\nQUIT', style: 'card' });
  assert.equal(task.outcome, 'success');
  const [mail] = t.sandbox.messages({ platform: 'email' });
  assert.deepEqual(mail!.mail!.to, ['ops@example.com']);
  const [headers] = String(mail!.raw).split('\r\n\r\n');
  assert.doesNotMatch(headers!, /^bcc:/im);
  assert.ok(!mail!.mail!.html!.includes('<script'));
  assert.ok(mail!.mail!.html!.includes('&lt;script&gt;'));
  await t.stop();
});

test('14 Chinese subjects arrive readable', async () => {
  const t = await createTestApp(MAIL('auto').replace('timeout: 0.4', 'timeout: 10'), { real: true });
  const title = '数据库主从同步延迟超过阈值，请立即处理：主库 10.0.0.1，从库 10.0.0.2，延迟 300 秒🔥';
  assert.equal((await t.deliver('ops', { title, msg: '正文：中文' })).outcome, 'success');
  const [mail] = t.sandbox.messages({ platform: 'email' });
  assert.equal(mail!.title, title);
  assert.ok(mail!.text.includes('正文：中文'));
  await t.stop();
});
