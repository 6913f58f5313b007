import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { loadChannels } from '../src/channel/registry.ts';
import { environment, findTarget, loadConfig } from '../src/config.ts';
import { needsRestart } from '../src/config/restart.ts';
import { channels, faultsOf, parse } from './config/kit.ts';

const folder = mkdtempSync(join(tmpdir(), 'pushserver-config-'));
after(() => rmSync(folder, { recursive: true }));

const EXAMPLE = join(import.meta.dirname, '../config/config.yaml.example');

/** The configuration of the seed, as printed there. */
const SEED = `
server:
  port: 8080              # 服务端口
  host: "0.0.0.0"         # 监听地址
  mode: "debug"           # 运行模式: debug/release/test
log:
  level: "info"           # 日志级别: debug/info/warn/error
  format: "json"          # 日志格式: json/text
  output: "file"          # 输出方式: stdout/file
  file_path: "log/app.log" # 日志文件路径
queue:
  worker_count: 50                    # 工作协程数量
  buffer_size: 10000                  # 队列缓冲区大小
  timeout: 10                         # 推送超时时间(秒)
  max_concurrent_per_platform: 20     # 每个平台最大并发数
  batch_size: 100                     # 批处理大小
recipients:
  ops_alert:                          # 接收者别名
    name: "运维告警组"                 # 接收者名称
    platforms:
      feishu:                         # 飞书平台
        enabled: true                 # 是否启用
        webhooks:
          - url: "https://open.feishu.cn/open-apis/bot/v2/hook/xxx"
            secret: "your-secret"
            name: "告警机器人"
      dingtalk:                       # 钉钉平台
        enabled: true
        webhooks:
          - url: "https://oapi.dingtalk.com/robot/send?access_token=xxx"
            secret: "SEC..."
            name: "告警机器人"
      wechat:                         # 企业微信平台
        enabled: true
        webhooks:
          - url: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=xxx"
            secret: ""
            name: "告警群"
      email:                          # 邮件平台
        enabled: true
        recipients:
          - email: "admin@example.com"
            name: "管理员邮箱"
      system:                         # 系统通知平台
        enabled: true
        notifications:
          - type: "console"           # 控制台通知
            name: "控制台通知"
          - type: "file"              # 文件通知
            name: "文件通知"
          - type: "http"              # HTTP通知
            name: "HTTP通知"
            url: "http://localhost:9090/webhook/system-notify"
email:
  smtp_host: "smtp.gmail.com"         # SMTP服务器地址
  smtp_port: 587                      # SMTP端口
  username: "your-email@gmail.com"    # SMTP用户名
  password: "your-app-password"       # SMTP密码
  from: "noreply@example.com"         # 发件人邮箱
system:
  enabled: true                       # 启用系统通知作为最后防线
  notifications:
    - type: "console"                 # 控制台通知
      name: "控制台通知"
    - type: "file"                    # 文件通知
      name: "文件通知"
    - type: "http"                    # HTTP通知
      name: "HTTP通知"
      url: "http://your-webhook-server.com/api/notifications"
`;

describe('the seed’s configuration', () => {
  test('needs auth, because it listens on every address', () => {
    const [line, ...rest] = faultsOf(SEED);
    assert.deepEqual(rest, []);
    assert.match(line!, /^c\.yaml:4 server\.host: 0\.0\.0\.0 .*auth\.tokens.*auth\.allow_anonymous/);
  });

  test('is read whole once auth is added', () => {
    const config = parse(`${SEED}\nauth: {allow_anonymous: true}`);
    assert.deepEqual(config.server, {
      host: '0.0.0.0',
      port: 8080,
      mode: 'debug',
      shutdown_timeout: 10,
      body_limit: 262_144,
      trust_proxy: false,
    });
    const { name, groups } = config.recipients.get('ops_alert')!;
    assert.equal(name, '运维告警组');
    assert.deepEqual(
      groups.map((group) => [group.platform, group.targets.map((target) => target.name)]),
      [
        ['feishu', ['告警机器人']],
        ['dingtalk', ['告警机器人']],
        ['wechat', ['告警群']],
        ['email', ['管理员邮箱']],
        ['system', ['控制台通知', '文件通知', 'HTTP通知']],
      ],
    );
    assert.deepEqual(findTarget(config, 'ops_alert', 'email', '管理员邮箱')?.config, {
      email: 'admin@example.com',
      smtp_host: 'smtp.gmail.com',
      smtp_port: 587,
      username: 'your-email@gmail.com',
      password: 'your-app-password',
      from: 'noreply@example.com',
      tls: 'auto',
    });
    assert.equal(config.system.notifications[2]?.url, 'http://your-webhook-server.com/api/notifications');
  });

  test('and the example file start with the real channels', async () => {
    const real = await loadChannels();
    const config = loadConfig({ file: EXAMPLE, env: {}, channels: real });
    const seed = parse(`${SEED}\nauth: {allow_anonymous: true}`, { channels: real });
    const shown = (from: typeof config): unknown =>
      from.recipients
        .get('ops_alert')
        ?.groups.map((group) => group.targets.map((target) => [target.name, target.config]));
    assert.deepEqual(shown(config), shown(seed));
  });

  test('the example file says every default', () => {
    const example = loadConfig({ file: EXAMPLE, env: {}, channels });
    const { recipients: _1, targets: _2, secrets: _3, ...written } = example;
    const { recipients: _4, targets: _5, secrets: _6, ...defaults } = parse('{}');
    assert.deepEqual(written, defaults);
    const text = readFileSync(EXAMPLE, 'utf8');
    for (const section of Object.values(defaults))
      for (const key of Object.keys(section)) assert.match(text, new RegExp(`^ +${key}:`, 'm'));
  });
});

describe('the whole', () => {
  test('defaults', () => {
    const config = parse('{}');
    assert.deepEqual(config.queue, {
      worker_count: 50,
      buffer_size: 10_000,
      timeout: 10,
      max_concurrent_per_platform: 20,
      batch_size: 100,
      deadline: 900,
      failover_patience: 3,
    });
    assert.deepEqual(
      config.system.notifications.map(({ type }) => type),
      ['console', 'file', 'http'],
    );
    assert.equal(config.recipients.size, 0);
  });

  test('is frozen all the way down', () => {
    const config = parse(`${SEED}\nauth: {allow_anonymous: true}`);
    assert.throws(() => Object.assign(config.server, { port: 1 }), TypeError);
    const target = findTarget(config, 'ops_alert', 'feishu', '告警机器人')!;
    assert.throws(() => Object.assign(target.config as object, { url: '' }), TypeError);
    assert.equal(findTarget(config, 'ops_alert', 'feishu', 'x'), undefined);
    assert.equal(findTarget(config, 'ops_alert', '__proto__', 'x'), undefined);
    assert.equal(findTarget(config, 'constructor', 'feishu', 'x'), undefined);
  });

  test('a section without lines in it is as good as none', () => {
    const config = parse('server:\nemail:\nrecipients:\nsystem:\n  notifications: []');
    assert.equal(config.server.port, 8080);
    assert.deepEqual(config.system.notifications, []);
  });

  test('what needs a restart', () => {
    const old = parse('{}');
    assert.deepEqual(needsRestart(old, parse('queue: {timeout: 3}\nauth: {tokens: []}')), []);
    assert.deepEqual(
      needsRestart(
        old,
        parse('server: {port: 1, unix_socket: /tmp/s}\nauth: {allow_anonymous: true}\nchannels: {path: mine}'),
      ),
      ['server.port', 'server.unix_socket', 'auth.allow_anonymous', 'channels.path'],
    );
  });

  test('the environment is the process’s', () => {
    assert.equal(environment()['PATH'], process.env['PATH']);
  });
});

describe('the file', () => {
  test('missing: one line that says what to copy', () => {
    const file = join(folder, 'none.yaml');
    assert.throws(() => loadConfig({ file, env: {}, channels }), {
      name: 'ConfigError',
      message: `${file}: there is no such file; copy the example to begin with: cp config/config.yaml.example ${file}`,
    });
  });

  test('a folder, and text that is not UTF-8', () => {
    assert.throws(() => loadConfig({ file: folder, env: {}, channels }), /this is a folder, not a file/);
    const file = join(folder, 'gbk.yaml');
    writeFileSync(file, Buffer.from([0x61, 0x3a, 0x20, 0xd4, 0xcb, 0xce, 0xac]));
    assert.throws(() => loadConfig({ file, env: {}, channels }), /not UTF-8 text/);
  });

  test('with a byte order mark and Windows line ends', () => {
    const file = join(folder, 'windows.yaml');
    writeFileSync(file, '\ufeffserver:\r\n  port: 1\r\n  mode: x\r\n');
    assert.throws(() => loadConfig({ file, env: {}, channels }), new RegExp(`windows.yaml:3 server.mode: `));
  });
});
