import assert from 'node:assert/strict';
import { test } from 'node:test';
import tencentSms from '../../src/channels/tencent_sms.ts';
import type { Message, Outcome } from '../../src/model.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { HOSTILE_MESSAGES } from '../kit/hostile.ts';
import { KINDS, sandboxed } from '../kit/sandboxed.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';

const TARGET = {
  secret_id: 'testSecretId',
  secret_key: 'testSecretKey',
  sdk_app_id: 1400006666,
  sign_name: '测试签名',
  template_id: 1110,
  phone: '13800138000',
  params: ['{{ title }}'],
};
const MESSAGE: Message = { title: 'CPU 95%', body: 'b', level: 'info', style: 'text', format: 'text' };

const configOf = (change: object = {}) => tencentSms.config.parse({ ...TARGET, ...change });
const payloadOf = (change: object, message: Partial<Message> = {}) =>
  Object(tencentSms.render({ ...MESSAGE, ...message }, configOf(change), NOW, 'task-1'));

async function requestOf(change: object = {}) {
  const config = configOf(change);
  const platform = scriptedHttp({ status: 200, body: '{}' });
  await attempt(tencentSms, tencentSms.render(MESSAGE, config, NOW, 'task-1'), config, createIo(platform.http));
  return platform.requests[0]!;
}

test('the request is the one of the signature’s vector', async () => {
  const { method, url, headers, body } = await requestOf();
  assert.deepEqual([method, url], ['POST', 'https://sms.tencentcloudapi.com/']);
  assert.equal(
    body,
    '{"PhoneNumberSet":["+8613800138000"],"SmsSdkAppId":"1400006666","SignName":"测试签名","TemplateId":"1110",' +
      '"TemplateParamSet":["CPU 95%"]}',
  );
  assert.deepEqual(headers, {
    'content-type': 'application/json; charset=utf-8',
    'x-tc-action': 'SendSms',
    'x-tc-version': '2021-01-11',
    'x-tc-timestamp': '1700000000',
    'x-tc-region': 'ap-guangzhou',
    authorization:
      'TC3-HMAC-SHA256 Credential=testSecretId/2023-11-14/sms/tc3_request, SignedHeaders=content-type;host;x-tc-action, ' +
      'Signature=8b020f1e34ad01fba372c74d6cb095f1fe70f8546128b9227a8541fde507a57a',
  });
});

test('a server of one’s own is used, and signed, as it is written', async () => {
  const there = await requestOf({ base_url: 'http://127.0.0.1:9/tencent/sms/' });
  assert.equal(there.url, 'http://127.0.0.1:9/tencent/sms');
  assert.notEqual(there.headers?.['authorization'], (await requestOf()).headers?.['authorization']);
  assert.equal((await requestOf({ region: 'ap-singapore' })).headers?.['x-tc-region'], 'ap-singapore');
});

test('numbers get their + and country code', () => {
  const phones = (phone: unknown) => payloadOf({ phone }).PhoneNumberSet;
  assert.deepEqual(phones([13800138000, '8613800138001', '008613800138002', '+8613800138003']), [
    '+8613800138000',
    '+8613800138001',
    '+8613800138002',
    '+8613800138003',
  ]);
  assert.deepEqual(phones(['+13105551234', 85261234567]), ['+13105551234', '+85261234567']);
  const many = Array.from({ length: 201 }, (_, i) => 13_800_000_000 + i);
  assert.ok(!tencentSms.config.safeParse({ ...TARGET, phone: many }).success);
  assert.ok(tencentSms.config.safeParse({ ...TARGET, phone: many.slice(1) }).success);
});

test('variables are positional templates; without any, none is sent', () => {
  assert.deepEqual(payloadOf({ params: ['{{ level }}', '{{ task_id }}', '固定'] }).TemplateParamSet, [
    'info',
    'task-1',
    '固定',
  ]);
  assert.ok(!('TemplateParamSet' in payloadOf({ params: [] })));
});

test('a variable has as many characters as the account may use', () => {
  const first = (change: object) =>
    payloadOf({ params: ['{{ body }}'], ...change }, { body: '字'.repeat(600) }).TemplateParamSet[0];
  assert.equal(first({}), `${'字'.repeat(34)}…`);
  assert.equal(first({ param_length: 12 }), `${'字'.repeat(11)}…`);
  assert.equal(first({ param_length: 500 }), `${'字'.repeat(499)}…`);
});

test('the same numbers share a lane, and all targets of an API key its limit', () => {
  const lane = (change: object) => tencentSms.credential(configOf(change));
  assert.equal(lane({ phone: ['13800138000', '13900139000'] }), lane({ phone: ['+8613900139000', '+8613800138000'] }));
  assert.notEqual(lane({ phone: '13900139000' }), lane({}));
  assert.equal(tencentSms.account?.key(configOf({ phone: '13900139000' })), tencentSms.account?.key(configOf()));
});

/** What becomes of a message when the platform says this of each number. */
async function answered(...codes: string[]): Promise<Outcome> {
  const SendStatusSet = codes.map((Code, i) => ({ PhoneNumber: `+861380013800${i}`, Code, Message: 'said' }));
  const platform = scriptedHttp({ status: 200, body: JSON.stringify({ Response: { SendStatusSet } }) });
  const config = configOf();
  return attempt(tencentSms, payloadOf({}), config, createIo(platform.http));
}

test('whoever is reached makes it a success; the others are named, masked', async () => {
  assert.deepEqual(await answered('Ok', 'InvalidParameterValue.IncorrectPhoneNumber', 'Ok'), {
    ok: true,
    refused: [{ recipient: '+86*********01', code: 'InvalidParameterValue.IncorrectPhoneNumber', message: 'said' }],
  });
});

test('when nobody is reached, the failure that may pass decides', async () => {
  const kindOf = async (...codes: string[]) => {
    const outcome = await answered(...codes);
    return outcome.ok || outcome.kind;
  };
  assert.equal(await kindOf('FailedOperation.PhoneNumberInBlacklist', 'InternalError.Timeout'), 'unavailable');
  assert.equal(await kindOf('InternalError.Timeout', 'LimitExceeded.PhoneNumberDailyLimit'), 'rate_limited');
  assert.equal(
    await kindOf('FailedOperation.PhoneNumberInBlacklist', 'UnauthorizedOperation.SdkAppIdIsDisabled'),
    'invalid',
  );
});

test('the stand-in takes every kind of message, signed', async (t) => {
  const { sandbox, send } = await sandboxed(t, tencentSms, { token: TARGET.secret_id, secret: TARGET.secret_key });
  const target = { ...TARGET, params: ['{{ title }}', '{{ body }}'], phone: ['13800138000', '13900139001'] };
  for (const message of [...KINDS, ...HOSTILE_MESSAGES]) assert.deepEqual(await send(message, target), [{ ok: true }]);
  assert.deepEqual(sandbox.refusals(), []);
  const [wrong] = await send(MESSAGE, { ...target, secret_key: 'other' });
  assert.ok(wrong && !wrong.ok && wrong.kind === 'unauthorized' && wrong.code === 'AuthFailure.SignatureFailure');
});

test('the stand-in refuses some of the numbers', async (t) => {
  const { send } = await sandboxed(t, tencentSms, { token: TARGET.secret_id });
  const [partly] = await send(MESSAGE, { ...TARGET, phone: ['13800138000', '13800130000'] });
  assert.ok(partly?.ok && partly.refused?.length === 1 && partly.refused[0]?.recipient === '+86*********00');
  const [nobody] = await send(MESSAGE, { ...TARGET, phone: '13800130003' });
  assert.ok(nobody && !nobody.ok && nobody.kind === 'rate_limited' && nobody.retry_after === 64_000 && nobody.quota);
});
