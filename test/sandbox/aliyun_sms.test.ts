import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { readAcs3, signAcs3, signsAll } from '../../src/sandbox/platforms/aliyun/acs3.ts';
import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import { sha256 } from '../../src/sandbox/sign.ts';
import { createAliyunCaller, KEY, type Spoil } from './aliyun.ts';
import { start } from './start.ts';

const BOT = { platform: 'aliyun_sms', token: KEY.id, secret: KEY.secret };
const PARAMS = {
  PhoneNumbers: '13800138000',
  SignName: '测试签名',
  TemplateCode: 'SMS_123456789',
  TemplateParam: '{"title":"CPU 95%","msg":"a*b~c+d"}',
};

async function open(t: TestContext, options: SandboxOptions = { bots: [BOT] }) {
  const started = await start(t, options);
  return { ...started, send: createAliyunCaller(started, '/aliyun_sms', 'SendSms') };
}

describe('ACS3-HMAC-SHA256', () => {
  const vectors: Record<
    string,
    [url: string, nonce: string, more: Record<string, string>, secret: string, signature: string]
  > = {
    'as the vendor publishes it': [
      '?ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai',
      '3156853299f313e23d1673dc12e1703d',
      {
        host: 'ecs.cn-shanghai.aliyuncs.com',
        'x-acs-action': 'RunInstances',
        'x-acs-version': '2014-05-26',
        'x-acs-date': '2023-10-26T10:22:32Z',
      },
      'YourAccessKeySecret',
      '06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0',
    ],
    SendSms: [
      '?PhoneNumbers=13800138000&SignName=%E6%B5%8B%E8%AF%95%E7%AD%BE%E5%90%8D&TemplateCode=SMS_123456789&TemplateParam=%7B%22title%22%3A%22CPU%2095%25%22%2C%22msg%22%3A%22a%2Ab~c%2Bd%22%7D',
      '00000000000000000000000000000001',
      { host: 'dysmsapi.aliyuncs.com', 'x-acs-action': 'SendSms', 'x-acs-version': '2017-05-25' },
      KEY.secret,
      '8294572a1322b0756ec9c37c9d4276a9247cd2dfd056f4b4b6eade642cffba98',
    ],
    SingleCallByTts: [
      '?CalledNumber=13800138000&PlayTimes=2&TtsCode=TTS_123456789&TtsParam=%7B%22title%22%3A%22CPU%22%7D',
      '00000000000000000000000000000002',
      { host: 'dyvmsapi.aliyuncs.com', 'x-acs-action': 'SingleCallByTts', 'x-acs-version': '2017-05-25' },
      KEY.secret,
      '77d39f5b8d6698f126844593de63086c45ab505bb7c2aa480475103cd4e0dfda',
    ],
  };
  for (const [name, [search, nonce, more, secret, signature]] of Object.entries(vectors)) {
    test(`${name}: the signature, and another for the smallest change`, () => {
      const headers = {
        'x-acs-date': '2023-11-14T22:13:20Z',
        'x-acs-signature-nonce': nonce,
        'x-acs-content-sha256': sha256(''),
        ...more,
      };
      const signed = Object.keys(headers).toSorted();
      const request = (query: string) => ({
        method: 'POST',
        url: new URL(`http://x/${query}`),
        headers,
        body: Buffer.alloc(0),
      });
      assert.equal(signAcs3(request(search), signed, '/', secret), signature);
      assert.notEqual(signAcs3(request(`${search}x`), signed, '/', secret), signature);
      assert.notEqual(signAcs3(request(search), signed, '/', `${secret}&`), signature);
      assert.notEqual(signAcs3(request(search), signed, '/x', secret), signature);
      const acs3 = readAcs3(
        `ACS3-HMAC-SHA256 Credential=ak-1,SignedHeaders=${signed.join(';')},Signature=${signature}`,
      )!;
      assert.ok(signsAll({ headers }, acs3));
      assert.ok(!signsAll({ headers: { ...headers, 'content-type': 'text/plain' } }, acs3));
      assert.ok(!signsAll({ headers }, { ...acs3, signed: signed.slice(1) }));
      assert.ok(!signsAll({ headers }, { ...acs3, signed: signed.toReversed() }));
    });
  }

  test('blanks after the commas are not of the form', () => {
    const sign = 'a'.repeat(64);
    assert.ok(readAcs3(`ACS3-HMAC-SHA256 Credential=ak-1,SignedHeaders=host,Signature=${sign}`));
    assert.equal(readAcs3(`ACS3-HMAC-SHA256 Credential=ak-1, SignedHeaders=host, Signature=${sign}`), undefined);
    assert.equal(
      readAcs3(`ACS3-HMAC-SHA256 Credential=ak-1,SignedHeaders=host,Signature=${sign.toUpperCase()}`),
      undefined,
    );
  });
});

describe('aliyun_sms gateway', () => {
  const wrong: Record<string, [spoil: Spoil, status: number, code: string]> = {
    'wrong method': [{ method: 'PUT' }, 403, 'UnsupportedHTTPMethod'],
    'no action': [{ without: 'x-acs-action' }, 400, 'MissingAction'],
    'action of the sibling': [{ headers: { 'x-acs-action': 'SingleCallByTts' } }, 404, 'InvalidAction.NotFound'],
    'wrong version': [{ headers: { 'x-acs-version': '2017-05-26' } }, 400, 'InvalidVersion'],
    'no credentials': [{ without: 'authorization' }, 400, 'MissingAccessKeyId'],
    'malformed credentials': [{ sign: (s) => s.slice(1) }, 400, 'IncompleteSignature'],
    'no nonce': [{ headers: { 'x-acs-signature-nonce': '' } }, 400, 'MissingSignatureNonce'],
    'a header signed but not sent': [{ without: 'x-acs-content-sha256' }, 400, 'SignatureDoesNotMatch'],
    'hash of another body': [{ headers: { 'x-acs-content-sha256': sha256('x') } }, 400, 'SignatureDoesNotMatch'],
    'wrong secret': [{ secret: 'other' }, 400, 'SignatureDoesNotMatch'],
    'secret with the & of the old signature': [{ secret: `${KEY.secret}&` }, 400, 'SignatureDoesNotMatch'],
    'date with milliseconds': [{ date: '2023-11-14T22:13:20.000Z' }, 400, 'InvalidTimeStamp.Format'],
    'date in the local zone': [{ date: '2023-11-15T06:13:20Z' }, 400, 'InvalidTimeStamp.Expired'],
  };
  for (const [name, [spoil, status, code]] of Object.entries(wrong)) {
    test(`${name}: ${code}`, async (t) => {
      const { send, sandbox } = await open(t);
      const reply = await send(PARAMS, spoil);
      assert.deepEqual([reply.status, reply.json.Code], [status, code]);
      assert.deepEqual(Object.keys(reply.json), ['Code', 'Message', 'RequestId', 'HostId', 'Recommend']);
      assert.equal(sandbox.messages().length, 0);
    });
  }

  test('a query encoded as a form is another text than the signed one', async (t) => {
    for (const bots of [[BOT], []]) {
      const { send } = await open(t, { bots });
      const reply = await send(PARAMS, { query: new URLSearchParams(PARAMS).toString() });
      assert.equal(reply.json.Code, 'SignatureDoesNotMatch');
    }
  });

  test('15 minutes either way are the limit', async (t) => {
    const { send, clock } = await open(t);
    const date = '2023-11-14T22:13:20Z';
    clock.advance(900_000);
    assert.equal((await send(PARAMS, { date })).json.Code, 'OK');
    clock.advance(1);
    assert.equal((await send(PARAMS, { date })).json.Code, 'InvalidTimeStamp.Expired');
    clock.advance(-1_800_002);
    assert.equal((await send(PARAMS, { date })).json.Code, 'InvalidTimeStamp.Expired');
  });

  test('a nonce is good once', async (t) => {
    const { send } = await open(t);
    assert.equal((await send(PARAMS, { nonce: 'n-1' })).json.Code, 'OK');
    assert.equal((await send(PARAMS, { nonce: 'n-1' })).json.Code, 'SignatureNonceUsed');
    assert.equal((await send(PARAMS, { nonce: 'n-2' })).json.Code, 'OK');
  });

  test('a prefix that a reverse proxy strips may be left out of the signed path', async (t) => {
    const { send } = await open(t);
    assert.equal((await send(PARAMS, { path: '/' })).json.Code, 'OK');
    assert.equal((await send(PARAMS, { path: '' })).json.Code, 'SignatureDoesNotMatch');
  });

  test('an access key that was not declared is taken with any well-formed signature', async (t) => {
    const { send } = await open(t, {});
    assert.equal((await send(PARAMS, { secret: 'other' })).json.Code, 'OK');
    assert.equal((await send(PARAMS, { sign: () => 'abc' })).json.Code, 'IncompleteSignature');
  });
});

describe('aliyun_sms SendSms', () => {
  test('the documented call is accepted and readable', async (t) => {
    const { send, sandbox } = await open(t);
    const { status, json } = await send({ ...PARAMS, PhoneNumbers: '13800138000,+8613900139000,008613700137000' });
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(json), ['Code', 'Message', 'BizId', 'RequestId']);
    const [message] = sandbox.messages();
    assert.equal(message?.kind, 'SendSms');
    assert.equal(message.text, '【测试签名】模板 SMS_123456789\ntitle：CPU 95%\nmsg：a*b~c+d');
    assert.deepEqual(message.fields, [
      { name: 'title', value: 'CPU 95%' },
      { name: 'msg', value: 'a*b~c+d' },
    ]);
    assert.deepEqual(message.to, ['13800138000', '+8613900139000', '008613700137000']);
    await send({ ...PARAMS, TemplateParam: '{"level":"警告","title":"x"}' });
    assert.equal(sandbox.messages()[0]?.level, 'warning');
  });

  const variable = (value: unknown) => ({ TemplateParam: JSON.stringify({ title: value }) });
  const bad: Record<string, [more: Record<string, string>, code: string]> = {
    'no number': [{ PhoneNumbers: '' }, 'MissingPhoneNumbers'],
    'no sign': [{ SignName: '' }, 'MissingSignName'],
    'no template': [{ TemplateCode: '' }, 'MissingTemplateCode'],
    'number with a blank': [{ PhoneNumbers: '13800138000, 13900139000' }, 'isv.MOBILE_NUMBER_ILLEGAL'],
    'number too short': [{ PhoneNumbers: '1380013800' }, 'isv.MOBILE_NUMBER_ILLEGAL'],
    '1001 numbers': [
      { PhoneNumbers: Array.from({ length: 1001 }, () => '13800138000').join(',') },
      'isv.MOBILE_COUNT_OVER_LIMIT',
    ],
    'template of voice': [{ TemplateCode: 'TTS_123456789' }, 'isv.SMS_TEMPLATE_ILLEGAL'],
    'parameters that are no JSON': [{ TemplateParam: 'title=x' }, 'isv.INVALID_JSON_PARAM'],
    'parameter that is no string': [variable(95), 'isv.INVALID_JSON_PARAM'],
    'empty variable': [variable(''), 'isv.TEMPLATE_PARAMS_ILLEGAL'],
    '36 characters': [variable('警'.repeat(36)), 'isv.PARAM_LENGTH_LIMIT'],
    URL: [variable('see https://x.example'), 'isv.PARAM_NOT_SUPPORT_URL'],
    'IP address': [variable('10.0.0.1 down'), 'isv.TEMPLATE_PARAMS_ILLEGAL'],
    emoji: [variable('🔥'), 'isv.TEMPLATE_PARAMS_ILLEGAL'],
    'refused number': [{ PhoneNumbers: '13800138001,13800000000' }, 'isv.MOBILE_NUMBER_ILLEGAL'],
    'number whose day is used up': [{ PhoneNumbers: '13800000003' }, 'isv.BUSINESS_LIMIT_CONTROL'],
  };
  for (const [name, [more, code]] of Object.entries(bad)) {
    test(`${name}: ${code}`, async (t) => {
      const { send, sandbox } = await open(t);
      const { status, json } = await send({ ...PARAMS, ...more });
      assert.deepEqual([status, json.Code], [code.startsWith('is') ? 200 : 400, code]);
      assert.equal(sandbox.messages().length, 0);
    });
  }

  test('35 characters pass', async (t) => {
    const { send } = await open(t);
    assert.equal((await send({ ...PARAMS, ...variable('警'.repeat(35)) })).json.Code, 'OK');
  });

  test('the 51st of a day to one number with one sign and template is refused', async (t) => {
    const { send, clock } = await open(t);
    for (let i = 0; i < 50; i += 1) assert.equal((await send(PARAMS)).json.Code, 'OK');
    const { json } = await send({ ...PARAMS, PhoneNumbers: '+8613800138000' });
    assert.deepEqual([json.Code, json.Message], ['isv.BUSINESS_LIMIT_CONTROL', '触发天级流控Permits:50']);
    assert.equal((await send({ ...PARAMS, PhoneNumbers: '13900139000' })).json.Code, 'OK');
    clock.advance(86_400_000);
    assert.equal((await send(PARAMS)).json.Code, 'OK');
  });

  test('injected codes come with their status and words', async (t) => {
    const { send, sandbox } = await open(t);
    const codes: Record<string, [status: number, code: string, message: RegExp]> = {
      'isv.BUSINESS_LIMIT_CONTROL': [200, 'isv.BUSINESS_LIMIT_CONTROL', /分钟级流控Permits:1$/],
      'isv.BUSINESS_LIMIT_CONTROL-hour': [200, 'isv.BUSINESS_LIMIT_CONTROL', /小时级/],
      'isv.BUSINESS_LIMIT_CONTROL-day': [200, 'isv.BUSINESS_LIMIT_CONTROL', /天级/],
      'isv.AMOUNT_NOT_ENOUGH': [200, 'isv.AMOUNT_NOT_ENOUGH', /余额/],
      'Throttling.User': [400, 'Throttling.User', /flow control/],
      'InvalidAccessKeyId.NotFound': [404, 'InvalidAccessKeyId.NotFound', /not found/],
      ServiceUnavailable: [503, 'ServiceUnavailable', /temporary/],
    };
    for (const [fault, [status, code, message]] of Object.entries(codes)) {
      sandbox.fault({ platform: 'aliyun_sms', fault: `code:${fault}` });
      const reply = await send(PARAMS);
      assert.deepEqual([reply.status, reply.json.Code], [status, code]);
      assert.match(reply.json.Message, message);
    }
    assert.throws(() => sandbox.fault({ platform: 'aliyun_sms', fault: 'code:isv.VOICE_CALL_FAIL' }));
    assert.throws(() => sandbox.fault({ platform: 'aliyun_sms', fault: 'code:19021' }));
  });
});
