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

  test('one that was cut off at the end of the text', () => {
    const redact = redactorOf('SECabcdefghijkl', HOOK);
    assert.equal(redact('the sign of SECabcdefgh'), 'the sign of ***');
    assert.equal(redact(`POST ${HOOK.slice(0, -3)}`), 'POST ***');
    assert.equal(redact('no such bot: SECabc'), 'no such bot: SECabc', 'too little of it to tell');
    assert.equal(redact('SECabcdefgh is not the end'), 'SECabcdefgh is not the end');
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
    ['x-acs-dingtalk-access-token: 3f2a-9c0d_7be1=4a55 ;', 'x-acs-dingtalk-access-token: *** ;'],
    ['webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=', 'webhook-signature: ***'],
    ['got v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= instead', 'got v1,*** instead'],
    ['TC3-HMAC-SHA256 Credential=A/b, Signature=0f1e2d3c', 'TC3-HMAC-SHA256 Credential=A/b, Signature=***'],
    ['https://prod-1.logic.azure.com/x?sp=%2Frun&sig=abc-_1', 'https://prod-1.logic.azure.com/x?sp=%2Frun&sig=***'],
    ['unknown key: dedup_key', 'unknown key: dedup_key'],
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
    for (const part of [
      '//',
      'key=',
      'bot1',
      '"key',
      'Bearer ',
      '/hook/',
      'password: ',
      '\\"',
      '//a:',
      'token: ',
      'v1,',
    ]) {
      assert.equal(typeof redact(part.repeat(20_000)), 'string');
    }
  });
});
