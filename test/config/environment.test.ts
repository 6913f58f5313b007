import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { findTarget } from '../../src/config.ts';
import { faultsOf, parse, withPlatforms } from './kit.ts';

const folder = mkdtempSync(join(tmpdir(), 'pushserver-secrets-'));
after(() => rmSync(folder, { recursive: true }));
const secretFile = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return name;
};
const file = join(folder, 'c.yaml');

describe('overrides', () => {
  test('set values of every kind, in sections that are there and that are not', () => {
    const env = {
      PUSHSERVER_SERVER__PORT: '9000',
      pushserver_server__Host: 'localhost',
      PUSHSERVER_QUEUE__TIMEOUT: '2.5',
      PUSHSERVER_DIGEST__ENABLED: 'FALSE',
      PUSHSERVER_LOG__LEVEL: 'debug',
      PUSHSERVER_SERVER__UNIX_SOCKET: '123',
      PUSHSERVER_SYSTEM__NOTIFICATIONS__0__URL: 'http://x',
      PUSHSERVER_SYSTEM__NOTIFICATIONS__0__TYPE: 'http',
      PATH: '/bin',
      PUSHSERVER_CONFIG: 'x.yaml',
      PUSHSERVER: 'y',
    };
    const config = parse('server: {port: 1}\nlog:\n', { env });
    assert.equal(config.server.port, 9000);
    assert.equal(config.server.host, 'localhost');
    assert.equal(config.server.unix_socket, '123');
    assert.equal(config.queue.timeout, 2.5);
    assert.equal(config.digest.enabled, false);
    assert.equal(config.log.level, 'debug');
    assert.deepEqual(config.system.notifications, [{ type: 'http', url: 'http://x', name: 'system#1', enabled: true }]);
  });

  test('reach recipients, however the alias is spelled', () => {
    const env = {
      PUSHSERVER_RECIPIENTS__TEAM_A__NAME: 'N',
      PUSHSERVER_RECIPIENTS__TEAM_A__PLATFORMS__FEISHU__WEBHOOKS__0__URL: 'https://x/2',
      PUSHSERVER_RECIPIENTS__TEAM_A__PLATFORMS__FEISHU__WEBHOOKS__0__RATE_LIMIT__PER_MINUTE: '7',
      PUSHSERVER_RECIPIENTS__TEAM_A__PLATFORMS__FEISHU__WEBHOOKS__1__URL: 'https://x/3',
      PUSHSERVER_RECIPIENTS__TEAM_A__PLATFORMS__FEISHU__WEBHOOKS__1__RATE_LIMIT: 'off',
      PUSHSERVER_RECIPIENTS__x__PLATFORMS__WECHAT__ENABLED: 'false',
    };
    const text =
      'recipients:\n  Team-A:\n    platforms: {feishu: {webhooks: [{url: "https://x/1", rate_limit: off, name: n}]}}\n  x:\n  X:\n';
    const config = parse(text, { env });
    assert.equal(config.recipients.get('Team-A')!.name, 'N');
    const first = findTarget(config, 'Team-A', 'feishu', 'n')!;
    assert.deepEqual([first.config, first.rate_limit], [{ url: 'https://x/2', secret: '' }, { per_minute: 7 }]);
    assert.equal(findTarget(config, 'Team-A', 'feishu', 'feishu#2')!.rate_limit, 'off');
    assert.deepEqual(config.recipients.get('x')!.groups, [{ platform: 'wechat', enabled: false, targets: [] }]);
    assert.deepEqual(config.recipients.get('X')!.groups, []);
  });

  test('list entries are added in the order of their numbers', () => {
    const env = Object.fromEntries(
      Array.from({ length: 12 }, (_, i) => [
        [`PUSHSERVER_AUTH__TOKENS__${11 - i}__NAME`, `n${11 - i}`],
        [`PUSHSERVER_AUTH__TOKENS__${11 - i}__TOKEN`, `token-${11 - i}-token`],
        [`PUSHSERVER_AUTH__TOKENS__${11 - i}__SCOPES__0`, 'read'],
      ]).flat() as [string, string][],
    );
    const { tokens } = parse('{}', { env }).auth;
    assert.deepEqual(
      tokens.map(({ name }) => name),
      Array.from({ length: 12 }, (_, i) => `n${i}`),
    );
    assert.deepEqual(tokens[11]!.scopes, ['read']);
  });

  test('an anchor’s other uses are left alone', () => {
    const text = 'recipients:\n  a: &a {name: x}\n  b: *a\n';
    const config = parse(text, { env: { PUSHSERVER_RECIPIENTS__A__NAME: 'y' } });
    assert.deepEqual([config.recipients.get('a')!.name, config.recipients.get('b')!.name], ['y', 'x']);
  });

  for (const [name, value, expected] of [
    ['PUSHSERVER_QUEUE__WORKER_COUNT', '0', ' queue.worker_count: expected a whole number of at least 1, got 0'],
    [
      'PUSHSERVER_QUEUE__WORKER_COUNT',
      'many',
      ' queue.worker_count: expected a whole number of at least 1, got "many"',
    ],
    ['PUSHSERVER_QUEUE__WORKER_COUNT', '', ' queue.worker_count: expected a whole number of at least 1, got ""'],
    [
      'PUSHSERVER_QUEUE__WORKR_COUNT',
      '1',
      ' queue: nothing is called "workr_count" here; did you mean "worker_count"?',
    ],
    ['PUSHSERVER_QUEU__TIMEOUT', '1', ': nothing is called "queu" here; did you mean "queue"?'],
    [
      'PUSHSERVER___PORT',
      '1',
      ': nothing is called "" here; known here: server, auth, log, queue, retry, digest, fit, http, security, channels, store, delivery, task, idempotency, system, recipients, feishu, dingtalk, wechat, email, app',
    ],
    [
      'PUSHSERVER_SERVER__',
      '1',
      ' server: nothing is called "" here; known here: host, port, mode, unix_socket, shutdown_timeout, body_limit, trust_proxy',
    ],
    ['PUSHSERVER_SERVER__PORT__X', '1', ' server.port: has no levels below it (nothing is called "x" there)'],
    ['PUSHSERVER_AUTH__TOKENS', 'x', ' auth.tokens: is not a single value, so no variable can set it'],
    ['PUSHSERVER_AUTH__TOKENS__1__NAME', 'x', ' auth.tokens: expected the number of an entry from 0 to 0, got "1"'],
    ['PUSHSERVER_AUTH__TOKENS__X__NAME', 'x', ' auth.tokens: expected the number of an entry from 0 to 0, got "X"'],
    ['PUSHSERVER_RECIPIENTS__NONE__NAME', 'x', ' recipients: nothing is called "none" here; known here: a, T.x, t-X'],
    ['PUSHSERVER_RECIPIENTS__T_X__NAME', 'x', ' recipients: "T_X" fits more than one key: T.x, t-X'],
    ['PUSHSERVER_RECIPIENTS____PROTO____NAME', 'x', ' recipients: nothing is called "" here; known here: a, T.x, t-X'],
  ] as const)
    test(`${name}=${value}`, () => {
      const faults = faultsOf('recipients: {a: , T.x: , t-X: }', { env: { [name]: value } });
      assert.deepEqual(faults, [`environment ${name}${expected}`]);
    });

  test('a secret of the environment is in no fault', () => {
    const faults = faultsOf(withPlatforms('feishu: {webhooks: [{}]}'), {
      env: {
        PUSHSERVER_RECIPIENTS__A__PLATFORMS__FEISHU__WEBHOOKS__0__URL: 'SECRET',
        PUSHSERVER_EMAIL__PASWORD: 'SECRET',
      },
    });
    assert.equal(faults.length, 2);
    assert.doesNotMatch(faults.join(), /SECRET/);
  });
});

describe('${NAME}', () => {
  const env = { HOST: 'h.example.com', SECRET: 's3cret', PORT: '2525', EMPTY: '', A: 'x' };

  test('whole or inside a text, as the kind of value that is wanted', () => {
    const section =
      'email:\n  smtp_host: ${HOST}\n  smtp_port: ${PORT}\n  from: f@${HOST}\n  username: u\n  password: ${PORT}\n';
    const target = '{email: a@b.cd, name: "$${A} $A ${A}-${A}"}';
    const config = parse(section + withPlatforms(`email: {recipients: [${target}]}`), { env });
    assert.deepEqual(findTarget(config, 'a', 'email', '${A} $A x-x')!.config, {
      email: 'a@b.cd',
      smtp_host: 'h.example.com',
      smtp_port: 2525,
      from: 'f@h.example.com',
      username: 'u',
      password: '2525',
      tls: 'auto',
    });
  });

  for (const [text, expected] of [
    ['email:\n  password: ${NOPE}', 'c.yaml:2 email.password: the environment variable NOPE is not set'],
    ['email:\n  password: a${EMPTY}', 'c.yaml:2 email.password: the environment variable EMPTY is empty'],
    ['email:\n  password: ${toString}', 'c.yaml:2 email.password: the environment variable toString is not set'],
    [
      'auth:\n  tokens:\n    - name: a\n      token: ${NOPE}',
      'c.yaml:4 auth.tokens[0].token: the environment variable NOPE is not set',
    ],
    ['server:\n  port: ${NOPE}', 'c.yaml:2 server.port: the environment variable NOPE is not set'],
    ['server:\n  port: ${A}', 'c.yaml:2 server.port: expected a whole number from 0 to 65535, got "x"'],
  ] as const)
    test(expected, () => assert.deepEqual(faultsOf(text, { env }), [expected]));

  test('what is no name', () => {
    for (const text of ['"${}"', '"${A-b}"', '"${ A }"'])
      assert.match(faultsOf(`email: {password: ${text}}`, { env })[0]!, /between "\$\{" and "\}" must stand the name/);
  });

  test('what comes from the environment is not looked through again', () => {
    const { secrets } = parse('email: {password: "${A}"}', { env: { A: '${B}', PUSHSERVER_EMAIL__USERNAME: '${C}' } });
    assert.ok(secrets.includes('${B}'));
  });
});

describe('<key>_file', () => {
  test('is read from the folder of the configuration, without its last line end', () => {
    secretFile('pw', 'hush\r\n\n');
    secretFile('hook', 'https://x/token-token\n');
    secretFile('token', '12345678');
    const config = parse(
      `email: {smtp_host: h, from: a@b.cd, username: u, password_file: pw}\nauth: {tokens: [{name: a, token_file: ${join(folder, 'token')}}]}\n${withPlatforms('feishu: {webhooks: [{url_file: "${F}"}]}\nemail: {recipients: [{email: a@b.cd}]}')}`,
      { file, env: { F: 'hook' } },
    );
    assert.deepEqual(findTarget(config, 'a', 'feishu', 'feishu#1')!.config, {
      url: 'https://x/token-token',
      secret: '',
    });
    assert.equal((findTarget(config, 'a', 'email', 'email#1')!.config as { password: string }).password, 'hush');
    assert.equal(
      config.auth.tokens[0]!.token_sha256,
      'ef797c8118f02dfb649607dd5d3f8c7623048c9c063d532cc95c5ed7a898a64f',
    );
  });

  test('the environment decides between the secret and its file', () => {
    secretFile('pw2', 'from-file');
    const base = 'email: {password: in-yaml}';
    assert.deepEqual(parse(base, { file, env: { PUSHSERVER_EMAIL__PASSWORD_FILE: 'pw2' } }).secrets, ['from-file']);
    assert.deepEqual(
      parse('email: {password_file: pw2}', { file, env: { PUSHSERVER_EMAIL__PASSWORD: 'from-env' } }).secrets,
      ['from-env'],
    );
  });

  test('an alias may end in _file', () => {
    const env = { PUSHSERVER_RECIPIENTS__A__NAME: 'x' };
    assert.deepEqual([...parse('recipients: {a: , a_file: }', { env }).recipients.keys()], ['a', 'a_file']);
  });

  for (const [name, text, expected] of [
    ['missing', 'email:\n  password_file: nope', `:2 email.password_file: the file "nope" does not exist`],
    ['a folder', 'email:\n  password_file: .', `:2 email.password_file: the file "." is a folder`],
    ['empty', 'email:\n  password_file: empty', `:2 email.password_file: the file "empty" is empty`],
    ['too long', 'email:\n  password_file: long', `:2 email.password_file: the file "long" is too long for a secret`],
    [
      'no path',
      'email:\n  password_file: [x]',
      `:2 email.password_file: expected the path of a file that holds the secret`,
    ],
    [
      'below another file',
      'email:\n  password_file: empty/x',
      `:2 email.password_file: the file "empty/x" cannot be read (ENOTDIR)`,
    ],
    [
      'beside the secret',
      'email:\n  password: x\n  password_file: pw',
      `:3 email.password_file: give either password or password_file, not both`,
    ],
    [
      'of a token',
      'auth:\n  tokens:\n    - name: a\n      token_file: nope',
      `:4 auth.tokens[0].token_file: the file "nope" does not exist`,
    ],
  ] as const)
    test(`${name} is one fault`, () => {
      secretFile('empty', '\n');
      secretFile('long', 'x'.repeat(70_000));
      assert.deepEqual(faultsOf(text, { file }), [`${file}${expected}`]);
    });
});
