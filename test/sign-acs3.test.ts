import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { type Acs3Call, acs3CanonicalRequest, acs3Headers, acs3Query } from '../src/channel/sign/acs3.ts';

/** Signed, and nothing else: the hash of what is signed, and the signature. */
interface Vector {
  readonly call: Acs3Call;
  readonly key: { readonly id: string; readonly secret: string };
  readonly hash: string;
  readonly signature: string;
}

const KEY = { id: 'testAccessKeyId', secret: 'testAccessKeySecret' };
const DATE = new Date('2023-11-14T22:13:20Z');
const SMS: Acs3Call = {
  host: 'dysmsapi.aliyuncs.com',
  path: '/',
  action: 'SendSms',
  version: '2017-05-25',
  date: DATE,
  nonce: '00000000000000000000000000000001',
  query: {
    TemplateParam: '{"title":"CPU 95%","msg":"a*b~c+d"}',
    PhoneNumbers: '13800138000',
    TemplateCode: 'SMS_123456789',
    SignName: '测试签名',
  },
};

// The first is printed in help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature; the official SDK's signer
// (@alicloud/openapi-core 1.0.8) gives the others too.
const VECTORS: Readonly<Record<string, Vector>> = {
  'the published one': {
    call: {
      host: 'ecs.cn-shanghai.aliyuncs.com',
      path: '/',
      action: 'RunInstances',
      version: '2014-05-26',
      date: new Date('2023-10-26T10:22:32Z'),
      nonce: '3156853299f313e23d1673dc12e1703d',
      query: { ImageId: 'win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd', RegionId: 'cn-shanghai' },
    },
    key: { id: 'YourAccessKeyId', secret: 'YourAccessKeySecret' },
    hash: '7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259',
    signature: '06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0',
  },
  'an SMS': {
    call: SMS,
    key: KEY,
    hash: '56510e8754dff7f362e754362eee28edc11a818879e8104af5db5e6fbeb0b0ac',
    signature: '8294572a1322b0756ec9c37c9d4276a9247cd2dfd056f4b4b6eade642cffba98',
  },
  'a call': {
    call: {
      host: 'dyvmsapi.aliyuncs.com',
      path: '/',
      action: 'SingleCallByTts',
      version: '2017-05-25',
      date: DATE,
      nonce: '00000000000000000000000000000002',
      query: {
        CalledNumber: '13800138000',
        PlayTimes: '2',
        TtsCode: 'TTS_123456789',
        TtsParam: '{"title":"CPU"}',
      },
    },
    key: KEY,
    hash: '612fcb73f36b62d96f125480ec23d59b64a5f84dd627fa99c3c4754af93e2ef5',
    signature: '77d39f5b8d6698f126844593de63086c45ab505bb7c2aa480475103cd4e0dfda',
  },
};

const signatureOf = (call: Acs3Call, key = KEY) => /Signature=(\w+)$/.exec(acs3Headers(call, key).authorization)?.[1];

describe('ACS3-HMAC-SHA256', () => {
  for (const [name, { call, key, hash, signature }] of Object.entries(VECTORS)) {
    test(`signs ${name}`, () => {
      assert.equal(createHash('sha256').update(acs3CanonicalRequest(call)).digest('hex'), hash);
      assert.equal(
        acs3Headers(call, key).authorization,
        `ACS3-HMAC-SHA256 Credential=${key.id},SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;` +
          `x-acs-signature-nonce;x-acs-version,Signature=${signature}`,
      );
    });
  }

  test('sends what it signs, but for the host', () => {
    const { authorization, ...headers } = acs3Headers(SMS, KEY);
    assert.match(authorization, /^ACS3-HMAC-SHA256 Credential=testAccessKeyId,/);
    assert.deepEqual(headers, {
      'x-acs-action': 'SendSms',
      'x-acs-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      'x-acs-date': '2023-11-14T22:13:20Z',
      'x-acs-signature-nonce': '00000000000000000000000000000001',
      'x-acs-version': '2017-05-25',
    });
  });

  test('writes the query by RFC 3986, sorted', () => {
    assert.equal(
      acs3Query(SMS.query),
      'PhoneNumbers=13800138000&SignName=%E6%B5%8B%E8%AF%95%E7%AD%BE%E5%90%8D&TemplateCode=SMS_123456789&' +
        'TemplateParam=%7B%22title%22%3A%22CPU%2095%25%22%2C%22msg%22%3A%22a%2Ab~c%2Bd%22%7D',
    );
    assert.equal(acs3Query({ b: "!'()*", a: '-_.~ /' }), 'a=-_.~%20%2F&b=%21%27%28%29%2A');
  });

  test('signs every part of the call, the path of a reverse proxy included', () => {
    const changes: readonly Partial<Acs3Call>[] = [
      { host: 'dysmsapi.aliyuncs.com:8443' },
      { path: '/aliyun/' },
      { action: 'SendBatchSms' },
      { version: '2017-05-26' },
      { date: new Date('2023-11-14T22:13:21Z') },
      { nonce: '00000000000000000000000000000003' },
      { query: { ...SMS.query, PhoneNumbers: '13800138001' } },
    ];
    const { signature } = VECTORS['an SMS']!;
    for (const change of changes) assert.notEqual(signatureOf({ ...SMS, ...change }), signature);
    assert.notEqual(signatureOf(SMS, { ...KEY, secret: 'testAccessKeySecret ' }), signature);
    assert.equal(signatureOf(SMS, { ...KEY, id: 'another' }), signature);
    assert.match(acs3CanonicalRequest({ ...SMS, path: '/aliyun/' }), /^POST\n\/aliyun\/\nPhoneNumbers=/);
  });
});
