import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createTestApp } from '../kit/app.ts';
import { run, scratch } from './kit.ts';

const TOKEN = 'token-of-the-command-line';
const WRITER = 'token-that-may-only-push';
const socket = join(scratch(), 'http.sock');

const app = await createTestApp(
  `
auth: {tokens: [{name: cli, token: ${TOKEN}, scopes: [push, read]}, {name: writer, token: ${WRITER}}]}
retry: {attempts: 1}
recipients:
  ops:
    name: 运维组
    platforms:
      feishu: {webhooks: [{name: f1, url: $S/open-apis/bot/v2/hook/send-f1, secret: wrong}]}
      wechat: {webhooks: [{name: w1, url: "$S/cgi-bin/webhook/send?key=send-w1"}]}
  team:
    platforms:
      wecom_app: {targets: [{name: app, corp_id: ww1, agent_id: 1, corp_secret: s3, to_user: [lisi, nobody-100001], base_url: $S/wecom_app}]}
  lost: {platforms: {feishu: {webhooks: [{name: f1, url: $S/open-apis/bot/v2/hook/send-f1, secret: wrong}]}}}
`,
  { real: true, sandbox: { bots: [{ platform: 'feishu', token: 'send-f1', secret: 'right' }] } },
);
const env = { PUSHSERVER_URL: app.url, PUSHSERVER_TOKEN: TOKEN };

describe('send', () => {
  test('prints the task, and with --wait what became of it', async () => {
    const accepted = await run(['send', 'ops', '标题', '内容', '--type', 'error', '--platform', 'wechat'], { env });
    assert.equal(accepted.err, '');
    assert.match(accepted.out, /^accepted for 运维组 \(platform\): task [\w-]{36}\n$/);
    assert.equal(accepted.code, 0);

    const waited = await run(['send', 'ops', '标题', '内容', '--strategy', 'failover', '--wait', '20'], { env });
    assert.equal(waited.code, 0, waited.err);
    assert.match(waited.out, /^success {2}运维组, task [\w-]{36}\n/);
    assert.match(waited.out, /feishu\/f1 +failed +\d+\.\d\d s +unauthorized 19021: /);
    assert.match(waited.out, /→ 签名校验失败/);
    assert.match(waited.out, /wechat\/w1 +success/);
  });

  test('names those whom a message did not reach', async () => {
    const { code, out } = await run(['send', 'team', '标题', '内容', '--wait'], { env });
    assert.equal(code, 0, out);
    assert.match(
      out,
      /wecom_app\/app +success +\d+\.\d\d s +消息发送成功，但 1 个接收人未送达\n +not reached: nob\*+01 /,
    );
  });

  test('everything the options say reaches the platform; - reads standard input', async () => {
    const words = ['send', 'ops', '磁盘报告', '-', '--platform', 'wechat', '--style', 'card', '--type', 'warning'];
    const more = ['--field', '主机=web-01', '--field', '阈值=a=b', '--link', 'https://example.com/x', '--key', 'once'];
    const { code, err } = await run([...words, ...more, '--wait'], { env, input: '第一行\n第二行\n' });
    assert.equal(code, 0, err);
    const again = await run([...words, ...more], { env, input: '第一行\n第二行\n' });
    assert.equal(again.code, 0);
    const arrived = app.sandbox.messages({ token: 'send-w1' }).map((message) => JSON.stringify(message));
    const cards = arrived.filter((message) => message.includes('磁盘报告'));
    assert.equal(cards.length, 1);
    for (const word of ['第一行', '第二行', '主机', 'web-01', 'a=b', 'https://example.com/x'])
      assert.ok(cards[0]!.includes(word), word);
  });

  test('ends with 1 when the push reached nobody, and prints the answer as it is with --json', async () => {
    const { code, out } = await run(['send', 'lost', 't', 'm', '--wait', '--json'], { env });
    assert.equal(code, 1);
    const answer = JSON.parse(out) as { code: number; data: { status: string } };
    assert.equal(answer.code, 200);
    assert.equal(answer.data.status, 'failed');
  });

  test('a refusal is told in words', async () => {
    const refused = [
      [['nobody', 't', 'm'], env, /^not accepted: 404 接收者不存在 \(nobody\)\n {2}.*pushserver check\n$/],
      [['ops', ' ', 'm'], env, /^not accepted: 400 请求参数错误\n {2}content\.title不能为空\n$/],
      [
        ['ops', 't', 'm'],
        { ...env, PUSHSERVER_TOKEN: 'another-token' },
        /^not accepted: 401 .*\n {2}.*PUSHSERVER_TOKEN/,
      ],
    ] as const;
    const runs = await Promise.all(refused.map(([words, its]) => run(['send', ...words], { env: its })));
    for (const [i, { code, out, err }] of runs.entries()) {
      assert.equal(code, 1);
      assert.match(out, refused[i]![2]);
      assert.equal(err, '');
    }
  });

  test('what is wrong with the server or the address is one line', async () => {
    const wrong = [
      [
        ['--url', 'http://127.0.0.1:1'],
        /^pushserver: no server answers at http:\/\/127\.0\.0\.1:1 .*ECONNREFUSED.*npm start/,
      ],
      [['--url', `unix:${socket}`], /^pushserver: no server answers at unix:.*ENOENT/],
      [['--url', 'example'], /^pushserver: "example" is not the address of a server/],
      [['--url', app.sandbox.url], /^pushserver: what answers at http.* \(HTTP 404\) is not a PushServer/],
      [['--token', WRITER, '--wait'], /^pushserver: task [\w-]{36} was accepted, but: 403 .*scope read/],
    ] as const;
    const runs = await Promise.all(wrong.map(([words]) => run(['send', 'ops', 't', 'm', ...words], { env })));
    for (const [i, { code, out, err }] of runs.entries()) {
      assert.equal(code, 1);
      assert.equal(out, '');
      assert.match(err, wrong[i]![1]);
      assert.equal(err.split('\n').length, 2);
      assert.doesNotMatch(err, new RegExp(`${TOKEN}|${WRITER}`));
    }
  });
});
