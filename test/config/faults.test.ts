import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError, pathText } from '../../src/config/fault.ts';
import { nearest } from '../../src/channel/nearest.ts';
import { faultsOf, parse, withPlatforms } from './kit.ts';

describe('every value of every section', () => {
  const counts = [
    'log.max_size',
    'log.max_files',
    'queue.worker_count',
    'queue.buffer_size',
    'queue.max_concurrent_per_platform',
    'queue.batch_size',
    'retry.attempts',
    'digest.threshold',
    'fit.max_parts',
    'task.store_limit',
    'idempotency.max_keys',
    'system.store_limit',
    'system.file_limit',
    'server.body_limit',
  ];
  const seconds = [
    'server.shutdown_timeout',
    'queue.timeout',
    'queue.deadline',
    'queue.failover_patience',
    'retry.base_delay',
    'retry.max_delay',
    'task.cleanup_interval',
    'idempotency.max_age',
  ];
  const fault = (path: string, value: string): string => {
    const [section, key] = path.split('.');
    const faults = faultsOf(`${section}:\n  ${key}: ${value}`);
    assert.equal(faults.length, 1, faults.join('\n'));
    return faults[0]!;
  };

  for (const path of counts)
    test(`${path} is a whole number of at least 1`, () => {
      const say = (got: string): string => `c.yaml:2 ${path}: expected a whole number of at least 1, got ${got}`;
      for (const [value, got] of [
        ['0', '0'],
        ['-1', '-1'],
        ['1.5', '1.5'],
        ['.nan', 'NaN'],
        ['.inf', 'Infinity'],
        ['', 'nothing'],
        ['"3"', '"3"'],
        ['[]', 'a list'],
        ['{}', 'a mapping'],
        ['true', 'true'],
      ] as const)
        assert.equal(fault(path, value), say(got));
      const [section, key] = path.split('.');
      parse(`${section}: {${key}: 1}`);
    });

  for (const path of seconds)
    test(`${path} is a number of seconds above 0`, () => {
      for (const [value, got] of [
        ['0', '0'],
        ['-0.5', '-0.5'],
        ['.nan', 'NaN'],
        ['1e12', '1000000000000'],
        ['', 'nothing'],
        ['10s', '"10s"'],
        ['[1]', 'a list'],
      ] as const)
        assert.match(
          fault(path, value),
          new RegExp(`^c\\.yaml:2 ${path}: expected a number of seconds above 0 and at most \\d+, got ${got}$`),
        );
      const [section, key] = path.split('.');
      parse(`${section}: {${key}: ${path === 'retry.max_delay' ? 1 : 0.5}}`);
    });

  for (const [path, value, expected] of [
    ['server.port', '65536', 'expected a whole number from 0 to 65535, got 65536'],
    ['server.port', '-1', 'expected a whole number from 0 to 65535, got -1'],
    ['server.host', '""', 'expected a host name or an IP address, got ""'],
    ['server.host', 'http://x', 'expected a host name or an IP address, got "http://x"'],
    ['server.mode', 'prod', 'expected one of debug, release, test, got "prod"'],
    ['server.trust_proxy', 'yes', 'expected true or false, got "yes"'],
    ['server.unix_socket', '""', 'expected the path of a socket, got ""'],
    ['server.unix_socket', '5', 'expected text, got 5 (put it in quotes)'],
    ['log.level', 'warning', 'expected one of debug, info, warn, error, got "warning"'],
    ['log.output', '1', 'expected one of stdout, file, got 1'],
    ['log.file_path', '""', 'expected the path of a file, got ""'],
    ['digest.max_items', '1', 'expected a whole number of at least 2, got 1'],
    ['digest.enabled', 'null', 'expected true or false, got nothing'],
    ['system.notifications', 'console', 'expected a list, got other text'],
    ['system.notifications', '[{type: console, url: "http://x"}]', 'only an entry of type http has a url'],
    [
      'system.notifications',
      '[{type: http, url: "ftp://secret"}]',
      'expected a URL that begins with http:// or https://, got other text',
    ],
    ['auth.allow_anonymous', '1', 'expected true or false, got 1'],
  ] as const)
    test(`${path}: ${value}`, () => assert.ok(fault(path, value).endsWith(`: ${expected}`), fault(path, value)));

  test('rules between keys', () => {
    assert.deepEqual(faultsOf('retry: {base_delay: 9, max_delay: 3}'), [
      'c.yaml:1 retry.max_delay: expected at least retry.base_delay (9), got 3',
    ]);
  });
});

describe('unknown keys', () => {
  for (const [text, expected] of [
    ['server:\n  prot: 1', 'c.yaml:2 server.prot: unknown key; did you mean "port"?'],
    ['queue:\n  workerCount: 1', 'c.yaml:2 queue.workerCount: unknown key; did you mean "worker_count"?'],
    ['sever: {}', 'c.yaml:1 sever: unknown key; did you mean "server"?'],
    ['recipient: {}', 'c.yaml:1 recipient: unknown key; did you mean "recipients"?'],
    ['fit: {nonsense: 1}', 'c.yaml:1 fit.nonsense: unknown key; known here: max_parts'],
    ['fit: {__proto__: 1}', 'c.yaml:1 fit.__proto__: unknown key; known here: max_parts'],
    ['email:\n  pasword: x', 'c.yaml:2 email.pasword: unknown key; did you mean "password"?'],
    ['email:\n  pasword_file: x', 'c.yaml:2 email.pasword_file: unknown key; did you mean "password_file"?'],
    ['email:\n  password_fil: x', 'c.yaml:2 email.password_fil: unknown key; did you mean "password_file"?'],
    [
      'email:\n  from_file: x',
      'c.yaml:2 email.from_file: unknown key; only a secret can be read from a file, from is none',
    ],
    [
      'auth: {tokens: [{name: a, token: abcdefgh, scope: [push]}]}',
      'c.yaml:1 auth.tokens[0].scope: unknown key; did you mean "scopes"?',
    ],
    ['recipients: {a: {platform: {}}}', 'c.yaml:1 recipients.a.platform: unknown key; did you mean "platforms"?'],
    [withPlatforms('wechatt: {}'), 'c.yaml:4 recipients.a.platforms.wechatt: unknown platform; did you mean "wechat"?'],
    [
      withPlatforms('feishu:\n  webhook: []'),
      'c.yaml:5 recipients.a.platforms.feishu.webhook: unknown key; did you mean "webhooks"?',
    ],
    [
      withPlatforms('system:\n  webhooks: []'),
      'c.yaml:5 recipients.a.platforms.system.webhooks: unknown key; known here: enabled, notifications, targets',
    ],
    [
      withPlatforms('system:\n  targets: [{type: file, rate_limit: off}]'),
      'c.yaml:5 recipients.a.platforms.system.targets[0].rate_limit: unknown key; known here: type, url, name, enabled',
    ],
  ] as const)
    test(expected, () => assert.deepEqual(faultsOf(text), [expected]));

  test('nearest', () => {
    assert.equal(nearest('wroker_count', ['buffer_size', 'worker_count']), 'worker_count');
    assert.equal(nearest('x', ['url', 'name']), undefined);
    assert.equal(nearest('', ['url']), undefined);
    assert.equal(nearest('a'.repeat(10_000), ['url']), undefined);
    assert.equal(nearest('SMTP-HOST', ['smtp_host', 'smtp_port']), 'smtp_host');
  });
});

describe('the error', () => {
  test('names all faults at once, in the order of the lines', () => {
    const text = 'queue:\n  timeout: 0\nlog:\n  level: loud\nrecipients:\n  b: 5\n  a: {nam: x}\nserver: {port: x}';
    assert.deepEqual(
      faultsOf(text).map((line) => line.split(' ')[0]),
      ['c.yaml:2', 'c.yaml:4', 'c.yaml:6', 'c.yaml:7', 'c.yaml:8'],
    );
  });

  test('has a hundred lines at most, and holds the faults', () => {
    const lines = Array.from({ length: 250 }, (_, i) => `  a${i}: 5`);
    const faults = faultsOf(`recipients:\n${lines.join('\n')}`);
    assert.equal(faults.length, 101);
    assert.equal(faults.at(-1), 'c.yaml: and 150 more faults');
    assert.throws(
      () => parse('fit: {x: 1}'),
      (error) => error instanceof ConfigError && error.faults.length === 1,
    );
  });

  test('never shows what may be a secret', () => {
    const text = [
      'auth: {tokens: [{name: a, token: "tök-SECRET"}]}',
      'email: {password: {x: SECRET}, smtp_port: 1, secret_SECRET_key: 1}'.replace('secret_SECRET_key', 'passwrd'),
      withPlatforms(
        'feishu:\n  webhooks: [{url: SECRET}, SECRET, {url: "ftp://SECRET", secret: [SECRET]}, {uri: SECRET, url: "http://x"}]\nwechat: SECRET\ndingtalk: {webhooks: "https://SECRET"}',
      ),
    ].join('\n');
    const faults = faultsOf(text);
    assert.ok(faults.length >= 8, faults.join('\n'));
    assert.doesNotMatch(faults.join('\n'), /SECRET/);
    for (const yaml of [
      'email: {password: !SECRET x}',
      'email: {password: *SECRET}',
      'email: {password: !a!SECRET x}',
      'email: {password: "SECRET}',
      'email: {password: !<SECRET x}',
      'a: b: SECRET',
      'email: {password: !SEC{RET x}',
      '"SECRET',
    ])
      assert.doesNotMatch(faultsOf(yaml).join('\n'), /SECRET|SEC\{/);
  });

  test('keys of any kind stay on one line', () => {
    assert.equal(
      pathText(['recipients', 'Team.A', 'platforms', 0, 'x\ny', '运维']),
      'recipients["Team.A"].platforms[0]["x\\ny"].运维',
    );
    assert.equal(faultsOf('"a\\nb\\e": 1').length, 1);
  });
});
