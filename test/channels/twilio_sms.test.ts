import assert from 'node:assert/strict';
import { test } from 'node:test';
import twilioSms from '../../src/channels/twilio_sms.ts';
import type { Message } from '../../src/model.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { HOSTILE_MESSAGES } from '../kit/hostile.ts';
import { KINDS, sandboxed } from '../kit/sandboxed.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';

const SID = 'AC0123456789abcdef0123456789abcdef';
const TARGET = { account_sid: SID, auth_token: 's3cret:', to: '+15551234567', from: '+15557650001' };
const MESSAGE: Message = { title: 'T', body: 'a b+c&d=é', level: 'info', style: 'text', format: 'text' };

const configOf = (change: object = {}) => twilioSms.config.parse({ ...TARGET, ...change });
const payloadOf = (change: object = {}) => Object(twilioSms.render(MESSAGE, configOf(change), NOW, 'x'));

async function requestOf(change: object = {}) {
  const platform = scriptedHttp({ status: 201, body: '{}' });
  const config = configOf(change);
  await attempt(twilioSms, twilioSms.render(MESSAGE, config, NOW, 'x'), config, createIo(platform.http));
  return platform.requests[0]!;
}

test('the request is a form, with the account’s own credential or an API key', async () => {
  const { method, url, headers, body } = await requestOf();
  assert.deepEqual([method, url], ['POST', `https://api.twilio.com/2010-04-01/Accounts/${SID}/Messages.json`]);
  assert.equal(headers?.['content-type'], 'application/x-www-form-urlencoded');
  assert.equal(headers['authorization'], `Basic ${Buffer.from(`${SID}:s3cret:`).toString('base64')}`);
  assert.deepEqual(
    [...new URLSearchParams(body)],
    [
      ['To', '+15551234567'],
      ['From', '+15557650001'],
      ['Body', 'T\na b+c&d=é'],
    ],
  );
  const keyed = await requestOf({ api_key_sid: 'SK1', base_url: 'http://127.0.0.1:9/twilio/' });
  assert.equal(keyed.url, `http://127.0.0.1:9/twilio/2010-04-01/Accounts/${SID}/Messages.json`);
  assert.equal(keyed.headers?.['authorization'], `Basic ${Buffer.from('SK1:s3cret:').toString('base64')}`);
});

test('a number that YAML took for one gets its + back; short codes and names stay as they are', () => {
  const { To, From } = payloadOf({ to: 15551234567, from: 15557650001 });
  assert.deepEqual([To, From], ['+15551234567', '+15557650001']);
  assert.equal(payloadOf({ from: 12345 }).From, '12345');
  assert.equal(payloadOf({ from: 'PushServer' }).From, 'PushServer');
  const { from: _, ...unnamed } = TARGET;
  const parsed = twilioSms.config.parse({ ...unnamed, messaging_service_sid: 'MG1' });
  assert.deepEqual(twilioSms.render({ ...MESSAGE, body: '' }, parsed, NOW, 'x'), {
    To: '+15551234567',
    MessagingServiceSid: 'MG1',
    Body: 'T',
  });
  assert.ok(!twilioSms.config.safeParse(unnamed).success);
});

test('a text in plain signs brings no other ones along', () => {
  const message = { ...MESSAGE, body: 'b', fields: [{ name: 'Host', value: 'db-1' }], url: 'https://ops.example/a' };
  const { Body } = Object(twilioSms.render(message, configOf(), NOW, 'x'));
  assert.match(Body, /^[\n\x20-\x7e]+$/);
});

test('a sender and a recipient make a lane; the account has a limit of its own', () => {
  const lane = (change: object) => twilioSms.credential(configOf(change));
  assert.notEqual(lane({ to: '+15551234568' }), lane({}));
  assert.notEqual(lane({ from: '+15557650002' }), lane({}));
  assert.equal(lane({ auth_token: 'other' }), lane({}));
  assert.equal(twilioSms.account?.key(configOf({ to: '+15551234568' })), SID);
});

test('the stand-in takes every kind of message, in one part', async (t) => {
  const { sandbox, send } = await sandboxed(t, twilioSms, { token: SID, secret: TARGET.auth_token });
  const messages = [...KINDS, ...HOSTILE_MESSAGES];
  for (const message of messages) assert.deepEqual(await send(message, TARGET), [{ ok: true }]);
  assert.deepEqual(await send(MESSAGE, { ...TARGET, from: 'PushServer' }), [{ ok: true }]);
  assert.deepEqual(sandbox.refusals(), []);
  assert.equal(sandbox.messages().length, messages.length + 1);
  const [wrong] = await send(MESSAGE, { ...TARGET, auth_token: 'other' });
  assert.ok(wrong && !wrong.ok && wrong.kind === 'unauthorized' && wrong.code === '20003');
});

test('the platform’s own test numbers are understood', async (t) => {
  const { send } = await sandboxed(t, twilioSms, { token: SID });
  const codes = [];
  for (const change of [
    { to: '+15005550001' },
    { to: '+15005550002' },
    { to: '+15005550003' },
    { to: '+15005550004' },
    { to: '+15005550009' },
    { from: '+15005550001' },
    { from: '+15005550007' },
    { from: '+15005550008' },
  ]) {
    const [outcome] = await send(MESSAGE, { ...TARGET, ...change });
    codes.push(outcome && !outcome.ok ? [outcome.code, outcome.kind] : 'ok');
  }
  assert.deepEqual(codes, [
    ['21211', 'invalid'],
    ['21612', 'invalid'],
    ['21408', 'unauthorized'],
    ['21610', 'invalid'],
    ['21614', 'invalid'],
    ['21212', 'invalid'],
    ['21606', 'invalid'],
    ['21611', 'rate_limited'],
  ]);
});
