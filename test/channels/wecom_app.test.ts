import assert from 'node:assert/strict';
import { test } from 'node:test';
import wecomApp from '../../src/channels/wecom_app.ts';
import type { Message, Outcome } from '../../src/model.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { HOSTILE_MESSAGES } from '../kit/hostile.ts';
import { KINDS, sandboxed } from '../kit/sandboxed.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';
import { tokenLaws } from '../kit/token-laws.ts';
import { tokenPlatform } from '../kit/token-platform.ts';

const APP = { corp_id: 'ww1', agent_id: 7, corp_secret: 's&1' };
const MESSAGE: Message = { title: 't', body: 'b', level: 'info', style: 'text', format: 'text' };
const CARD: Message = { ...MESSAGE, style: 'card', url: 'https://x.example/' };

const configOf = (change: object = {}) => wecomApp.config.parse({ ...APP, ...change });
const payloadOf = (change: object, message = MESSAGE) => Object(wecomApp.render(message, configOf(change), NOW, 'id'));
const typeOf = (change: Partial<Message>): unknown => payloadOf({}, { ...CARD, ...change }).msgtype;

const platform = () =>
  tokenPlatform({
    isToken: ({ url }) => url.includes('/gettoken'),
    token: (access_token) => ({ errcode: 0, errmsg: 'ok', access_token, expires_in: 7200 }),
    bears: ({ url }) => new URL(url).searchParams.get('access_token') ?? undefined,
    accepted: { errcode: 0, errmsg: 'ok' },
    stale: { status: 200, body: { errcode: 42001, errmsg: 'access_token expired' } },
  });

/** What an attempt comes to when the platform answers so, the request for a token being the first. */
async function answered(config: object, ...replies: { status?: number; body: unknown }[]): Promise<Outcome> {
  const script = replies.map(({ status = 200, body }) => ({
    status,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  }));
  const parsed = configOf(config);
  const io = createIo(scriptedHttp(...script).http);
  return attempt(wecomApp, wecomApp.render(MESSAGE, parsed, NOW, 'id'), parsed, io);
}
const TOKEN = { body: { errcode: 0, access_token: 'T', expires_in: 7200 } };

test('everybody is the recipient where none is named; departments and tags alone are enough', () => {
  const to = ({ touser, toparty, totag }: Record<string, unknown>) => [touser, toparty, totag];
  assert.deepEqual(to(payloadOf({})), ['@all', undefined, undefined]);
  assert.deepEqual(to(payloadOf({ to_user: 'a|b' })), ['a|b', undefined, undefined]);
  assert.deepEqual(to(payloadOf({ to_user: ['a', 1234] })), ['a|1234', undefined, undefined]);
  assert.deepEqual(to(payloadOf({ to_party: [1, '2'] })), [undefined, '1|2', undefined]);
  assert.deepEqual(to(payloadOf({ to_tag: 3 })), [undefined, undefined, '3']);
  assert.equal(payloadOf({ agent_id: '1000002' }).agentid, 1_000_002);
});

test('too many recipients are refused before the platform does', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `u${i}`);
  assert.ok(wecomApp.config.safeParse({ ...APP, to_user: many(1000) }).success);
  assert.ok(!wecomApp.config.safeParse({ ...APP, to_user: many(1001) }).success);
  assert.ok(!wecomApp.config.safeParse({ ...APP, to_user: many(1001).join('|') }).success);
  assert.ok(!wecomApp.config.safeParse({ ...APP, to_party: many(101) }).success);
});

test('a card needs a link and room; otherwise it goes as Markdown', () => {
  assert.equal(typeOf({}), 'textcard');
  assert.equal(typeOf({ title: 't'.repeat(100) }), 'textcard');
  assert.equal(typeOf({ body: 'b'.repeat(513) }), 'markdown');
  assert.equal(typeOf({ body: '\n'.repeat(200) }), 'markdown');
  assert.equal(typeOf({ fields: [{ name: 'n', value: 'v'.repeat(600) }] }), 'markdown');
  assert.equal(typeOf({ url: `https://x.example/${'a'.repeat(2048)}` }), 'markdown');
  assert.equal(typeOf({ format: 'markdown' }), 'markdown');
  const { url: _, ...unlinked } = CARD;
  assert.equal(payloadOf({}, unlinked).msgtype, 'markdown');
});

test('repeats are dropped by the platform only where the operator asks for it', () => {
  assert.ok(!('enable_duplicate_check' in payloadOf({})));
  const { enable_duplicate_check, duplicate_check_interval } = payloadOf({ duplicate_check_interval: 60 });
  assert.deepEqual([enable_duplicate_check, duplicate_check_interval], [1, 60]);
});

test('the same members of one application share a lane, and all of its targets a limit', () => {
  const lane = (change: object) => wecomApp.credential(configOf(change));
  const account = (change: object) => wecomApp.account?.key(configOf(change));
  assert.equal(lane({ to_user: ['a', 'b'] }), lane({ to_user: 'a|b' }));
  assert.notEqual(lane({ to_user: 'a' }), lane({ to_user: 'b' }));
  assert.equal(account({ to_user: 'a' }), account({ to_party: 1 }));
  assert.notEqual(account({}), account({ agent_id: 8 }));
});

tokenLaws(wecomApp, {
  platform,
  target: APP,
  account: 'ww1',
  otherSecret: { corp_secret: 'other' },
  otherPeople: { to_user: 'a' },
  refused: '42001',
  expired: '42001',
});

test('the requests go to the server that is written, with the credential encoded', async () => {
  const platformed = scriptedHttp(
    { status: 200, body: JSON.stringify({ errcode: 0, access_token: 'a+b/c', expires_in: 7200 }) },
    { status: 200, body: '{"errcode":0}' },
  );
  const config = configOf({ base_url: 'http://127.0.0.1:9/wecom/' });
  await attempt(wecomApp, payloadOf({}), config, createIo(platformed.http));
  assert.deepEqual(
    platformed.requests.map(({ method, url }) => `${method} ${url}`),
    [
      'GET http://127.0.0.1:9/wecom/cgi-bin/gettoken?corpid=ww1&corpsecret=s%261',
      'POST http://127.0.0.1:9/wecom/cgi-bin/message/send?access_token=a%2Bb%2Fc',
    ],
  );
});

test('what the token endpoint refuses is the outcome, and nothing has been sent', async () => {
  const kindOf = (outcome: Outcome) => (outcome.ok ? 'ok' : [outcome.kind, outcome.code]);
  const refused = async (body: unknown, status = 200) => kindOf(await answered({}, { status, body }));
  assert.deepEqual(await refused({ errcode: 40001, errmsg: 'invalid credential' }), ['unauthorized', '40001']);
  assert.deepEqual(await refused({ errcode: 40013, errmsg: 'invalid corpid' }), ['unauthorized', '40013']);
  assert.deepEqual(await refused({ errcode: 45009, errmsg: 'api freq out of limit' }), ['rate_limited', '45009']);
  assert.deepEqual(await refused('<html>'), ['unavailable', 'HTTP 200']);
  assert.deepEqual(await refused({ errcode: 0, errmsg: 'ok' }), ['unavailable', 'HTTP 200']);
  assert.deepEqual(await refused('', 502), ['unavailable', 'HTTP 502']);
  const outcome = await answered({}, { body: { errcode: 40001, errmsg: 'invalid credential' } });
  assert.match(outcome.ok ? '' : (outcome.remedy?.zh ?? ''), /corp_secret 错误/);
});

test('ids come back in lower case; whoever is left makes it a success', async () => {
  const missed = (config: object, body: object) => answered(config, TOKEN, { body: { errcode: 0, ...body } });
  const nobody = await missed({ to_user: 'LiSi' }, { invaliduser: 'lisi' });
  assert.ok(!nobody.ok && nobody.kind === 'invalid' && nobody.code === 'invaliduser');
  const tagged = await missed({ to_user: 'LiSi', to_tag: 1 }, { invaliduser: 'lisi' });
  assert.ok(tagged.ok && tagged.refused?.length === 1);
  const both = await missed({ to_user: 'LiSi', to_tag: 1 }, { invaliduser: 'lisi', invalidtag: '1' });
  assert.ok(!both.ok);
  const everybody = await missed({}, { invalidparty: '9' });
  assert.ok(everybody.ok && everybody.refused?.length === 1);
});

test('the stand-in takes every kind of message, and says whom it did not reach', async (t) => {
  const { sandbox, send } = await sandboxed(t, wecomApp, { token: 'ww1', secret: 'secret1' });
  const target = { corp_id: 'ww1', agent_id: 7, corp_secret: 'secret1', to_user: ['zhangsan', 'Nobody-1'] };
  const refused = [{ recipient: 'nob***-1', code: 'invaliduser', message: '成员不存在或不在应用可见范围' }];
  for (const message of [...KINDS, ...HOSTILE_MESSAGES]) {
    for (const outcome of await send(message, target)) assert.deepEqual(outcome, { ok: true, refused });
  }
  assert.deepEqual(sandbox.refusals(), []);
  const [lost] = await send(MESSAGE, { ...target, to_user: 'nobody' });
  assert.ok(lost && !lost.ok && lost.code === '81013');
  const [wrong] = await send(MESSAGE, { ...target, corp_secret: 'other' });
  assert.ok(wrong && !wrong.ok && wrong.kind === 'unauthorized' && wrong.code === '40001');
});
