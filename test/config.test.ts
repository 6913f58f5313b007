import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { loadChannels } from '../src/channel/registry.ts';
import { environment, findTarget, loadConfig } from '../src/config.ts';
import { ConfigError } from '../src/config/fault.ts';
import { needsRestart } from '../src/config/restart.ts';
import { channels, faultsOf, parse } from './config/kit.ts';

const folder = mkdtempSync(join(tmpdir(), 'pushserver-config-'));
after(() => rmSync(folder, { recursive: true }));

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
    const example = new URL('../config/config.yaml.example', import.meta.url).pathname;
    const config = loadConfig({ file: example, env: {}, channels: real });
    const seed = parse(`${SEED}\nauth: {allow_anonymous: true}`, { channels: real });
    const shown = (from: typeof config): unknown =>
      from.recipients
        .get('ops_alert')
        ?.groups.map((group) => group.targets.map((target) => [target.name, target.config]));
    assert.deepEqual(shown(config), shown(seed));
  });

  test('the example file says every default', () => {
    const example = loadConfig({ file: 'config/config.yaml.example', env: {}, channels });
    const { recipients: _1, targets: _2, secrets: _3, ...written } = example;
    const { recipients: _4, targets: _5, secrets: _6, ...defaults } = parse('{}');
    assert.deepEqual(written, defaults);
    const text = readFileSync('config/config.yaml.example', 'utf8');
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
      needsRestart(old, parse('server: {port: 1, unix_socket: /tmp/s}\nauth: {allow_anonymous: true}')),
      ['server.port', 'server.unix_socket', 'auth.allow_anonymous'],
    );
  });

  test('the environment is the process’s', () => {
    assert.equal(environment()['PATH'], process.env['PATH']);
  });
});

describe('auth', () => {
  const hash = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

  test('a token is kept as its SHA-256', () => {
    const { tokens } = parse(
      `auth:\n  tokens:\n    - {name: a, token: test-token}\n    - {name: b, token_sha256: ${hash.toUpperCase()}, scopes: [read, admin]}`,
    ).auth;
    assert.deepEqual(tokens, [
      { name: 'a', token_sha256: '4c5dc9b7708905f77f5e5d16316b5dfb425e68cb326dcd55a860e90a7707031e', scopes: ['push'] },
      { name: 'b', token_sha256: hash, scopes: ['read', 'admin'] },
    ]);
  });

  for (const [entries, expected] of [
    ['[{name: a, token: short}]', 'auth.tokens[0].token: expected 8 to 512 visible ASCII characters, got other text'],
    [
      '[{name: a, token: 密码密码密码密码}]',
      'auth.tokens[0].token: expected 8 to 512 visible ASCII characters, got other text',
    ],
    ['[{name: a, token: 1234567890}]', 'auth.tokens[0].token: expected text, got a number (put it in quotes)'],
    ['[{name: a}]', 'auth.tokens[0]: expected either token or token_sha256, got a mapping'],
    ['[{token: abcdefgh}]', 'auth.tokens[0].name: missing; expected text'],
    ['[{name: a, token: abcdefgh, scopes: []}]', 'auth.tokens[0].scopes: expected at least 1 entries, got a list'],
    [
      '[{name: a, token: abcdefgh, scopes: [all]}]',
      'auth.tokens[0].scopes[0]: expected one of push, read, admin, got "all"',
    ],
    [
      '[{name: a, token: abcdefgh}, {name: a, token: hgfedcba}]',
      'auth.tokens[1].name: is already the name of auth.tokens[0]',
    ],
    [
      '[{name: a, token: abcdefgh}, {name: b, token: abcdefgh}]',
      'auth.tokens[1]: has the same token as auth.tokens[0]',
    ],
    [
      `[{name: a, token_sha256: "${hash}0"}]`,
      'auth.tokens[0].token_sha256: expected the 64 hexadecimal digits of a SHA-256, got other text',
    ],
  ] as const)
    test(expected, () => assert.deepEqual(faultsOf(`auth: {tokens: ${entries}}`), [`c.yaml:1 ${expected}`]));

  test('without tokens only loopback and a unix socket are taken', () => {
    for (const host of ['localhost', '127.0.0.1', '127.8.0.1', '"::1"', 'LOCALHOST']) parse(`server: {host: ${host}}`);
    parse('server: {host: 0.0.0.0, unix_socket: /run/p.sock}');
    parse('server: {host: 0.0.0.0}\nauth: {tokens: [{name: a, token: abcdefgh}]}');
    for (const host of ['0.0.0.0', '"::"', '10.0.0.1', 'example.com', 'localhost.example.com', '127.0.0.1.example.com'])
      assert.match(faultsOf(`server: {host: ${host}}`).join('\n'), /auth\.tokens.*auth\.allow_anonymous/);
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

describe('arbitrary text', () => {
  const accepts = (text: string, env: Record<string, string> = {}): void => {
    try {
      parse(text, { env });
    } catch (error) {
      assert.ok(error instanceof ConfigError, `${JSON.stringify(text)} gave ${String(error)}`);
      assert.ok(error.faults.length > 0);
      // oxlint-disable-next-line no-control-regex -- they are what is looked for
      assert.doesNotMatch(error.message, /[\x00-\x09\x0b-\x1f\x7f]/);
    }
  };

  test('never throws anything but a ConfigError', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => accepts(text)));
  });

  test('nor do pieces of YAML', () => {
    const pieces = [
      'server:',
      'recipients:',
      'port: ',
      'a:',
      '- ',
      '  ',
      '\n',
      '\n  ',
      '\n    ',
      '${A}',
      '$${',
      '${',
      '}',
      '{',
      '[',
      ']',
      ',',
      '&a ',
      '*a',
      '<<: ',
      '!x ',
      '!!str ',
      '? ',
      '"',
      "'",
      '|',
      '>',
      '---',
      '...',
      '# ',
      '\t',
      '\r',
      '\ufeff',
      '\0',
      '\ud800',
      'off',
      'null',
      '~',
      '.nan',
      '-.inf',
      '0x1F',
      '1e999',
      'true',
      'name: ',
      'platforms:',
      'feishu:',
      'webhooks:',
      'url: ',
      'url_file: ',
      'system:',
      '__proto__: ',
      'constructor: ',
      'email:',
      '%YAML 1.2\n',
      '"\\ud800": ',
    ];
    const text = fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (one) => accepts(one)),
      { numRuns: 3000 },
    );
  });

  test('nor does any JSON under any section, nor any variable', () => {
    const sections = fc.constantFrom('server', 'auth', 'log', 'system', 'email', 'recipients', 'app', '__proto__');
    fc.assert(fc.property(sections, fc.json(), (name, json) => accepts(`${name}: ${json}`)));
    const words = fc.constantFrom(
      'SERVER',
      'AUTH',
      'RECIPIENTS',
      'TOKENS',
      '0',
      '1',
      'A',
      'PLATFORMS',
      'APP',
      '',
      'NAME',
      '__PROTO__',
    );
    const name = fc.array(words, { minLength: 1, maxLength: 6 }).map((parts) => `PUSHSERVER_${parts.join('__')}`);
    fc.assert(
      fc.property(name, fc.string(), (key, value) =>
        accepts('recipients: {a: {platforms: {app: }}}', { [key]: value }),
      ),
    );
  });

  test('anchors cannot blow it up', () => {
    const lines = ['a: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 10; i++)
      lines.push(
        `b${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    assert.match(faultsOf(lines.join('\n'))[0]!, /anchors repeat more than 1000000 values/);
    assert.match(faultsOf(`a: ${'['.repeat(10_000)}`)[0]!, /nesting/);
  });
});
