import assert from 'node:assert/strict';
import { test } from 'node:test';
import wechatOfficial from '../../src/channels/wechat_official.ts';
import type { Message } from '../../src/model.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { HOSTILE_MESSAGES } from '../kit/hostile.ts';
import { KINDS, sandboxed } from '../kit/sandboxed.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';
import { tokenLaws } from '../kit/token-laws.ts';
import { tokenPlatform } from '../kit/token-platform.ts';

const ACCOUNT = { app_id: 'wx1', app_secret: 's', template_id: 'tpl', openid: 'o1' };
const MESSAGE: Message = { title: 't', body: 'b', level: 'info', style: 'text', format: 'text' };

const configOf = (change: object = {}) => wechatOfficial.config.parse({ ...ACCOUNT, ...change });
const payloadOf = (change: object = {}, message: Partial<Message> = {}) =>
  Object(wechatOfficial.render({ ...MESSAGE, ...message }, configOf(change), NOW, 'task-1'));
/** What one field of the template shows. */
const shown = (key: string, template: string, message: Partial<Message> = {}): unknown =>
  payloadOf({ data: { [key]: template } }, message).data[key].value;

const platform = () =>
  tokenPlatform({
    isToken: ({ url }) => url.endsWith('/cgi-bin/stable_token'),
    token: (access_token) => ({ access_token, expires_in: 7200 }),
    bears: ({ url }) => new URL(url).searchParams.get('access_token') ?? undefined,
    accepted: { errcode: 0, errmsg: 'ok', msgid: 1 },
    stale: { status: 200, body: { errcode: 40001, errmsg: 'invalid credential, not latest' } },
  });

test('the message is asked for as the documentation says, with a stable token', async () => {
  const { http, requests } = scriptedHttp(
    { status: 200, body: '{"access_token":"T","expires_in":7200}' },
    { status: 200, body: '{"errcode":0,"errmsg":"ok","msgid":1}' },
  );
  const config = configOf({ base_url: 'http://127.0.0.1:9/wx/' });
  assert.deepEqual(await attempt(wechatOfficial, payloadOf(), config, createIo(http)), { ok: true });
  assert.deepEqual(
    requests.map(({ method, url }) => `${method} ${url}`),
    [
      'POST http://127.0.0.1:9/wx/cgi-bin/stable_token',
      'POST http://127.0.0.1:9/wx/cgi-bin/message/template/send?access_token=T',
    ],
  );
  assert.deepEqual(JSON.parse(requests[0]?.body ?? ''), {
    grant_type: 'client_credential',
    appid: 'wx1',
    secret: 's',
    force_refresh: false,
  });
  const { client_msg_id, ...body } = JSON.parse(requests[1]?.body ?? '');
  assert.match(String(client_msg_id), /^[0-9a-f]{32}$/);
  assert.deepEqual(body, {
    touser: 'o1',
    template_id: 'tpl',
    data: { title: { value: 't' }, content: { value: 'b' } },
  });
});

test('the client_msg_id is the same on every attempt, and another for another message', async () => {
  const idOf = async (id: string): Promise<unknown> => {
    const { http, asked } = platform();
    await attempt(wechatOfficial, payloadOf(), configOf(), createIo(http, { id }));
    return JSON.parse(asked[0]?.body ?? '{}').client_msg_id;
  };
  assert.equal(await idOf('a-0-0'), await idOf('a-0-0'));
  assert.notEqual(await idOf('a-0-0'), await idOf('a-0-1'));
});

test('a message without a link opens the configured one', () => {
  const url = 'https://wiki.example/';
  assert.equal(payloadOf().url, undefined);
  assert.equal(payloadOf({ url }).url, url);
  assert.equal(payloadOf({ url }, { url: 'https://x.example/' }).url, 'https://x.example/');
  const miniprogram = { appid: 'wx2', pagepath: 'pages/alert' };
  assert.deepEqual(payloadOf({ miniprogram }).miniprogram, miniprogram);
});

test('a value of a typed field is cut to what its type allows, in whole characters and on one line', () => {
  const cut = (key: string, body: string) => shown(key, '{{ body }}', { body });
  assert.equal(cut('thing1', '字'.repeat(20)), '字'.repeat(20));
  assert.equal(cut('thing12', '字'.repeat(21)), `${'字'.repeat(19)}…`);
  assert.equal(cut('thing1', '🔥'.repeat(11)), `${'🔥'.repeat(9)}…`);
  assert.equal(cut('thing1', '👨‍👩‍👧‍👦'.repeat(3)), '👨‍👩‍👧‍👦…');
  assert.equal(cut('thing1', 'a\n\tb '), 'a b');
  assert.equal(cut('thing1', ''), '-');
  assert.equal(cut('character_string2', 'x'.repeat(33)), `${'x'.repeat(29)}...`);
  assert.equal(cut('phrase3', '已经发送完成了'), '已经发送完');
  assert.equal(cut('phone_number4', '1'.repeat(18)), '1'.repeat(17));
  assert.equal(cut('const5', 'c'.repeat(21)), 'c'.repeat(20));
});

test('a value of a free field stays as it is', () => {
  const long = `${'字'.repeat(300)}\n二`;
  for (const key of ['content', 'keyword1', 'thing', 'time2', 'constable']) {
    assert.equal(shown(key, '{{ body }}', { body: long }), long);
  }
});

test('fields are Liquid; what the message holds is not', () => {
  assert.equal(shown('x', '{{ level | upcase }} {{ task_id }}'), 'INFO task-1');
  const fields = [{ name: '主机', value: '{{ body }}' }];
  assert.equal(shown('x', '{{ fields["主机"] }}', { fields }), '{{ body }}');
});

test('a card gives its first field the colour of its level, unless it has one', () => {
  const coloursOf = (data: object | undefined, message: Partial<Message>): unknown[] =>
    Object.values<{ color?: string }>(payloadOf(data ? { data } : {}, message).data).map(({ color }) => color);
  assert.deepEqual(coloursOf(undefined, {}), [undefined, undefined]);
  assert.deepEqual(coloursOf(undefined, { style: 'card', level: 'error' }), ['#D92D20', undefined]);
  const data = { a: { value: '{{ title }}', color: '#123456' }, b: { value: '{{ body }}', color: '#abcdef' } };
  assert.deepEqual(coloursOf(data, { style: 'card' }), ['#123456', '#abcdef']);
});

tokenLaws(wechatOfficial, {
  platform,
  target: ACCOUNT,
  account: 'wx1',
  otherSecret: { app_secret: 'x' },
  otherPeople: { openid: 'o2' },
  refused: '40001',
  expired: '42001',
});

test('what the token endpoint refuses is the outcome, and nothing has been sent', async () => {
  const outcomeOf = async (body: string) => {
    const { http } = scriptedHttp({ status: 200, body });
    const outcome = await attempt(wechatOfficial, payloadOf(), configOf(), createIo(http));
    assert.ok(!outcome.ok);
    return outcome;
  };
  const secret = await outcomeOf('{"errcode":40001,"errmsg":"invalid credential"}');
  assert.equal(secret.kind, 'unauthorized');
  assert.match(secret.remedy?.zh ?? '', /app_secret 错误/);
  assert.equal((await outcomeOf('{"errcode":40164,"errmsg":"invalid ip"}')).kind, 'unauthorized');
  assert.equal((await outcomeOf('{"errcode":45009,"errmsg":"reach max api daily quota limit"}')).quota, true);
  assert.equal((await outcomeOf('{"access_token":"","expires_in":7200}')).kind, 'unavailable');
  assert.equal((await outcomeOf('<html>')).kind, 'unavailable');
});

test('the stand-in takes every kind of message', async (t) => {
  const { sandbox, send } = await sandboxed(t, wechatOfficial, { token: 'wx1', secret: 'secret1' });
  const target = { ...ACCOUNT, app_secret: 'secret1' };
  const typed = { thing1: '{{ title }}', thing2: '{{ body }}', character_string3: '{{ task_id }}' };
  for (const data of [undefined, typed]) {
    for (const message of [...KINDS, ...HOSTILE_MESSAGES]) {
      for (const outcome of await send(message, { ...target, ...(data && { data }) })) {
        assert.deepEqual(outcome, { ok: true }, JSON.stringify([message, sandbox.refusals()[0]]));
      }
    }
  }
  assert.deepEqual(sandbox.refusals(), []);
  const [wrong] = await send(MESSAGE, { ...target, app_secret: 'other' });
  assert.ok(wrong && !wrong.ok && wrong.kind === 'unauthorized' && wrong.code === '40125');
});
