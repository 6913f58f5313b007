import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { loadChannels } from '../../src/channel/registry.ts';
import { loadConfig } from '../../src/config.ts';
import { ROOT, run, scratch, start } from './kit.ts';

// Whether the demo's own ports are free on this machine or not: for the first of these tests they are taken.
const blockers = [9000, 9025, 8080].map((port) =>
  createServer()
    .on('error', () => {})
    .listen(port, '127.0.0.1'),
);
after(() => blockers.forEach((one) => void one.close()));

describe('demo', () => {
  test('--once shows every strategy and every trouble, on free ports, and ends with 0', async () => {
    const cwd = scratch();
    const { code, out, err } = await run(['demo', '--once'], { cwd });
    assert.equal(err, '');
    assert.equal(code, 0);
    for (const line of [
      /Inbox of all groups and mailboxes +http:\/\/127\.0\.0\.1:(?!9000)\d+\/\n/,
      /API documentation +http:\/\/127\.0\.0\.1:(?!8080)\d+\/docs\n/,
      /SMTP of the sandbox +127\.0\.0\.1:(?!9025)\d+\n/,
      /failover: .*\n.*: success\n.*\n +feishu\/值班机器人 +success/,
      /all: .*\n.*: partial\n[\s\S]*?dingtalk\/告警机器人 +failed .*HTTP 503/,
      /webhook_failover: .*\n.*: partial\n/,
      /mixed: .*\n.*: success\n[\s\S]*?feishu\/研发群 +success.*\n +feishu\/测试群 +success/,
      /platform: .*\n.*: success\n.*\n +email\/运维值班邮箱 +success/,
      /19021.*\n.*: success\n[\s\S]*?unauthorized 19021: [\s\S]*?wechat\/数据库群 +success/,
      /夜间巡检报告 .*: success\n[\s\S]*?arrived in the sandbox: [2-9] messages/,
      /PushServer 系统通知 \[ERROR\]\n=+\n[\s\S]*?标题: 备份失败\n[\s\S]*?备份失败 → 夜班组 \(night_shift\): failed/,
      /wechat\/业务群 +11 +success .*one digest/,
      /22 pushes, 0 without an end;/,
    ])
      assert.match(out, line);
    assert.ok(readdirSync(join(cwd, 'notifications/demo')).length > 0);
    assert.ok(readdirSync(join(cwd, 'log/demo')).includes('app.log'));
    assert.ok(!out.includes('\u{1b}'), 'no colours but on a terminal');
  });

  test('stays up until a signal, even one in the middle', async () => {
    const whole = start(['demo'], { cwd: scratch() });
    const early = start(['demo'], { cwd: scratch() });
    await early.until(/4\/11/);
    early.process.kill('SIGINT');
    assert.equal(await early.ended, 0);
    assert.equal(early.err(), '');

    await whole.until(/Ctrl-C ends it/);
    const [, url] = /Notifications +(http\S+)/.exec(whole.out())!;
    const notices = (await (await fetch(url!)).json()) as { data: { notifications: { title: string }[] } };
    assert.ok(notices.data.notifications.some(({ title }) => title === '备份失败'));
    whole.process.kill('SIGINT');
    assert.equal(await whole.ended, 0);
  });

  test('its configuration is valid by itself, on the ports it names', async () => {
    const config = loadConfig({ file: join(ROOT, 'config/demo.yaml'), env: {}, channels: await loadChannels() });
    assert.equal(config.server.port, 8080);
    assert.ok(config.recipients.size >= 5);
  });
});
