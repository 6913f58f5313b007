import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, test, type TestContext } from 'node:test';
import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import { readTc3, signsEnough, signTc3 } from '../../src/sandbox/platforms/tencent_sms/tc3.ts';
import { start } from './start.ts';

const KEY = { id: 'testSecretId', secret: 'testSecretKey' };
const BOT = { platform: 'tencent_sms', token: KEY.id, secret: KEY.secret };
const MESSAGE = {
  PhoneNumberSet: ['+8613800138000'],
  SmsSdkAppId: '1400006666',
  SignName: '测试签名',
  TemplateId: '1110',
  TemplateParamSet: ['CPU 95%'],
};
const JSON_TYPE = 'application/json; charset=utf-8';

interface Spoil {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly secret?: string;
  readonly stamp?: string;
  readonly date?: string;
  readonly service?: string;
  readonly path?: string;
  readonly signed?: readonly string[];
  /** The body as it is sent, when it is not the one that was signed. */
  readonly body?: string;
  readonly authorization?: (header: string) => string;
}

interface Reply {
  readonly Error?: { Code: string; Message: string };
  readonly SendStatusSet?: { PhoneNumber: string; Code: string; Fee: number; SerialNo: string }[];
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

async function open(t: TestContext, options: SandboxOptions = { bots: [BOT] }) {
  const started = await start(t, options);
  const { sandbox, clock } = started;
  const url = new URL(`${sandbox.url}/tencent_sms`);
  /** A caller that signs as the vendor's page says. */
  const send = async (message: unknown, spoil: Spoil = {}): Promise<Reply> => {
    const body = JSON.stringify(message);
    const stamp = spoil.stamp ?? String(Math.floor(clock.now() / 1000));
    const headers: Record<string, string> = {
      'content-type': JSON_TYPE,
      host: url.host,
      'x-tc-action': 'SendSms',
      'x-tc-version': '2021-01-11',
      'x-tc-timestamp': stamp,
      'x-tc-region': 'ap-guangzhou',
      ...spoil.headers,
    };
    const signed = spoil.signed ?? ['content-type', 'host', 'x-tc-action'];
    const lines = signed.map((name) => `${name}:${headers[name]!.toLowerCase()}\n`).join('');
    const canonical = ['POST', spoil.path ?? '/', '', lines, signed.join(';'), sha256(body)].join('\n');
    const date = spoil.date ?? new Date(clock.now()).toISOString().slice(0, 10);
    const service = spoil.service ?? 'sms';
    const scope = `${date}/${service}/tc3_request`;
    const key = hmac(hmac(hmac(`TC3${spoil.secret ?? KEY.secret}`, date), service), 'tc3_request');
    const signature = hmac(key, `TC3-HMAC-SHA256\n${stamp}\n${scope}\n${sha256(canonical)}`).toString('hex');
    const header = `TC3-HMAC-SHA256 Credential=${KEY.id}/${scope}, SignedHeaders=${signed.join(';')}, Signature=${signature}`;
    delete headers['host'];
    const method = spoil.method ?? 'POST';
    const response = await fetch(url, {
      method,
      headers: { ...headers, authorization: spoil.authorization?.(header) ?? header },
      body: method === 'GET' ? null : (spoil.body ?? body),
    });
    assert.equal(response.status, 200);
    const { Response } = (await response.json()) as { Response: Reply & { RequestId: string } };
    assert.ok(Response.RequestId);
    return Response;
  };
  return { ...started, send };
}

describe('TC3-HMAC-SHA256', () => {
  const published = '{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}';
  const vectors: [what: string, signed: string, signature: string][] = [
    ['cvm', 'content-type;host', '2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c'],
    ['cvm', 'content-type;host;x-tc-action', 'be4f67d323c78ab9acb7395e43c0dbcf822a9cfac32fea2449a7bc7726b770a3'],
    ['sms', 'content-type;host;x-tc-action', '8b020f1e34ad01fba372c74d6cb095f1fe70f8546128b9227a8541fde507a57a'],
    ['sms', 'content-type;host', '2d105847207f69d28d26447b1072710cb057b72902461814bf0a57815d1f233b'],
  ];
  for (const [service, signed, signature] of vectors) {
    test(`${service} with ${signed}: the signature, and another for the smallest change`, () => {
      const cvm = service === 'cvm';
      const secret = cvm ? 'Gu5t9xGARNpq86cd98joQYCN3*******' : KEY.secret;
      const date = cvm ? '2019-02-25' : '2023-11-14';
      const call = {
        headers: {
          'content-type': JSON_TYPE,
          host: `${service}.tencentcloudapi.com`,
          'x-tc-action': cvm ? 'DescribeInstances' : 'SendSms',
          'x-tc-timestamp': cvm ? '1551113065' : '1700000000',
        },
        body: Buffer.from(cvm ? published : JSON.stringify(MESSAGE)),
      };
      const tc3 = readTc3(
        `TC3-HMAC-SHA256 Credential=AKID-1/${date}/${service}/tc3_request, SignedHeaders=${signed}, Signature=${signature}`,
      )!;
      assert.ok(signsEnough(tc3));
      assert.ok(!signsEnough({ ...tc3, signed: tc3.signed.slice(1) }));
      assert.ok(!signsEnough({ ...tc3, signed: tc3.signed.toReversed() }));
      assert.equal(signTc3(call, tc3, '/', secret), signature);
      assert.notEqual(signTc3(call, tc3, '', secret), signature);
      assert.notEqual(signTc3(call, tc3, '/', `${secret} `), signature);
      assert.notEqual(signTc3({ ...call, body: Buffer.from('{}') }, tc3, '/', secret), signature);
      assert.notEqual(signTc3(call, { ...tc3, date: '2023-11-15' }, '/', secret), signature);
    });
  }
});

describe('tencent_sms gateway', () => {
  const wrong: Record<string, [spoil: Spoil, code: string]> = {
    'wrong method': [{ method: 'GET' }, 'InvalidRequest'],
    'no action': [{ headers: { 'x-tc-action': '' } }, 'MissingParameter'],
    'no region': [{ headers: { 'x-tc-region': '' } }, 'MissingParameter'],
    'unknown action': [{ headers: { 'x-tc-action': 'SendSMS' } }, 'InvalidAction'],
    'wrong version': [{ headers: { 'x-tc-version': '2019-07-11' } }, 'NoSuchVersion'],
    'region that is none': [{ headers: { 'x-tc-region': 'guangzhou' } }, 'UnsupportedRegion'],
    'no blank after the commas': [
      { authorization: (h) => h.replaceAll(', ', ',') },
      'AuthFailure.InvalidAuthorization',
    ],
    'host not signed': [{ signed: ['content-type', 'x-tc-action'] }, 'AuthFailure.InvalidAuthorization'],
    'headers out of order': [{ signed: ['host', 'content-type'] }, 'AuthFailure.InvalidAuthorization'],
    'timestamp in milliseconds': [{ stamp: '1700000000000' }, 'InvalidParameter'],
    'wrong secret': [{ secret: 'other' }, 'AuthFailure.SignatureFailure'],
    'date of the local zone': [{ date: '2023-11-15' }, 'AuthFailure.SignatureFailure'],
    'another service': [{ service: 'cvm' }, 'AuthFailure.SignatureFailure'],
    'another body': [{ body: JSON.stringify({ ...MESSAGE, TemplateId: '1111' }) }, 'AuthFailure.SignatureFailure'],
    'empty canonical path': [{ path: '' }, 'AuthFailure.SignatureFailure'],
    'content type that is not JSON': [{ headers: { 'content-type': 'text/plain' } }, 'InvalidRequest'],
  };
  for (const [name, [spoil, code]] of Object.entries(wrong)) {
    test(`${name}: ${code} inside HTTP 200`, async (t) => {
      const { send, sandbox } = await open(t);
      assert.equal((await send(MESSAGE, spoil)).Error?.Code, code);
      assert.equal(sandbox.messages().length, 0);
    });
  }

  test('five minutes either way are the limit', async (t) => {
    const { send, clock } = await open(t);
    clock.advance(300_000);
    const spoil = { stamp: '1700000000', date: '2023-11-14' };
    assert.equal((await send(MESSAGE, spoil)).SendStatusSet?.[0]?.Code, 'Ok');
    clock.advance(1);
    assert.equal((await send(MESSAGE, spoil)).Error?.Code, 'AuthFailure.SignatureExpire');
    clock.advance(-600_002);
    assert.equal((await send(MESSAGE, spoil)).Error?.Code, 'AuthFailure.SignatureExpire');
  });

  test('more signed headers, the path with its prefix, and keys that were not declared', async (t) => {
    const { send, clock } = await open(t);
    const ok = async (spoil: Spoil): Promise<void> => {
      assert.equal((await send(MESSAGE, spoil)).SendStatusSet?.[0]?.Code, 'Ok');
      clock.advance(30_000);
    };
    await ok({ signed: ['content-type', 'host'] });
    await ok({ signed: ['content-type', 'host', 'x-tc-action', 'x-tc-region', 'x-tc-timestamp', 'x-tc-version'] });
    await ok({ path: '/tencent_sms' });
    const stranger = await open(t, {});
    assert.equal((await stranger.send(MESSAGE, { secret: 'other' })).SendStatusSet?.[0]?.Code, 'Ok');
  });
});

describe('tencent_sms SendSms', () => {
  test('the documented call is accepted and readable', async (t) => {
    const { send, sandbox } = await open(t);
    const message = { ...MESSAGE, TemplateParamSet: ['CPU 95%', '🔴 db-1'], SessionContext: 's', ExtendCode: '' };
    const [status] = (await send(message)).SendStatusSet!;
    assert.match(status!.SerialNo, /\d+/);
    assert.deepEqual(status, {
      SerialNo: status!.SerialNo,
      PhoneNumber: '+8613800138000',
      Fee: 1,
      SessionContext: 's',
      Code: 'Ok',
      Message: 'send success',
      IsoCode: 'CN',
    });
    const [kept] = sandbox.messages();
    assert.equal(kept?.text, '【测试签名】模板 1110\n{1}：CPU 95%\n{2}：🔴 db-1');
    assert.equal(kept.level, 'error');
    assert.deepEqual(kept.fields?.[0], { name: '{1}', value: 'CPU 95%' });
    assert.deepEqual(kept.to, ['+8613800138000']);
  });

  const bad: Record<string, [more: object, code: string]> = {
    'unknown parameter': [{ PhoneNumbers: 'x' }, 'UnknownParameter'],
    'no template': [{ TemplateId: undefined }, 'MissingParameter'],
    'template as a number': [{ TemplateId: 1110 }, 'InvalidParameter'],
    'variable that is no string': [{ TemplateParamSet: [95] }, 'InvalidParameter'],
    'no numbers': [{ PhoneNumberSet: [] }, 'MissingParameter'],
    '201 numbers': [
      { PhoneNumberSet: Array.from({ length: 201 }, () => '+8613800138000') },
      'LimitExceeded.PhoneNumberCountLimit',
    ],
    'numbers at home and abroad': [
      { PhoneNumberSet: ['+8613800138000', '+12065550100'] },
      'UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber',
    ],
    'app id that is none': [{ SmsSdkAppId: 'app' }, 'UnauthorizedOperation.SmsSdkAppIdVerifyFail'],
    'template code of another vendor': [{ TemplateId: 'SMS_1' }, 'FailedOperation.TemplateIncorrectOrUnapproved'],
    'no sign': [{ SignName: undefined }, 'FailedOperation.SignatureIncorrectOrUnapproved'],
    'session of 512 bytes': [{ SessionContext: 'a'.repeat(512) }, 'InvalidParameterValue'],
  };
  for (const [name, [more, code]] of Object.entries(bad)) {
    test(`${name}: ${code}`, async (t) => {
      const { send, sandbox } = await open(t);
      assert.equal((await send({ ...MESSAGE, ...more })).Error?.Code, code);
      assert.equal(sandbox.messages().length, 0);
    });
  }

  test('failures of single numbers hide beside those that were reached', async (t) => {
    const { send, sandbox } = await open(t);
    const numbers = {
      '+8613800138000': 'Ok',
      '+8613800000000': 'FailedOperation.PhoneNumberInBlacklist',
      '+8613800000001': 'LimitExceeded.PhoneNumberThirtySecondLimit',
      '+8613800000002': 'LimitExceeded.PhoneNumberOneHourLimit',
      '+8613800000003': 'LimitExceeded.PhoneNumberDailyLimit',
      '+861380013': 'InvalidParameterValue.IncorrectPhoneNumber',
    };
    const { SendStatusSet = [] } = await send({ ...MESSAGE, PhoneNumberSet: Object.keys(numbers) });
    assert.deepEqual(Object.fromEntries(SendStatusSet.map((s) => [s.PhoneNumber, s.Code])), numbers);
    assert.deepEqual(
      SendStatusSet.map((s) => s.Fee),
      [1, 0, 0, 0, 0, 0],
    );
    assert.deepEqual(sandbox.messages()[0]?.to, ['+8613800138000']);
  });

  test('nobody reached is no message', async (t) => {
    const { send, sandbox } = await open(t);
    const reply = await send({ ...MESSAGE, PhoneNumberSet: ['+8613800000000'] });
    assert.equal(reply.Error, undefined);
    assert.equal(reply.SendStatusSet?.[0]?.Code, 'FailedOperation.PhoneNumberInBlacklist');
    assert.equal(sandbox.messages().length, 0);
    assert.equal(sandbox.refusals()[0]?.code, 'FailedOperation.PhoneNumberInBlacklist');
  });

  test('the same content to one number once in 30 seconds', async (t) => {
    const { send, clock } = await open(t);
    const code = async (more: object = {}) => (await send({ ...MESSAGE, ...more })).SendStatusSet?.[0]?.Code;
    assert.equal(await code(), 'Ok');
    assert.equal(await code(), 'LimitExceeded.PhoneNumberThirtySecondLimit');
    assert.equal(await code({ TemplateParamSet: ['CPU 96%'] }), 'Ok');
    assert.equal(await code({ PhoneNumberSet: ['+8613900139000'] }), 'Ok');
    clock.advance(30_000);
    assert.equal(await code(), 'Ok');
  });

  test('injected codes come where the platform puts them', async (t) => {
    const { send, sandbox } = await open(t);
    const inject = async (code: string) => {
      sandbox.fault({ platform: 'tencent_sms', fault: `code:${code}` });
      const { Error: error, SendStatusSet: statuses } = await send(MESSAGE);
      return [error?.Code, statuses?.[0]?.Code];
    };
    for (const code of ['RequestLimitExceeded', 'InternalError.Timeout', 'LimitExceeded.PhoneNumberCountLimit']) {
      assert.deepEqual(await inject(code), [code, undefined]);
    }
    for (const code of ['LimitExceeded.PhoneNumberDailyLimit', 'FailedOperation.ContainSensitiveWord']) {
      assert.deepEqual(await inject(code), [undefined, code]);
    }
    assert.throws(() => sandbox.fault({ platform: 'tencent_sms', fault: 'code:isv.AMOUNT_NOT_ENOUGH' }));
  });
});
