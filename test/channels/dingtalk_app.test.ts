import assert from 'node:assert/strict';
import { test } from 'node:test';
import dingtalkApp from '../../src/channels/dingtalk_app.ts';
import type { Message } from '../../src/model.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { FORMATS, STYLES, hostileMessage } from '../kit/hostile.ts';
import { KINDS, sandboxed } from '../kit/sandboxed.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';
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

test('twenty sends fetch one token, and one more when it has expired', async () => {
  const { http, given, asked, revoke } = platform();
  const io = createIo(http);
  const twenty = () => Promise.all(Array.from({ length: 20 }, () => attempt(dingtalkApp, payloadOf(), configOf(), io)));
  assert.ok((await twenty()).every(({ ok }) => ok));
  assert.equal(given(), 1);
  revoke();
  assert.ok((await twenty()).every(({ ok }) => ok));
  assert.deepEqual([given(), asked.length], [2, 60]);
});

test('a token that is refused twice is not asked for a third time', async () => {
  const { http, given, asked, revoke } = platform();
  revoke('all');
  const outcome = await attempt(dingtalkApp, payloadOf(), configOf(), createIo(http));
  assert.ok(!outcome.ok && outcome.kind === 'unauthorized' && outcome.code === 'InvalidAuthentication');
  assert.deepEqual([given(), asked.length], [2, 2]);
});

test('a token belongs to the whole credential and to the server it came from', async () => {
  const { http, given } = platform();
  const io = createIo(http);
  const changes = [{}, { app_secret: 'x' }, { base_url: 'https://api.dingtalk.io' }, { user_ids: 'u3' }];
  for (const change of changes) await attempt(dingtalkApp, payloadOf(change), configOf(change), io);
  assert.equal(given(), 3);
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

/** Hostile text in every form. */
const HOSTILE = STYLES.flatMap((style) => FORMATS.map((format) => hostileMessage(style, format)));

test('the stand-in takes every kind of message, and says whom it did not reach', async (t) => {
  const { sandbox, send } = await sandboxed(t, dingtalkApp, { token: 'ding1', secret: 'secret1' });
  const target = { app_key: 'ding1', app_secret: 'secret1', robot_code: 'robot1', user_ids: ['manager1', 'nobody'] };
  const refused = [{ recipient: 'n***', code: 'invalidStaffIdList', message: 'userId 无效' }];
  for (const message of [...KINDS, ...HOSTILE]) {
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

test('the stand-in’s token ends in time, and the message arrives all the same', async (t) => {
  const { sandbox, clock, send } = await sandboxed(t, dingtalkApp, { token: 'ding1' });
  const target = { app_key: 'ding1', app_secret: 'secret1', robot_code: 'robot1', user_ids: 'manager1' };
  assert.deepEqual(await send(MESSAGE, target), [{ ok: true }]);
  clock.advance(7_200_000);
  assert.deepEqual(await send(MESSAGE, target), [{ ok: true }]);
  assert.deepEqual(
    sandbox.refusals().map(({ code }) => code),
    ['InvalidAuthentication'],
  );
});
