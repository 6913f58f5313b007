import assert from 'node:assert/strict';
import { test } from 'node:test';
import aliyunSms from '../../src/channels/aliyun_sms.ts';
import type { Message } from '../../src/model.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { HOSTILE_MESSAGES } from '../kit/hostile.ts';
import { KINDS, sandboxed } from '../kit/sandboxed.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';

const TARGET = {
  access_key_id: 'testAccessKeyId',
  access_key_secret: 'testAccessKeySecret',
  sign_name: '测试签名',
  template_code: 'SMS_123456789',
  params: { title: '{{ title }}', msg: '{{ body }}' },
  phone: '13800138000',
};
const MESSAGE: Message = { title: 'CPU 95%', body: 'a*b~c+d', level: 'info', style: 'text', format: 'text' };

const configOf = (change: object = {}) => aliyunSms.config.parse({ ...TARGET, ...change });
const paramsOf = (params: object, message: Partial<Message> = {}): unknown =>
  Object(aliyunSms.render({ ...MESSAGE, ...message }, configOf({ params }), NOW, 'task-1')).TemplateParam;

/** The request of an attempt at this time, whose message has this id. */
async function requestOf(change: object = {}, now = NOW, id = 'task-1-0') {
  const config = configOf(change);
  const platform = scriptedHttp({ status: 200, body: '{"Code":"OK"}' });
  await attempt(
    aliyunSms,
    aliyunSms.render(MESSAGE, config, now, 'task-1'),
    config,
    createIo(platform.http, { now, id }),
  );
  return platform.requests[0]!;
}

test('everything is in the query, and nothing in the body', async () => {
  const { method, url, headers, body } = await requestOf();
  assert.equal(method, 'POST');
  assert.equal(body, undefined);
  assert.equal(
    url,
    'https://dysmsapi.aliyuncs.com/?PhoneNumbers=13800138000&SignName=%E6%B5%8B%E8%AF%95%E7%AD%BE%E5%90%8D&' +
      'TemplateCode=SMS_123456789&TemplateParam=%7B%22title%22%3A%22CPU%2095%25%22%2C%22msg%22%3A%22a%2Ab~c%2Bd%22%7D',
  );
  assert.equal(headers?.['x-acs-action'], 'SendSms');
  assert.equal(headers['x-acs-version'], '2017-05-25');
  assert.equal(headers['x-acs-date'], '2023-11-14T22:13:20Z');
  assert.ok(!('host' in headers) && !('content-type' in headers));
});

test('each attempt has a nonce and a date of its own', async () => {
  const nonceOf = async (now?: Date, id?: string) => (await requestOf({}, now, id)).headers?.['x-acs-signature-nonce'];
  const first = await nonceOf();
  assert.match(first ?? '', /^[0-9a-f]{32}$/);
  assert.equal(await nonceOf(), first);
  assert.notEqual(await nonceOf(new Date(NOW.getTime() + 1)), first);
  assert.notEqual(await nonceOf(NOW, 'task-2-0'), first);
});

test('a server of one’s own is used as it is written', async () => {
  const url = async (base_url: string) => (await requestOf({ base_url })).url.replace(/\?.*/, '');
  assert.equal(await url('http://127.0.0.1:9/aliyun/sms/'), 'http://127.0.0.1:9/aliyun/sms');
  assert.equal(
    await url('https://dysmsapi.ap-southeast-1.aliyuncs.com'),
    'https://dysmsapi.ap-southeast-1.aliyuncs.com/',
  );
});

test('variables are templates; without any, none is sent', () => {
  assert.deepEqual(paramsOf({ what: '{{ level | upcase }}：{{ Title }}', id: '{{ task_id }}' }), {
    what: 'INFO：CPU 95%',
    id: 'task-1',
  });
  const host = { host: '{{ fields["主机"] | default: "未知" }}' };
  assert.deepEqual(paramsOf(host, { fields: [{ name: '主机', value: 'db-1' }] }), { host: 'db-1' });
  assert.deepEqual(paramsOf(host), { host: '未知' });
  assert.equal(paramsOf({}), undefined);
});

test('a variable has 1 to 35 characters, and no character is split', () => {
  assert.deepEqual(paramsOf({ a: '{{ body }}' }, { body: '' }), { a: '无' });
  assert.deepEqual(paramsOf({ a: '{{ body }}' }, { body: '字'.repeat(35) }), { a: '字'.repeat(35) });
  assert.deepEqual(paramsOf({ a: '{{ body }}' }, { body: '字'.repeat(36) }), { a: `${'字'.repeat(34)}…` });
  assert.deepEqual(paramsOf({ a: '{{ body }}' }, { body: `${'x'.repeat(33)}e\u0301e\u0301` }), {
    a: `${'x'.repeat(33)}…`,
  });
});

test('numbers may stand alone, in a list, as numbers, with and without 86', () => {
  const phones = (phone: unknown) => Object(aliyunSms.render(MESSAGE, configOf({ phone }), NOW, 'x')).PhoneNumbers;
  assert.equal(phones(13800138000), '13800138000');
  assert.equal(phones(['+8613800138000', 13900139000]), '+8613800138000,13900139000');
  const lane = (phone: unknown) => aliyunSms.credential(configOf({ phone }));
  assert.equal(lane(['+8613800138000', '13900139000']), lane(['008613900139000', '8613800138000']));
  assert.notEqual(lane('13800138000'), lane('13800138001'));
  const tooMany = Array.from({ length: 1001 }, (_, i) => 13_800_000_000 + i);
  assert.ok(!aliyunSms.config.safeParse({ ...TARGET, phone: tooMany }).success);
  assert.ok(aliyunSms.config.safeParse({ ...TARGET, phone: tooMany.slice(1) }).success);
});

test('all targets of one AccessKey share its limit; each number has a day’s allowance per signature and template', () => {
  const account = (change: object) => aliyunSms.account?.key(configOf(change));
  assert.equal(account({ phone: '13900139000', sign_name: 'x' }), account({}));
  assert.notEqual(account({ access_key_id: 'other' }), account({}));
  const lane = (change: object) => aliyunSms.credential(configOf(change));
  assert.notEqual(lane({ template_code: 'SMS_2' }), lane({}));
  assert.notEqual(lane({ sign_name: 'x' }), lane({}));
});

test('the stand-in takes every kind of message, signed', async (t) => {
  const { sandbox, send } = await sandboxed(t, aliyunSms, {
    token: TARGET.access_key_id,
    secret: TARGET.access_key_secret,
  });
  const messages = [
    ...KINDS,
    ...HOSTILE_MESSAGES,
    { ...MESSAGE, title: '🔥 https://a.example www.b 10.0.0.1 v1.2.3.4.5', body: '1.2.3.4' },
  ];
  for (const message of messages) assert.deepEqual(await send(message, TARGET), [{ ok: true }]);
  assert.deepEqual(sandbox.refusals(), []);
  assert.equal(sandbox.messages().length, messages.length);
  const [wrong] = await send(MESSAGE, { ...TARGET, access_key_secret: 'other' });
  assert.ok(wrong && !wrong.ok && wrong.kind === 'unauthorized' && wrong.code === 'SignatureDoesNotMatch');
});

test('the stand-in’s flow control is understood', async (t) => {
  const { send } = await sandboxed(t, aliyunSms, { token: TARGET.access_key_id });
  const pauses = [];
  for (const phone of ['13800130001', '13800130002', '13800130003']) {
    const [outcome] = await send(MESSAGE, { ...TARGET, phone });
    assert.ok(outcome && !outcome.ok && outcome.kind === 'rate_limited');
    pauses.push([outcome.retry_after, outcome.quota]);
  }
  assert.deepEqual(pauses, [
    [60, undefined],
    [3600, undefined],
    [64_000, true],
  ]);
});
