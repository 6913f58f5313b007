import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SendError } from '../../src/channel/channel.ts';
import feishuApp from '../../src/channels/feishu_app.ts';
import { measure } from '../../src/delivery/measure.ts';
import type { Message } from '../../src/model.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { HOSTILE_MESSAGES } from '../kit/hostile.ts';
import { KINDS, sandboxed } from '../kit/sandboxed.ts';
import { type Script, scriptedHttp } from '../kit/scripted-http.ts';
import { tokenLaws } from '../kit/token-laws.ts';
import { tokenPlatform } from '../kit/token-platform.ts';

const APP = { app_id: 'cli_1', app_secret: 's', receive_id: 'ou_someone_1' };
const MESSAGE: Message = { title: 't', body: 'b', level: 'info', style: 'text', format: 'text' };
const MENTIONS = { all: true, mobiles: ['13800000000'], ids: ['ou_1', 'a.b'] };

const configOf = (change: object = {}) => feishuApp.config.parse({ ...APP, ...change });
const payloadOf = (change: object, message: Partial<Message> = {}) =>
  Object(feishuApp.render({ ...MESSAGE, ...message }, configOf(change), NOW, 'id'));
const contentOf = (change: object, message: Partial<Message> = {}): unknown => {
  const { text, post, interactive } = payloadOf(change, message);
  return JSON.parse((text ?? post ?? interactive).content);
};

const ok = (body: object): Script => ({ status: 200, body: JSON.stringify({ code: 0, msg: 'success', ...body }) });
const TOKEN = ok({ tenant_access_token: 't-1', expire: 7200 });
const CREATED = ok({ data: { message_id: 'om_1', chat_id: 'oc_1' } });

/** What one attempt asks of the platform and comes to; the first request is the one for a token. */
async function sent(change: object, answers: readonly Script[], message: Partial<Message> = {}) {
  const { http, requests } = scriptedHttp(TOKEN, ...answers);
  const io = createIo(http);
  const outcome = await attempt(feishuApp, payloadOf(change, message), configOf(change), io);
  return { outcome, io, requests, asked: requests.slice(1).map(({ method, url }) => `${method} ${url}`) };
}

const platform = () =>
  tokenPlatform({
    isToken: ({ url }) => url.endsWith('/auth/v3/tenant_access_token/internal'),
    token: (tenant_access_token) => ({ code: 0, msg: 'ok', tenant_access_token, expire: 7200 }),
    bears: ({ headers }) => headers?.['authorization']?.replace(/^Bearer /, ''),
    accepted: { code: 0, msg: 'success', data: { message_id: 'om_1' } },
    stale: { status: 400, body: { code: 99991663, msg: 'Invalid access token for authorization.' } },
  });

test('the message is asked for as the documentation says', async () => {
  const { requests, asked } = await sent({ base_url: 'http://127.0.0.1:9/lark/' }, [CREATED]);
  assert.equal(requests[0]?.url, 'http://127.0.0.1:9/lark/open-apis/auth/v3/tenant_access_token/internal');
  assert.equal(requests[0]?.body, '{"app_id":"cli_1","app_secret":"s"}');
  assert.deepEqual(asked, ['POST http://127.0.0.1:9/lark/open-apis/im/v1/messages?receive_id_type=open_id']);
  assert.equal(requests[1]?.headers?.['authorization'], 'Bearer t-1');
});

test('the content is JSON in a string', () => {
  const { text } = payloadOf({}, { title: 'a"b', body: 'c' });
  assert.ok(JSON.stringify(text).includes(String.raw`"content":"{\"text\":\"a\\\"b\\nc\"}"`));
});

test('the uuid is the same on every attempt, another for another message, and short enough', async () => {
  const uuid = async (id: string) => {
    const { http, requests } = scriptedHttp(TOKEN, CREATED);
    await attempt(feishuApp, payloadOf({}), configOf(), createIo(http, { id }));
    return String(JSON.parse(requests[1]?.body ?? '{}').uuid);
  };
  assert.equal(await uuid('a-0-0'), await uuid('a-0-0'));
  assert.notEqual(await uuid('a-0-0'), await uuid('a-0-1'));
  assert.ok((await uuid('x'.repeat(300))).length <= 50);
});

test('the limits leave exactly the room that the uuid takes', async () => {
  const { requests } = await sent({}, [CREATED]);
  const [limit] = feishuApp.limits.size;
  assert.equal(Buffer.byteLength(requests[1]?.body ?? '') - measure(payloadOf({}), limit!), 150_000 - limit!.max);
});

test('the form follows the message, unless one is configured', () => {
  const formOf = (msg_type: string | undefined, message: Partial<Message>) =>
    Object.keys(payloadOf(msg_type === undefined ? {} : { msg_type }, message))[0];
  assert.equal(formOf(undefined, {}), 'text');
  assert.equal(formOf(undefined, { style: 'card' }), 'interactive');
  assert.equal(formOf(undefined, { format: 'markdown' }), 'interactive');
  for (const form of ['text', 'post', 'interactive']) {
    for (const style of ['text', 'card'] as const) assert.equal(formOf(form, { style }), form);
  }
});

test('rich text shows everything, and its text as it is written', () => {
  const message: Partial<Message> = {
    title: '磁盘',
    body: '<at user_id="all"></at> & [x](y)',
    level: 'error',
    style: 'card',
    fields: [{ name: '主机', value: 'db-1' }],
    url: 'https://ops.example/?a=1&b="2"',
    mentions: MENTIONS,
  };
  assert.deepEqual(contentOf({ msg_type: 'post', receive_id_type: 'chat_id' }, message), {
    zh_cn: {
      title: '🔴 磁盘',
      content: [
        [{ tag: 'text', text: '<at user_id="all"></at> & [x](y)' }],
        [{ tag: 'text', text: '主机：db-1' }],
        [{ tag: 'a', text: '查看详情', href: 'https://ops.example/?a=1&b="2"' }],
        [
          { tag: 'at', user_id: 'all' },
          { tag: 'at', user_id: 'ou_1' },
          { tag: 'text', text: '@13800000000 @a.b' },
        ],
      ],
    },
  });
  assert.deepEqual(contentOf({ msg_type: 'post' }, { body: '' }), {
    zh_cn: { title: 't', content: [[{ tag: 'text', text: 't' }]] },
  });
});

test('a message to one person calls nobody: names are written', () => {
  const words = '@所有人 @13800000000 @ou_1 @a.b';
  assert.deepEqual(contentOf({}, { mentions: MENTIONS }), { text: `t\nb\n${words}` });
  for (const change of [{ msg_type: 'interactive' }, { msg_type: 'post', receive_id_type: 'email' }]) {
    const content = JSON.stringify(contentOf(change, { mentions: MENTIONS }));
    assert.ok(content.includes(words) && !content.includes('<at') && !content.includes('"at"'));
  }
});

test('an urgent message is sent, then urged, once', async () => {
  const { outcome, io, requests, asked } = await sent({ urgent: 'phone' }, [CREATED, ok({ data: {} })]);
  assert.deepEqual(outcome, { ok: true });
  assert.match(asked[1] ?? '', /^PATCH .*\/im\/v1\/messages\/om_1\/urgent_phone\?user_id_type=open_id$/);
  assert.equal(requests[2]?.body, '{"user_id_list":["ou_someone_1"]}');
  assert.match(io.arrived()?.note ?? '', /电话加急未得到答复/);
  assert.equal(asked.length, 2);
});

test('of a long message the first part is urged, for all of it', async () => {
  const change = { urgent: 'app' };
  for (const [part, count] of [
    [0, 3],
    [1, 2],
  ] as const) {
    const { http, requests } = scriptedHttp(TOKEN, CREATED, ok({ data: {} }));
    await attempt(feishuApp, payloadOf(change), configOf(change), createIo(http, { part }));
    assert.equal(requests.length, count);
  }
});

test('only the configured levels are urgent', async () => {
  const change = { urgent: 'sms', urgent_levels: ['error'] };
  assert.equal((await sent(change, [CREATED])).asked.length, 1);
  assert.equal((await sent(change, [CREATED], { level: 'warning' })).asked.length, 1);
  assert.equal((await sent(change, [CREATED, ok({})], { level: 'error' })).asked.length, 2);
  assert.equal((await sent({ urgent: '', urgent_levels: ['error'] }, [CREATED], { level: 'error' })).asked.length, 1);
});

test('it is the recipient who is urged, or those who are named', () => {
  const urged = (change: object, message: Partial<Message> = {}): unknown =>
    payloadOf({ urgent: 'app', ...change }, message).urgent;
  assert.deepEqual(urged({}), ['ou_someone_1']);
  assert.deepEqual(urged({ urgent_user_ids: ['ou_9', 10] }), ['ou_9', '10']);
  const group = { receive_id: 'oc_1', receive_id_type: 'chat_id' };
  assert.deepEqual(urged(group), []);
  assert.deepEqual(urged(group, { mentions: MENTIONS }), ['ou_1']);
  assert.deepEqual(urged({ ...group, urgent_user_ids: 'ou_9' }, { mentions: MENTIONS }), ['ou_9']);
  assert.deepEqual(urged({ receive_id: 'a@b.example', receive_id_type: 'email' }), []);
  assert.deepEqual(urged({ urgent_user_id_type: 'union_id' }), []);
});

test('the type of those to urge is the configured one, the recipient’s, or open_id', async () => {
  const typeOf = async (change: object) => {
    const { asked } = await sent({ urgent: 'app', urgent_user_ids: 'x', ...change }, [CREATED, ok({})]);
    return new URL(asked[1]?.replace('PATCH ', '') ?? '').searchParams.get('user_id_type');
  };
  assert.equal(await typeOf({ receive_id_type: 'union_id' }), 'union_id');
  assert.equal(await typeOf({ receive_id_type: 'email' }), 'open_id');
  assert.equal(await typeOf({ receive_id_type: 'chat_id', urgent_user_id_type: 'user_id' }), 'user_id');
});

test('where nobody is known to be urged, the result says so and nothing is asked', async () => {
  const { outcome, asked } = await sent({ urgent: 'app', receive_id_type: 'chat_id' }, [CREATED]);
  assert.ok(outcome.ok && outcome.note?.includes('urgent_user_ids'));
  assert.equal(asked.length, 1);
});

test('a message that was refused is not urged', async () => {
  const { outcome, io, asked } = await sent({ urgent: 'app' }, [{ status: 400, body: '{"code":230002,"msg":"no"}' }]);
  assert.ok(!outcome.ok && io.arrived() === undefined);
  assert.equal(asked.length, 1);
});

test('whatever becomes of the urgent call, the message has arrived', async () => {
  const urgent = { urgent: 'app' };
  const refused = await sent(urgent, [CREATED, { status: 400, body: '{"code":230024,"msg":"quota"}' }]);
  assert.ok(refused.outcome.ok && refused.outcome.note?.includes('额度'));
  const id = APP.receive_id;
  const missed = await sent(urgent, [CREATED, ok({ data: { invalid_user_id_list: [id] } })]);
  assert.ok(missed.outcome.ok && missed.outcome.note?.includes('1 人') && !missed.outcome.note.includes(id));

  const { http } = scriptedHttp(TOKEN, CREATED, { fault: 'reset' });
  const io = createIo(http);
  await assert.rejects(feishuApp.send(payloadOf(urgent), configOf(urgent), io), SendError);
  assert.ok(io.arrived()?.note?.includes('未得到答复'));
});

test('a token that ends between the two requests is fetched anew for the second', async () => {
  const { asked, given, revoke, http } = platform();
  const io = createIo((request) => {
    if (request.method === 'PATCH' && given() === 1) revoke();
    return http(request);
  });
  const outcome = await attempt(feishuApp, payloadOf({ urgent: 'app' }), configOf({ urgent: 'app' }), io);
  assert.deepEqual(outcome, { ok: true });
  assert.deepEqual(
    asked.map(({ method }) => method),
    ['POST', 'PATCH', 'PATCH'],
  );
});

tokenLaws(feishuApp, {
  platform,
  target: APP,
  account: 'cli_1',
  otherSecret: { app_secret: 'x' },
  otherPeople: { receive_id: 'ou_2' },
  refused: '99991663',
  expired: '99991663',
});

test('what the token endpoint refuses is the outcome, and nothing has been sent', async () => {
  const kindOf = async (status: number, body: string) => {
    const { http } = scriptedHttp({ status, body });
    const outcome = await attempt(feishuApp, payloadOf({}), configOf(), createIo(http));
    return outcome.ok ? 'ok' : [outcome.kind, outcome.code];
  };
  assert.deepEqual(await kindOf(200, '{"code":10014,"msg":"app secret invalid"}'), ['unauthorized', '10014']);
  assert.deepEqual(await kindOf(200, '{"code":0,"msg":"ok"}'), ['unavailable', 'HTTP 200']);
  assert.deepEqual(await kindOf(200, '<html>'), ['unavailable', 'HTTP 200']);
  assert.deepEqual(await kindOf(429, '{"code":99991400,"msg":"limit"}'), ['rate_limited', '99991400']);
});

test('the id of the platform’s log is kept for its support', async () => {
  const body = JSON.stringify({ code: 230001, msg: 'm'.repeat(600), error: { log_id: '2026abc' } });
  const { outcome } = await sent({}, [{ status: 400, body }]);
  assert.ok(!outcome.ok && outcome.message.startsWith('[log_id 2026abc] ') && outcome.message.length <= 500);
});

test('the stand-in takes every kind of message in every form', async (t) => {
  const { sandbox, send } = await sandboxed(t, feishuApp, { token: 'cli_1', secret: 'secret1' });
  const to = [
    { receive_id: 'ou_someone', receive_id_type: 'open_id' },
    { receive_id: 'oc_group', receive_id_type: 'chat_id' },
  ];
  const forms = [{}, { msg_type: 'text' }, { msg_type: 'post' }, { msg_type: 'interactive' }];
  for (const target of to.flatMap((person) => forms.map((form) => ({ ...person, ...form })))) {
    for (const message of [...KINDS, ...HOSTILE_MESSAGES]) {
      const outcomes = await send(message, { app_id: 'cli_1', app_secret: 'secret1', ...target });
      assert.ok(
        outcomes.every((outcome) => outcome.ok && outcome.note === undefined),
        JSON.stringify([target, message, outcomes, sandbox.refusals()[0]]),
      );
    }
  }
  assert.deepEqual(sandbox.refusals(), []);
});

test('the stand-in urges those who are there', async (t) => {
  const { sandbox, send } = await sandboxed(t, feishuApp, { token: 'cli_1', secret: 'secret1' });
  const target = { app_id: 'cli_1', app_secret: 'secret1', receive_id: 'oc_group', receive_id_type: 'chat_id' };
  const urge = (urgent: string, ids: string[]) => send(MESSAGE, { ...target, urgent, urgent_user_ids: ids });
  assert.deepEqual(await urge('phone', ['ou_a']), [{ ok: true }]);
  assert.equal(sandbox.messages()[0]?.kind, 'urgent_phone');
  const noteOf = async (urgent: string, ids: string[]) => {
    const [outcome] = await urge(urgent, ids);
    return outcome?.ok ? (outcome.note ?? '') : 'failed';
  };
  assert.match(await noteOf('app', ['ou_a', 'ou_nobody']), /未通知到 1 人/);
  assert.match(await noteOf('app', ['ou_nobody']), /失败：230001/);
  assert.match(await noteOf('sms', ['ou_spent']), /失败：230024.*额度/);
});
