import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, describe, test } from 'node:test';
import { z } from 'zod';
import { defineChannel } from '../../src/channel/channel.ts';
import type { Config } from '../../src/config.ts';
import { channels, faultsOf, parse } from './kit.ts';

/** One target of `feishu`, with what the three places say of the way there. */
const file = ({ http = '', section = '', target = '' }) =>
  [
    `http: {${http}}`,
    `feishu: {${section}}`,
    `recipients: {a: {platforms: {feishu: {webhooks: [{url: "https://x.example/1"${target && `, ${target}`}}]}}}}`,
  ].join('\n');

const targetsOf = (config: Config) => config.recipients.get('a')!.groups.flatMap(({ targets }) => targets);
const networkOf = (places: Parameters<typeof file>[0], options = {}) =>
  targetsOf(parse(file(places), options))[0]!.network;

/** A folder with a configuration and a file of authorities in it. */
function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'pushserver-test-'));
  t.after(() => rmSync(path, { recursive: true }));
  writeFileSync(join(path, 'ca.pem'), 'PEM');
  return path;
}

describe('proxy', () => {
  const [A, B, C] = ['http://a.example:1/', 'https://b.example:2/', 'socks5://c.example:3'].map(
    (url) => `proxy: "${url}"`,
  );

  test('a target’s own wins over that of its section, and this over that of http', () => {
    assert.equal(networkOf({}), undefined);
    assert.deepEqual(networkOf({ http: A }), { proxy: 'http://a.example:1/' });
    assert.deepEqual(networkOf({ http: A, section: B }), { proxy: 'https://b.example:2/' });
    assert.deepEqual(networkOf({ http: A, section: B, target: C }), { proxy: 'socks5://c.example:3' });
  });

  test('"no" is a direct way, in each place, quoted or bare', () => {
    for (const no of ['proxy: "no"', 'proxy: no', 'proxy: false']) {
      assert.equal(networkOf({ http: no }), undefined);
      assert.equal(networkOf({ http: A, section: no }), undefined);
      assert.equal(networkOf({ http: A, section: B, target: no }), undefined);
      assert.deepEqual(networkOf({ section: no, target: C }), { proxy: 'socks5://c.example:3' });
    }
  });

  test('anything else is refused where it stands, without being repeated', () => {
    for (const proxy of ['ftp://u:secret-1@p.example', 'p.example:3128', 'yes']) {
      for (const place of ['http', 'section', 'target'] as const) {
        const faults = faultsOf(file({ [place]: `proxy: "${proxy}"` })).join('\n');
        assert.match(faults, /proxy: expected the URL of an http, https or socks5 proxy, or "no"/);
        assert.doesNotMatch(faults, /secret-1/);
      }
    }
  });

  test('is a secret wherever it stands; the word "no" is none', () => {
    const proxy = (name: string) => `proxy: "http://${name}-user:${name}-pass%40word@p.example:3128"`;
    const places = { http: proxy('http'), section: proxy('section'), target: proxy('target') };
    const { secrets } = parse(file(places));
    for (const name of ['http', 'section', 'target']) {
      for (const form of [`${name}-user`, `${name}-pass%40word`, `${name}-pass@word`])
        assert.ok(secrets.includes(form), form);
    }
    assert.ok(!parse(file({ http: 'proxy: "no"', target: 'proxy: no' })).secrets.includes('no'));
  });

  test('may be read from a file of its own, as every secret', (t) => {
    const path = folder(t);
    writeFileSync(join(path, 'proxy'), 'socks5h://u:p@p.example\n');
    const options = { file: join(path, 'c.yaml') };
    for (const place of ['http', 'section', 'target'])
      assert.deepEqual(networkOf({ [place]: 'proxy_file: proxy' }, options), { proxy: 'socks5h://u:p@p.example' });
  });
});

describe('tls', () => {
  test('a target’s own stands in place of that of its section, and this in place of that of http', (t) => {
    const path = folder(t);
    const options = { file: join(path, 'c.yaml') };
    const [ca, insecure] = ['tls: {ca_file: ca.pem}', 'tls: {insecure: true}'];
    const trusting = { tls: { ca_file: join(path, 'ca.pem') } };
    assert.deepEqual(networkOf({ http: ca }, options), trusting);
    assert.deepEqual(networkOf({ http: insecure }, options), { tls: { insecure: true } });
    // Who names the authorities to trust wants them asked.
    assert.deepEqual(networkOf({ http: insecure, section: ca }, options), trusting);
    assert.deepEqual(networkOf({ section: insecure, target: ca }, options), trusting);
    assert.deepEqual(networkOf({ http: insecure, target: ca }, options), trusting);
    assert.equal(networkOf({ http: insecure, target: 'tls: {}' }, options), undefined);
    assert.equal(networkOf({ http: insecure, target: 'tls: {insecure: false}' }, options), undefined);
  });

  test('a relative ca_file is looked up beside the configuration, an absolute one where it says', (t) => {
    const path = folder(t);
    const ca_file = join(path, 'ca.pem');
    for (const place of ['http', 'section', 'target']) {
      for (const written of ['ca.pem', './ca.pem', ca_file]) {
        const network = networkOf({ [place]: `tls: {ca_file: "${written}"}` }, { file: join(path, 'c.yaml') });
        assert.deepEqual(network, { tls: { ca_file } });
      }
    }
    assert.deepEqual(
      parse(file({ http: 'tls: {ca_file: ca.pem}' }), { file: join(path, 'c.yaml') }).network,
      { tls: { ca_file } },
      'that of the notices',
    );
  });

  test('a ca_file that cannot be read is told once, where it stands', () => {
    const missing = 'tls: {ca_file: none.pem}';
    assert.deepEqual(faultsOf(file({ http: missing })), [
      'c.yaml:1 http.tls.ca_file: the file "none.pem" cannot be read',
    ]);
    assert.deepEqual(faultsOf(file({ section: missing })), [
      'c.yaml:2 feishu.tls.ca_file: the file "none.pem" cannot be read',
    ]);
    assert.deepEqual(faultsOf(file({ target: missing })), [
      'c.yaml:3 recipients.a.platforms.feishu.webhooks[0].tls.ca_file: the file "none.pem" cannot be read',
    ]);
  });

  test('that of http is not that of mail', () => {
    const mail = 'email: {smtp_host: m.example, from: a@b.cd, tls: starttls}';
    const targets = 'recipients: {a: {platforms: {email: {recipients: [{email: a@b.cd}]}}}}';
    // Of the kit, whose e-mail channel does not say that it speaks SMTP.
    const smtp = new Map(
      [...channels].map(([name, one]) => [name, name === 'email' ? { ...one, wire: 'smtp' as const } : one]),
    );
    const config = parse(`http: {proxy: "http://p.example", tls: {insecure: true}}\n${mail}\n${targets}`, {
      channels: smtp,
    });
    assert.equal(targetsOf(config)[0]!.network, undefined);
    assert.equal((targetsOf(config)[0]!.config as { tls: string }).tls, 'starttls');
    assert.match(
      faultsOf(`${mail.replace('}', ', proxy: "no"}')}\n${targets}`, { channels: smtp }).join(),
      /unknown key/,
    );
  });
});

describe('accounts', () => {
  const team = defineChannel({
    ...channels.get('feishu')!,
    name: 'team',
    config: z.strictObject({ team: z.string(), room: z.string() }),
    credential: ({ room }) => room,
    account: { key: (config) => config.team, rate: { per_day: 10 } },
  });
  const recipients = (...targets: string[]) =>
    `recipients: {a: {platforms: {team: {targets: [${targets.map((one) => `{${one}}`).join()}]}}}}`;
  const read = (...targets: string[]) =>
    targetsOf(parse(recipients(...targets), { channels: new Map([['team', team]]) }));

  test('targets of one account share its key, which says nothing', () => {
    const [one, two, other] = read('team: t-1, room: r1', 'team: t-1, room: r2', 'team: t-2, room: r3');
    assert.equal(one!.account, two!.account);
    assert.notEqual(one!.account, other!.account);
    assert.notEqual(one!.lane, two!.lane);
    assert.match(one!.account!, /^[0-9a-f]{64}$/);
  });

  test('a lane belongs to one account, whatever the channel takes for a credential', () => {
    const [one, other] = read('team: t-1, room: r1', 'team: t-2, room: r1');
    assert.notEqual(one!.lane, other!.lane);
  });

  test('account_rate_limit belongs to channels that have accounts', () => {
    const [one] = read('team: t-1, room: r1, account_rate_limit: {per_hour: 5}');
    assert.deepEqual(one!.account_rate_limit, { per_hour: 5 });
    assert.match(faultsOf(file({ target: 'account_rate_limit: off' })).join(), /account_rate_limit: unknown key/);
  });
});
