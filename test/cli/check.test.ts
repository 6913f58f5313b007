import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { run, scratch, writeConfig } from './kit.ts';

const folder = scratch();

const VALID = `
auth: {tokens: [{name: ci, token: "\${TOKEN}", scopes: [push, read]}]}
recipients:
  Team.A:
    name: 运维告警组
    platforms:
      feishu:
        webhooks:
          - {name: f1, url: "http://127.0.0.1:9/open-apis/bot/v2/hook/aaaaaaaa", secret: hush-hush}
          - {name: f2, url: "http://127.0.0.1:9/open-apis/bot/v2/hook/bbbbbbbb", rate_limit: off}
      dingtalk:
        webhooks: [{name: d1, url: "http://127.0.0.1:9/robot/send?access_token=cccccccc", rate_limit: {per_minute: 10}}]
      wechat:
        enabled: false
        webhooks: [{name: w1, url: "http://127.0.0.1:9/cgi-bin/webhook/send?key=dddddddd"}]
      system: {notifications: [{type: file, name: 留档}]}
  other:
    platforms:
      dingtalk: {webhooks: [{url: "http://127.0.0.1:9/robot/send?access_token=cccccccc"}]}
  empty: {}
`;

describe('check', () => {
  test('prints what each alias resolves to, without a secret', async () => {
    const { code, out, err } = await run(['check', '--config', writeConfig(folder, VALID)], {
      env: { TOKEN: 'a-token-of-some-length' },
    });
    assert.equal(err, '');
    assert.equal(code, 0);
    for (const line of [
      /config\.yaml is valid/,
      /listens on +127\.0\.0\.1:8080; tokens: ci \(push, read\)/,
      /recipients +3 with 6 targets, 5 of them enabled/,
      /Team\.A {2}运维告警组/,
      /feishu +f1 +yes +98 a minute, 4 a second/,
      /feishu +f2 +yes +off/,
      /dingtalk +d1 +yes +10 a minute, shared with other\/dingtalk\/dingtalk#1/,
      /wechat +w1 +no \(the platform\)/,
      /all +all\(feishu\/f1, feishu\/f2, dingtalk\/d1\) \+ a copy to system\/留档/,
      /failover +first\(feishu\/f1, feishu\/f2, dingtalk\/d1\)\n/,
      /webhook_failover +all\(first\(feishu\/f1, feishu\/f2\), dingtalk\/d1\) \+ a copy to system\/留档/,
      /mixed +first\(all\(feishu\/f1, feishu\/f2\), dingtalk\/d1\)\n/,
      /platform feishu +first\(feishu\/f1, feishu\/f2\)/,
      /platform wechat +nothing is enabled: fails with a notice/,
      /platform system +system\/留档/,
      /dingtalk +dingtalk#1 +yes +10 a minute, shared with Team\.A\/dingtalk\/d1/,
      /empty {2}empty\n +strategy +plan\n +all +nothing is enabled/,
    ])
      assert.match(out, line);
    assert.doesNotMatch(out, /aaaaaaaa|bbbbbbbb|cccccccc|dddddddd|hush|a-token/);
  });

  test('tells the limit of an account beside that of each target', async () => {
    const target = (to: string) => `{corp_id: ww1, agent_id: 1, corp_secret: hush-hush, to_user: ${to}}`;
    const yaml = `
wecom_app: {account_rate_limit: {per_hour: 500}}
recipients: {a: {platforms: {wecom_app: {targets: [${target('lisi')}, ${target('wangwu')}]}}}}`;
    const { out } = await run(['check', '--config', writeConfig(folder, yaml, 'account.yaml')]);
    assert.match(out, /wecom_app +wecom_app#1 +yes +950 an hour, 28 a minute; account: 500 an hour, 28 a minute\n/);
    assert.match(out, /wecom_app +wecom_app#2 +yes +950 an hour, 28 a minute; account: 500 an hour, 28 a minute\n/);
  });

  test('says who may push', async () => {
    const token = 'tokens: [{name: ci, token: a-token-of-some-length}]';
    for (const [auth, words] of [
      ['{}', /; no tokens, so for this machine only\n/],
      ['{allow_anonymous: true}', /; everybody may push \(auth\.allow_anonymous\)\n/],
      [`{${token}}`, /; tokens: ci \(push\)\n/],
      [`{allow_anonymous: true, ${token}}`, /; tokens: ci \(push\)\n/],
    ] as const)
      assert.match((await run(['check', '--config', writeConfig(folder, `auth: ${auth}`, 'who.yaml')])).out, words);
  });

  test('every fault is a line with its place, near misses included', async () => {
    const file = writeConfig(
      folder,
      'server:\n  prot: 80\nqueue: {timeout: -1}\nrecipients:\n  a: {platforms: {feishuu: {}}}\n',
      'bad.yaml',
    );
    const { code, out, err } = await run(['check', '-c', file]);
    assert.equal(code, 1);
    assert.equal(out, '');
    const lines = err.trimEnd().split('\n');
    assert.equal(lines.length, 3);
    assert.match(lines[0]!, /bad\.yaml:2 server\.prot: unknown key.*port/);
    assert.match(lines[1]!, /bad\.yaml:3 queue\.timeout/);
    assert.match(lines[2]!, /bad\.yaml:5 recipients\.a\.platforms\.feishuu.*feishu/);
  });
});
