import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { type Tc3Call, tc3Authorization, tc3CanonicalRequest } from '../src/channel/sign/tc3.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const KEY = { id: 'testSecretId', secret: 'testSecretKey' };
const signatureOf = (call: Tc3Call, key = KEY) => /Signature=(\w+)$/.exec(tc3Authorization(call, key))?.[1];

// cloud.tencent.com/document/api/213/30654: the key stands there with its asterisks.
describe('TC3-HMAC-SHA256, the published vector', () => {
  const key = { id: 'id', secret: 'Gu5t9xGARNpq86cd98joQYCN3*******' };
  const call: Tc3Call = {
    service: 'cvm',
    host: 'cvm.tencentcloudapi.com',
    path: '/',
    contentType: 'application/json; charset=utf-8',
    body: '{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}',
    timestamp: 1_551_113_065,
  };

  test('without the action among the signed headers', () => {
    assert.equal(sha256(call.body), '35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064');
    assert.equal(
      tc3Authorization(call, key),
      'TC3-HMAC-SHA256 Credential=id/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, ' +
        'Signature=2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c',
    );
  });

  test('with it', () => {
    assert.equal(
      signatureOf({ ...call, action: 'DescribeInstances' }, key),
      'be4f67d323c78ab9acb7395e43c0dbcf822a9cfac32fea2449a7bc7726b770a3',
    );
  });
});

describe('TC3-HMAC-SHA256 of an SMS', () => {
  const call: Tc3Call = {
    service: 'sms',
    host: 'sms.tencentcloudapi.com',
    path: '/',
    contentType: 'application/json; charset=utf-8',
    action: 'SendSms',
    body: '{"PhoneNumberSet":["+8613800138000"],"SmsSdkAppId":"1400006666","SignName":"测试签名","TemplateId":"1110","TemplateParamSet":["CPU 95%"]}',
    timestamp: 1_700_000_000,
  };
  const signature = '8b020f1e34ad01fba372c74d6cb095f1fe70f8546128b9227a8541fde507a57a';

  test('with the action, in lower case', () => {
    assert.equal(sha256(call.body), 'ffd365ddedda15df5a3b581f5e16edecd4f5d0f4ed011d490abbeec4f768e0a7');
    assert.equal(sha256(tc3CanonicalRequest(call)), 'd05d517ad8f910cdef48154bdac1ed841afe44ee0ca48732bf55bcb26b0739c7');
    assert.equal(
      tc3Authorization(call, KEY),
      'TC3-HMAC-SHA256 Credential=testSecretId/2023-11-14/sms/tc3_request, ' +
        `SignedHeaders=content-type;host;x-tc-action, Signature=${signature}`,
    );
  });

  test('without it', () => {
    const { action: _, ...bare } = call;
    assert.equal(signatureOf(bare), '2d105847207f69d28d26447b1072710cb057b72902461814bf0a57815d1f233b');
  });

  test('signs every part of the call, the path of a reverse proxy included', () => {
    const changes: readonly Partial<Tc3Call>[] = [
      { service: 'vms' },
      { host: 'sms.tencentcloudapi.com:8443' },
      { path: '/tencent/' },
      { contentType: 'application/json' },
      { action: 'SendSmS2' },
      { body: `${call.body} ` },
      { timestamp: 1_700_000_001 },
    ];
    for (const change of changes) assert.notEqual(signatureOf({ ...call, ...change }), signature);
    assert.notEqual(signatureOf(call, { ...KEY, secret: 'testSecretKey2' }), signature);
  });

  test('takes the date in UTC, to the second', () => {
    const dateAt = (timestamp: number) =>
      /Credential=\w+\/([\d-]+)/.exec(tc3Authorization({ ...call, timestamp }, KEY))?.[1];
    const midnight = Date.UTC(2023, 10, 15) / 1000;
    assert.equal(dateAt(midnight - 1), '2023-11-14');
    assert.equal(dateAt(midnight), '2023-11-15');
  });
});
