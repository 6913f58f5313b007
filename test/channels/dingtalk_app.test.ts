import assert from 'node:assert/strict';
import { test } from 'node:test';
import dingtalkApp from '../../src/channels/dingtalk_app.ts';
import type { Message } from '../../src/model.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { HOSTILE_MESSAGES } from '../kit/hostile.ts';
import { KINDS, sandboxed } from '../kit/sandboxed.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';
import { tokenLaws } from '../kit/token-laws.ts';
import { tokenPlatform } from '../kit/token-platform.ts';

const APP = { app_key: 'ding1', app_secret: 's', robot_code: 'robot1', user_ids: ['u1', 'u2'] };
const MESSAGE: Message = { title: 't', body: 'b', level: 'info', style: 'text', format: 'text' };

const configOf = (change: object = {}) => dingtalkApp.config.parse({ ...APP, ...change });
const payloadOf = (change: object = {}, message: Partial<Message> = {}) =>
  Object(dingtalkApp.render({ ...MESSAGE, ...message }, configOf(change), NOW, 'id'));

const platform = () =>
  tokenPlatform({
    isToken: ({ url }) => url.endsWith('/v1.0/oauth2/accessToken'),
    token: (accessToken) => ({ accessToken, expireIn: 7200 }),
    bears: ({ headers }) => headers?.['x-acs-dingtalk-access-token'],
    accepted: { processQueryKey: 'q' },
    stale: { status: 400, body: { code: 'InvalidAuthentication', requestid: 'r', message: '不合法的access_token' } },
  });

test('the message is asked for as the documentation says', async () => {
  const { http, requests } = scriptedHttp(
    { status: 200, body: '{"accessToken":"T","expireIn":7200}' },
    { status: 200, body: '{"processQueryKey":"q"}' },
  );
  const config = configOf({ base_url: 'http://127.0.0.1:9/ding/' });
  assert.deepEqual(await attempt(dingtalkApp, payloadOf(), config, createIo(http)), { ok: true });
  assert.deepEqual(
    requests.map(({ method, url }) => `${method} ${url}`),
    [
      'POST http://127.0.0.1:9/ding/v1.0/oauth2/accessToken',
      'POST http://127.0.0.1:9/ding/v1.0/robot/oToMessages/batchSend',
    ],
  );
  assert.equal(requests[0]?.body, '{"appKey":"ding1","appSecret":"s"}');
  assert.equal(requests[1]?.headers?.['x-acs-dingtalk-access-token'], 'T');
  assert.deepEqual(JSON.parse(requests[1]?.body ?? ''), {
    robotCode: 'robot1',
    userIds: ['u1', 'u2'],
    msgKey: 'sampleText',
    msgParam: '{"content":"t\\nb"}',
  });
});

test('ids go out as text, however they are written', () => {
  assert.deepEqual(payloadOf({ user_ids: 123456 }).userIds, ['123456']);
  assert.deepEqual(payloadOf({ user_ids: ['a', 7] }).userIds, ['a', '7']);
  assert.equal(payloadOf({ robot_code: 8 }).robotCode, '8');
});

test('a link makes a card with a button; Markdown in text style has it in its text', () => {
  const keyOf = (message: Partial<Message>): unknown => payloadOf({}, message).msgKey;
  const url = 'https://x.example/';
  assert.equal(keyOf({ url }), 'sampleText');
  assert.equal(keyOf({ url, style: 'card' }), 'sampleActionCard');
  assert.equal(keyOf({ url, style: 'card', format: 'markdown' }), 'sampleActionCard');
  assert.equal(keyOf({ style: 'card' }), 'sampleMarkdown');
  assert.equal(keyOf({ url, format: 'markdown' }), 'sampleMarkdown');
});

test('a link cannot be ended by what is in it', () => {
  const url = 'https://x.example/a)b](c "d"<e>';
  const { msgParam } = payloadOf({}, { format: 'markdown', url });
  assert.ok(String(msgParam).includes('[查看详情](https://x.example/a%29b%5D%28c%20%22d%22%3Ce%3E)'));
});

tokenLaws(dingtalkApp, {
  platform,
  target: APP,
  account: 'ding1',
  otherSecret: { app_secret: 'x' },
  otherPeople: { user_ids: 'u3' },
  refused: 'InvalidAuthentication',
  expired: 'InvalidAuthentication',
});

test('what the token endpoint refuses is the outcome, and nothing has been sent', async () => {
  const kindOf = async (status: number, body: string) => {
    const { http } = scriptedHttp({ status, body });
    const outcome = await attempt(dingtalkApp, payloadOf(), configOf(), createIo(http));
    return outcome.ok ? 'ok' : [outcome.kind, outcome.code];
  };
  const code = 'invalidClientIdOrSecret';
  assert.deepEqual(await kindOf(400, `{"code":"${code}","message":"无效的clientId或者clientSecret"}`), [
    'unauthorized',
    code,
  ]);
  assert.deepEqual(await kindOf(200, '{}'), ['unavailable', 'HTTP 200']);
  assert.deepEqual(await kindOf(200, '{"processQueryKey":"q"}'), ['unavailable', 'HTTP 200']);
  assert.deepEqual(await kindOf(503, ''), ['unavailable', 'HTTP 503']);
});

test('the stand-in takes every kind of message, and says whom it did not reach', async (t) => {
  const { sandbox, send } = await sandboxed(t, dingtalkApp, { token: 'ding1', secret: 'secret1' });
  const target = { app_key: 'ding1', app_secret: 'secret1', robot_code: 'robot1', user_ids: ['manager1', 'nobody'] };
  const refused = [{ recipient: 'n***', code: 'invalidStaffIdList', message: 'userId 无效' }];
  for (const message of [...KINDS, ...HOSTILE_MESSAGES]) {
    for (const outcome of await send(message, target)) {
      assert.deepEqual(outcome, { ok: true, refused }, JSON.stringify([message, sandbox.refusals()[0]]));
    }
  }
  assert.deepEqual(sandbox.refusals(), []);
  const kindOf = async (change: object) => {
    const [outcome] = await send(MESSAGE, { ...target, ...change });
    return outcome?.ok === false ? [outcome.kind, outcome.code] : outcome;
  };
  assert.deepEqual(await kindOf({ user_ids: 'nobody' }), ['invalid', 'invalidStaffIdList']);
  assert.deepEqual(await kindOf({ user_ids: ['nobody', 'flow1'] }), ['rate_limited', 'flowControlledStaffIdList']);
  assert.deepEqual(await kindOf({ app_secret: 'other' }), ['unauthorized', 'invalidClientIdOrSecret']);
});
