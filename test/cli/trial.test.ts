import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { createSandbox } from '../../src/sandbox/sandbox.ts';
import { run, scratch, writeConfig } from './kit.ts';

const folder = scratch();
const sandbox = await createSandbox({
  bots: [{ platform: 'feishu', token: 'secret-f2', secret: 'as-the-platform-has-it' }],
});
after(() => sandbox.close());

const config = writeConfig(
  folder,
  `
email: {smtp_host: 127.0.0.1, smtp_port: ${sandbox.smtp_port}, from: a@example.com, tls: none}
recipients:
  ops:
    platforms:
      feishu:
        webhooks:
          - {name: 值班机器人, url: "${sandbox.url}/open-apis/bot/v2/hook/secret-f1"}
          - {name: f2, url: "${sandbox.url}/open-apis/bot/v2/hook/secret-f2", secret: mistyped}
          - {name: off, url: "${sandbox.url}/open-apis/bot/v2/hook/secret-f3", enabled: false}
      email: {recipients: [{name: m1, email: oncall@example.com}]}
      system: {notifications: [{type: file, name: 留档}]}
  throttled:
    platforms:
      wechat:
        webhooks:
          - {name: w1, url: "${sandbox.url}/cgi-bin/webhook/send?key=secret-w1"}
          - {name: w2, url: "${sandbox.url}/cgi-bin/webhook/send?key=secret-w1"}
`,
);

describe('test', () => {
  test('sends one message to each enabled target and prints how it was taken', async () => {
    const cwd = scratch();
    const { code, out, err } = await run(['test', 'ops', '--config', config], { cwd });
    assert.equal(err, '');
    assert.equal(code, 1);
    assert.match(out, /^alias +platform +target +result +ms +remedy +reason\n/);
    assert.match(out, /^ops +feishu +值班机器人 +ok +\d+$/m);
    assert.match(out, /^ops +feishu +f2 +failed +\d+ +\[1\] +unauthorized 19021: /m);
    assert.match(out, /^ops +email +m1 +ok /m);
    assert.match(out, /^ops +system +留档 +ok /m);
    assert.match(out, /^\[1\] {2}签名校验失败.*\n {5}Signature mismatch/m);
    assert.match(out, /^3 of 4 targets took the message$/m);
    assert.doesNotMatch(out, /off|secret-f|mistyped|127\.0\.0\.1/);
    assert.equal(sandbox.requests({ token: 'secret-f1' }), 1);
    assert.equal(sandbox.requests({ token: 'secret-f2' }), 1, 'one try');
    assert.equal(sandbox.requests({ token: 'secret-f3' }), 0);
    // The last line was tested, not raised; and there is no log that a server of another user could not write later.
    assert.equal(readdirSync(join(cwd, 'notifications')).length, 1);
    assert.equal(existsSync(join(cwd, 'log')), false);
  });

  test('only the platform that was named; all well ends with 0', async () => {
    const { code, out } = await run(['test', '--platform', 'email', '-c', config], { cwd: folder });
    assert.equal(code, 0);
    assert.match(out, /^1 of 1 targets took the message$/m);
  });

  test('a throttle answer is the result, and its bot is left alone', async () => {
    sandbox.fault({ platform: 'wechat', fault: 'code:45009' });
    const { code, out } = await run(['test', 'throttled', '-c', config], { cwd: folder });
    assert.equal(code, 1);
    assert.match(out, /w1 +failed +\d+ +\[1\] +rate_limited 45009: /);
    assert.match(out, /w2 +failed +\d+ +\[2\] +rate_limited: 同一机器人限流中/);
    assert.equal(sandbox.requests({ platform: 'wechat' }), 1);
  });

  test('what does not exist is told with what does', async () => {
    const runs = await Promise.all([
      run(['test', 'Ops', '-c', config], { cwd: folder }),
      run(['test', '-p', 'sms', '-c', config], { cwd: folder }),
      run(['test', 'ops', '-p', 'dingtalk', '-c', config], { cwd: folder }),
    ]);
    const lines = [
      /no alias "Ops"; there are: ops, throttled$/,
      /no platform "sms"; there are: .*feishu/,
      /no enabled target/,
    ];
    for (const [i, { code, err }] of runs.entries()) {
      assert.equal(code, 1);
      assert.match(err.trimEnd(), lines[i]!);
    }
  });
});
