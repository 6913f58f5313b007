import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRedactor } from '../src/redact.ts';

const HOOK = 'https://open.feishu.cn/open-apis/bot/v2/hook/0f1e2d3c-aaaa-bbbb-cccc-1234567890ab';

function redactorOf(...secrets: string[]) {
  return createRedactor(() => secrets);
}

describe('known secrets', () => {
  test('each occurrence is replaced, whatever surrounds it', () => {
    const redact = redactorOf('SECabc+/def==', 'hunter22');
    assert.equal(redact('a SECabc+/def== b, hunter22hunter22, xhunter22y'), 'a *** b, ******, x***y');
  });

  test('the longer of two that overlap leaves nothing behind', () => {
    const redact = redactorOf('abcd', 'abcdefgh', 'ghij');
    assert.equal(redact('-abcdefgh- -abcdefghij- -abcd-'), '-***- -***- -***-');
  });

  test('percent-encoded and inside JSON', () => {
    const redact = redactorOf('p+ss/w"rd');
    assert.equal(redact('q=p%2Bss%2Fw%22rd'), 'q=***');
    assert.equal(redact(JSON.stringify({ x: 'p+ss/w"rd' })), '{"x":"***"}');
  });

  test('a URL: whole, and the token at its end or in its query alone', () => {
    const redact = redactorOf(HOOK, 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx');
    assert.equal(redact(`POST ${HOOK} failed`), 'POST *** failed');
    assert.equal(redact('bot 0f1e2d3c-aaaa-bbbb-cccc-1234567890ab gone'), 'bot *** gone');
    assert.equal(redact('who is 693a91f6-7xxx?'), 'who is ***?');
  });

  test('a very short one only as a whole word', () => {
    const redact = redactorOf('7');
    assert.equal(redact('7 of 77 at :7: 密7'), '*** of 77 at :***: 密7');
  });

  test('empty values change nothing', () => {
    assert.equal(redactorOf('', '')('nothing here'), 'nothing here');
  });

  test('a new array is obeyed at once, also for texts seen before', () => {
    let secrets = ['old-secret'];
    const redact = createRedactor(() => secrets);
    assert.equal(redact('old-secret new-secret'), '*** new-secret');
    secrets = ['new-secret'];
    assert.equal(redact('old-secret new-secret'), 'old-secret ***');
  });

  test('ten thousand secrets with one head', () => {
    const secrets = Array.from(
      { length: 10_000 },
      (_, i) => `https://example.com/hook/token-${String(i).padStart(8, '0')}`,
    );
    const redact = createRedactor(() => secrets);
    const text = `${secrets[9_999]} ${'https://example.com/hook '.repeat(1000)}`;
    assert.ok(redact(text).startsWith('*** https://example.com'));
  });

  test('more texts than are remembered', () => {
    const redact = redactorOf('hunter22');
    for (let i = 0; i < 2000; i += 1) assert.equal(redact(`${i} hunter22`), `${i} ***`);
  });
});

describe('what is shaped like a secret', () => {
  const redact = redactorOf();
  const cases: readonly (readonly [string, string])[] = [
    [
      'https://oapi.dingtalk.com/robot/send?access_token=abc123&x=1',
      'https://oapi.dingtalk.com/robot/send?access_token=***&x=1',
    ],
    ['/cgi-bin/webhook/send?key=693a91f6', '/cgi-bin/webhook/send?key=***'],
    ['timestamp=1&sign=a%2Bb%3D rest', 'timestamp=1&sign=*** rest'],
    ['/open-apis/bot/v2/hook/xxx-yyy failed', '/open-apis/bot/v2/hook/*** failed'],
    ['Authorization: Bearer abc.def-ghi', 'Authorization: Bearer ***'],
    ['authorization: basic dXNlcjpwYXNz', 'authorization: basic ***'],
    ['https://api.telegram.org/bot123456:AAE-xyz/sendMessage', 'https://api.telegram.org/bot***/sendMessage'],
    ['smtp://user:pass@mail.example.com', 'smtp://***@mail.example.com'],
    ['password=geheim, next', 'password=***, next'],
    ['passwd: geheim next', 'passwd: *** next'],
    ['{"tenant_access_token":"t-abc","expire":7200}', '{"tenant_access_token":"***","expire":7200}'],
    ['https://hooks.slack.com/services/T0/B0/xyz ok', 'https://hooks.slack.com/services/*** ok'],
    ['Check the token, the secret and the IP allow-list.', 'Check the token, the secret and the IP allow-list.'],
    ['connect ECONNREFUSED 127.0.0.1:9', 'connect ECONNREFUSED 127.0.0.1:9'],
  ];
  for (const [text, clean] of cases) test(text, () => assert.equal(redact(text), clean));

  test('hostile repetitions do not make it slow', () => {
    for (const part of ['//', 'key=', 'bot1', '"key', 'Bearer ', '/hook/', 'password: ', '\\"', '//a:']) {
      assert.equal(typeof redact(part.repeat(20_000)), 'string');
    }
  });
});
