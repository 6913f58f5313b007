import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { dingtalkSign, dingtalkSignedUrl, feishuSign } from '../src/channel/sign/bot-sign.ts';

// Computed with Python hmac, OpenSSL and Node crypto from the text of the providers' algorithms; all three agree.
describe('Feishu signature', () => {
  for (const [timestamp, secret, sign] of [
    ['1700000000', 'test-secret-123', 'daPkaWCRHAAXQst93vVK9sXdMJfjB35Ze8NS9EabjgM='],
    ['1599360473', 'demo', 'l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8='],
  ] as const) {
    test(`of ${secret} at ${timestamp}`, () => assert.equal(feishuSign(timestamp, secret), sign));
  }

  test('is not DingTalk’s recipe: key and message the other way round', () => {
    const wrong = '4LpPicWI7LYqA/trVwlRc4Y1WJuZeRAfRzIBXd2HLFI=';
    assert.equal(dingtalkSign('1700000000', 'test-secret-123'), wrong);
    assert.notEqual(feishuSign('1700000000', 'test-secret-123'), wrong);
  });

  test('signs with a secret of any bytes', () => {
    assert.equal(feishuSign('1', '密钥'), createHmac('sha256', Buffer.from('1\n密钥')).update('').digest('base64'));
  });
});

describe('DingTalk signature', () => {
  const vectors = [
    [
      '1700000000000',
      'SECtest-secret-123',
      'OdCH901FOf73VhFoU/E7B7DzgzJbshAF1ZFsnN4AYZg=',
      'OdCH901FOf73VhFoU%2FE7B7DzgzJbshAF1ZFsnN4AYZg%3D',
    ],
    [
      '1577262236757',
      'this is secret',
      'hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM=',
      'hmPWwU%2B7lVdm3ZZz0r9tSfx0L4Q26jWOZr9%2BGs6EZQM%3D',
    ],
  ] as const;

  for (const [timestamp, secret, sign, encoded] of vectors) {
    test(`of ${secret} at ${timestamp}`, () => assert.equal(dingtalkSign(timestamp, secret), sign));

    test(`of ${secret} is percent-encoded once in the URL`, () => {
      const url = dingtalkSignedUrl('https://oapi.dingtalk.com/robot/send?access_token=abc', timestamp, secret);
      assert.equal(url, `https://oapi.dingtalk.com/robot/send?access_token=abc&timestamp=${timestamp}&sign=${encoded}`);
      assert.equal(new URL(url).searchParams.get('sign'), sign);
    });
  }

  test('is not Feishu’s recipe', () => {
    const wrong = 'll7kLYiNNdPP369LMxEUPgnJ4pFsg4g0yXEiCYCI/qk=';
    assert.equal(feishuSign('1700000000000', 'SECtest-secret-123'), wrong);
    assert.notEqual(dingtalkSign('1700000000000', 'SECtest-secret-123'), wrong);
  });

  test('replaces a timestamp and a sign that the URL already has, however many', () => {
    const [timestamp, secret, , encoded] = vectors[1];
    const copied =
      'https://oapi.dingtalk.com/robot/send?sign=old%2B&timestamp=1&access_token=abc&sign=older&timestamp=2';
    const url = dingtalkSignedUrl(copied, timestamp, secret);
    assert.equal(url, `https://oapi.dingtalk.com/robot/send?sign=${encoded}&timestamp=${timestamp}&access_token=abc`);
    assert.equal(dingtalkSignedUrl(url, timestamp, secret), url);
  });
});
