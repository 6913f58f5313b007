import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import type { Target } from '../../src/model.ts';
import { findTarget } from '../../src/config.ts';
import { faultsOf, parse, withPlatforms } from './kit.ts';

const bot = (n: number, rest = ''): string => `{url: "https://x/${n}"${rest}}`;
const targets = (platforms: string): readonly Target[] =>
  parse(withPlatforms(platforms))
    .recipients.get('a')!
    .groups.flatMap((group) => group.targets);

describe('aliases and platforms', () => {
  test('keep case, dots, order and the way they are written', () => {
    const aliases = [
      'b',
      'Team.A',
      'team.a',
      '10',
      '9',
      '007',
      '1.10',
      'true',
      'null',
      '__proto__',
      'constructor',
      'toString',
      '运维',
      'a b',
      '0x1F',
      '~',
    ];
    const config = parse(`recipients:\n${aliases.map((alias) => `  ${alias}:\n`).join('')}`);
    assert.deepEqual([...config.recipients.keys()], aliases);
    assert.deepEqual(config.recipients.get('007'), { alias: '007', name: '007', groups: [] });
    assert.deepEqual(config.recipients.get('__proto__'), { alias: '__proto__', name: '__proto__', groups: [] });
    assert.equal(config.recipients.get('hasOwnProperty'), undefined);
  });

  test('a recipient without platforms is valid', () => {
    const config = parse(
      'recipients:\n  a:\n  b: {}\n  c: {platforms: }\n  d: {platforms: {}, name: D}\n  e: {platforms: {feishu: , wechat: {webhooks: }}}',
    );
    assert.equal(config.recipients.get('d')!.name, 'D');
    assert.deepEqual(config.recipients.get('e')!.groups, [
      { platform: 'feishu', enabled: true, targets: [] },
      { platform: 'wechat', enabled: true, targets: [] },
    ]);
  });

  test('platforms stand in the order of the file', () => {
    const { groups } = parse(
      withPlatforms('wechat: {}\nsystem: {}\nfeishu: {enabled: false}\ndingtalk: {}'),
    ).recipients.get('a')!;
    assert.deepEqual(
      groups.map(({ platform, enabled }) => [platform, enabled]),
      [
        ['wechat', true],
        ['system', true],
        ['feishu', false],
        ['dingtalk', true],
      ],
    );
  });

  test('what cannot be an alias or a name', () => {
    const say = 'an alias must be 1 to 200 characters on one line';
    assert.deepEqual(faultsOf('recipients:\n  "": {}'), [`c.yaml:2 recipients[""]: ${say}`]);
    assert.deepEqual(faultsOf('recipients:\n  "a\\nb": {}'), [`c.yaml:2 recipients["a\\nb"]: ${say}`]);
    assert.deepEqual(faultsOf('recipients:\n  a: {name: 7}'), [
      'c.yaml:2 recipients.a.name: expected text, got 7 (put it in quotes)',
    ]);
    assert.deepEqual(faultsOf('recipients: [a]'), ['c.yaml:1 recipients: expected a mapping (key: value), got a list']);
  });
});

describe('targets', () => {
  test('name, enabled and rate_limit belong to the target, the rest to the channel', () => {
    const [first, second, third, fourth] = targets(
      `feishu:\n  webhooks: [${bot(1)}, ${bot(2, ', name: zwei, enabled: false, rate_limit: {per_minute: 3, per_second: 1}')}, ${bot(3, ', rate_limit: off')}, ${bot(4, ', rate_limit: false')}]`,
    );
    assert.deepEqual(first, {
      alias: 'a',
      platform: 'feishu',
      name: 'feishu#1',
      enabled: true,
      config: { url: 'https://x/1', secret: '' },
      lane: createHash('sha256').update('feishu\nhttps://x/1').digest('hex'),
    });
    assert.equal(second!.name, 'zwei');
    assert.equal(second!.enabled, false);
    assert.deepEqual(second!.rate_limit, { per_minute: 3, per_second: 1 });
    assert.deepEqual([third!.rate_limit, third!.name], ['off', 'feishu#3']);
    assert.equal(fourth!.rate_limit, 'off');
  });

  test('equal credentials are one lane, whatever the alias; another channel is another', () => {
    const config = parse(
      `recipients:\n${['a', 'b'].map((alias) => `  ${alias}: {platforms: {feishu: {targets: [${bot(1)}]}, wechat: {targets: [${bot(1)}]}}}\n`).join('')}`,
    );
    const lane = (alias: string, platform: string): string =>
      findTarget(config, alias, platform, `${platform}#1`)!.lane;
    assert.equal(lane('a', 'feishu'), lane('b', 'feishu'));
    assert.notEqual(lane('a', 'feishu'), lane('a', 'wechat'));
  });

  test('`targets` is accepted everywhere, but not beside the platform’s own word', () => {
    assert.equal(
      targets(
        `feishu: {targets: [${bot(1)}]}\nsystem: {targets: [{type: console}]}\napp: {webhooks: [{app_id: i, app_secret: s}]}`,
      ).length,
      3,
    );
    assert.deepEqual(faultsOf(withPlatforms('feishu:\n  webhooks: []\n  targets: []')), [
      'c.yaml:6 recipients.a.platforms.feishu.targets: give either webhooks or targets, not both',
    ]);
  });

  test('names are unique within a platform of an alias', () => {
    assert.deepEqual(
      faultsOf(withPlatforms(`feishu:\n  webhooks:\n    - ${bot(1, ', name: x')}\n    - ${bot(2, ', name: x')}`)),
      ['c.yaml:7 recipients.a.platforms.feishu.webhooks[1].name: the name "x" is already that of entry 1'],
    );
    assert.equal(faultsOf(withPlatforms(`feishu: {webhooks: [${bot(1, ', name: feishu#2')}, ${bot(2)}]}`)).length, 1);
    assert.equal(
      targets(`feishu: {webhooks: [${bot(1, ', name: x')}]}\nwechat: {webhooks: [${bot(1, ', name: x')}]}`).length,
      2,
    );
  });

  test('system entries', () => {
    const [console_, http] = targets(
      'system:\n  notifications:\n    - {type: console}\n    - {type: http, name: H, url: "http://localhost:1/x", enabled: false}',
    );
    assert.deepEqual([console_!.name, console_!.config], ['system#1', { type: 'console' }]);
    assert.deepEqual(
      [http!.name, http!.enabled, http!.config],
      ['H', false, { type: 'http', url: 'http://localhost:1/x' }],
    );
    assert.equal(console_!.rate_limit, undefined);
  });

  test('a union says what is wrong with the nearer form', () => {
    assert.deepEqual(faultsOf(withPlatforms('app: {targets: [{app_id: i, app_secret: 5}]}')).length, 1);
    assert.deepEqual(faultsOf(withPlatforms('app: {targets: [{url: "https://x", app_id: i}]}')).length, 1);
    assert.equal(targets('app: {targets: [{url: "https://x"}]}').length, 1);
  });

  for (const [platforms, expected] of [
    ['feishu: {webhooks: [{}]}', 'feishu.webhooks[0].url: missing; expected text'],
    ['feishu: {webhooks: [{url: "nonsense"}]}', 'feishu.webhooks[0].url: expected a URL, got other text'],
    ['feishu: {webhooks: [{url: ""}]}', 'feishu.webhooks[0].url: expected a URL, got empty text'],
    ['feishu: {webhooks: {url: x}}', 'feishu.webhooks: expected a list (lines that begin with "-"), got a mapping'],
    ['feishu: {webhooks: [1]}', 'feishu.webhooks[0]: expected a mapping (key: value), got a number'],
    ['feishu: {enabled: 1}', 'feishu.enabled: expected true or false, got a number'],
    [
      `feishu: {webhooks: [${bot(1, ', rate_limit: {}')}]}`,
      'feishu.webhooks[0].rate_limit: expected at least one of per_second, per_minute, per_hour, per_day',
    ],
    [
      `feishu: {webhooks: [${bot(1, ', rate_limit: {per_minute: 0}')}]}`,
      'feishu.webhooks[0].rate_limit.per_minute: expected a whole number of at least 1, got 0',
    ],
    [
      `feishu: {webhooks: [${bot(1, ', rate_limit: on')}]}`,
      'feishu.webhooks[0].rate_limit: expected off, or per_second, per_minute, per_hour, per_day, got "on"',
    ],
    [
      'system: {notifications: [{}]}',
      'system.notifications[0].type: missing; expected one of console, file, syslog, http',
    ],
  ] as const)
    test(expected, () =>
      assert.deepEqual(faultsOf(withPlatforms(platforms)), [`c.yaml:4 recipients.a.platforms.${expected}`]),
    );
});

describe('a section named like a channel', () => {
  const section = 'email:\n  smtp_host: h\n  from: f@x.yz\n';

  test('is merged under each target, which may differ', () => {
    const config = parse(
      `${section}  rate_limit: {per_minute: 9}\n${withPlatforms('email: {recipients: [{email: a@b.cd, name: n}, {email: b@b.cd, smtp_host: other, rate_limit: off}]}')}`,
    );
    const [first, second] = config.recipients.get('a')!.groups[0]!.targets;
    assert.deepEqual(first!.config, {
      email: 'a@b.cd',
      smtp_host: 'h',
      smtp_port: 25,
      username: '',
      password: '',
      from: 'f@x.yz',
      tls: 'auto',
    });
    assert.deepEqual(first!.rate_limit, { per_minute: 9 });
    assert.equal((second!.config as { smtp_host: string }).smtp_host, 'other');
    assert.equal(second!.rate_limit, 'off');
  });

  test('is judged without any target, and named once with many', () => {
    assert.deepEqual(faultsOf('email:\n  smtp_port: 0'), [
      'c.yaml:2 email.smtp_port: expected a number of at least 1, got 0',
    ]);
    const many = withPlatforms('email: {recipients: [{email: a@b.cd}, {email: b@b.cd}, {email: c@b.cd}]}');
    assert.deepEqual(faultsOf(`email:\n  smtp_host: h\n  from: f@x.yz\n  smtp_port: x\n  tlss: none\n${many}`), [
      'c.yaml:4 email.smtp_port: expected a number, got "x"',
      'c.yaml:5 email.tlss: unknown key; did you mean "tls"?',
    ]);
    assert.deepEqual(faultsOf(`${section}  username: u\n${many}`).length, 3);
    assert.deepEqual(faultsOf('email: 5'), ['c.yaml:1 email: expected a mapping (key: value), got a number']);
  });

  test('missing: says where it may stand', () => {
    assert.deepEqual(faultsOf(`email: {smtp_host: h}\n${withPlatforms('email: {recipients: [{email: a@b.cd}]}')}`), [
      'c.yaml:5 recipients.a.platforms.email.recipients[0].from: missing; expected text (here, or for all targets in the section email)',
    ]);
  });

  test('without any target it is valid', () => {
    assert.equal(parse(section).recipients.size, 0);
  });
});
