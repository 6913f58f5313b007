import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { start, type Started } from './start.ts';

const TOKEN = '/dingtalk_app/v1.0/oauth2/accessToken';
const SEND = '/dingtalk_app/v1.0/robot/oToMessages/batchSend';
const KEYS = { appKey: 'dingkey', appSecret: 'app-secret' };
const body = (msgKey: string, msgParam: unknown, more: object = {}) => ({
  robotCode: 'dingrobot',
  userIds: ['u1'],
  msgKey,
  msgParam: JSON.stringify(msgParam),
  ...more,
});
const TEXT = body('sampleText', { content: 'hello' });

interface Reply {
  readonly status: number;
  readonly json: unknown;
}
const code = ({ json }: Reply): string | undefined => (json as { code?: string }).code;

async function signIn({ post }: Started, keys: object = KEYS): Promise<Record<string, string>> {
  const { json } = await post(TOKEN, keys);
  return { 'x-acs-dingtalk-access-token': (json as { accessToken: string }).accessToken };
}

describe('dingtalk_app token', () => {
  test('the same one within its two hours', async (t) => {
    const { post, clock } = await start(t);
    const first = await post(TOKEN, KEYS);
    assert.deepEqual(Object.keys(first.json as object), ['accessToken', 'expireIn']);
    clock.advance(7_000_000);
    const second = (await post(TOKEN, KEYS)).json;
    assert.deepEqual(second, { ...(first.json as object), expireIn: 200 });
    clock.advance(200_000);
    assert.notDeepEqual((await post(TOKEN, KEYS)).json, { ...(first.json as object) });
  });

  const wrong: Record<string, [body: unknown, code: string]> = {
    'no appKey': [{ appSecret: 's' }, 'MissingappKey'],
    'no appSecret': [{ appKey: 'k' }, 'MissingappSecret'],
    'malformed appKey': [{ appKey: 'a b', appSecret: 's' }, 'invalidClientIdOrSecret'],
    'no JSON': ['{', 'invalidParameter.param.invalid'],
  };
  for (const [name, [sent, expected]] of Object.entries(wrong)) {
    test(`${name}: ${expected}`, async (t) => {
      const { post } = await start(t);
      const reply = await post(TOKEN, sent);
      assert.equal(reply.status, 400);
      assert.equal(code(reply), expected);
      assert.match((reply.json as { requestid: string }).requestid, /^[0-9A-F-]{36}$/);
    });
  }

  test('a declared secret is checked, and a new one revokes the old tokens', async (t) => {
    const at = await start(t, { bots: [{ platform: 'dingtalk_app', token: 'dingkey', secret: 'app-secret' }] });
    assert.equal(code(await at.post(TOKEN, { ...KEYS, appSecret: 'x' })), 'invalidClientIdOrSecret');
    const headers = await signIn(at);
    assert.equal((await at.post(SEND, TEXT, headers)).status, 200);
    at.sandbox.bot({ platform: 'dingtalk_app', token: 'dingkey', secret: 'newer' });
    assert.equal(code(await at.post(SEND, TEXT, headers)), 'InvalidAuthentication');
  });

  test('missing, unknown and expired tokens are InvalidAuthentication', async (t) => {
    const at = await start(t);
    const headers = await signIn(at);
    assert.equal((await at.post(SEND, TEXT, headers)).status, 200);
    at.clock.advance(7_200_000);
    for (const given of [{}, { 'x-acs-dingtalk-access-token': 'made-up' }, headers]) {
      const reply = await at.post(SEND, TEXT, given);
      assert.equal(reply.status, 400);
      assert.equal(code(reply), 'InvalidAuthentication');
      assert.equal((reply.json as { message: string }).message, '不合法的access_token');
    }
  });
});

describe('dingtalk_app messages', () => {
  const good: Record<string, [body: unknown, title: string, text: string]> = {
    sampleText: [TEXT, '', 'hello'],
    sampleMarkdown: [body('sampleMarkdown', { title: 'T', text: '# x' }), 'T', '# x'],
    sampleLink: [body('sampleLink', { title: 'T', text: 'x', messageUrl: 'https://x.example', picUrl: '' }), 'T', 'x'],
    sampleActionCard: [
      body('sampleActionCard', { title: 'T', text: '# x', singleTitle: 'Open', singleURL: 'https://x.example' }),
      'T',
      '# x',
    ],
  };
  for (const [name, [sent, title, words]] of Object.entries(good)) {
    test(`${name} is accepted and readable`, async (t) => {
      const at = await start(t);
      const { status, json } = await at.post(SEND, sent, await signIn(at));
      assert.equal(status, 200);
      assert.deepEqual(
        { ...(json as object), processQueryKey: 0 },
        { processQueryKey: 0, invalidStaffIdList: [], flowControlledStaffIdList: [] },
      );
      const [message] = at.sandbox.messages();
      assert.equal(message?.title, title);
      assert.equal(message.text, words);
      assert.equal(message.token, 'dingkey');
      assert.deepEqual(message.to, ['u1']);
    });
  }

  const long = (bytes: number) => body('sampleText', { content: 'a'.repeat(bytes - '{"content":""}'.length) });
  const bad: Record<string, [body: unknown, code: string]> = {
    'no robotCode': [
      body('sampleText', { content: 'x' }, { robotCode: undefined }),
      'invalidParameter.robotCode.empty',
    ],
    'unknown robot': [
      body('sampleText', { content: 'x' }, { robotCode: 'nobody' }),
      'invalidParameter.robotCode.notExsit',
    ],
    'no userIds': [body('sampleText', { content: 'x' }, { userIds: [] }), 'invalidParameter.userIds.empty'],
    'userIds joined by commas': [
      body('sampleText', { content: 'x' }, { userIds: 'a,b' }),
      'invalidParameter.userIds.empty',
    ],
    'userIds that are numbers': [
      body('sampleText', { content: 'x' }, { userIds: [1] }),
      'invalidParameter.param.invalid',
    ],
    '21 userIds': [
      body('sampleText', { content: 'x' }, { userIds: Array.from({ length: 21 }, (_, i) => `u${i}`) }),
      'invalidParameter.userIds.overMax',
    ],
    'no msgKey': [body('', { content: 'x' }), 'invalidParameter.msgKey.empty'],
    'unknown msgKey': [body('text', { content: 'x' }), 'invalidParameter.msgKey.invalid'],
    'prototype name as msgKey': [body('toString', {}), 'invalidParameter.msgKey.invalid'],
    'msgParam that is an object': [{ ...TEXT, msgParam: { content: 'x' } }, 'invalidParameter.msgParam.invalid'],
    'msgParam that is no JSON': [{ ...TEXT, msgParam: '{' }, 'invalidParameter.msgParam.invalid'],
    'text with the field of markdown': [body('sampleText', { text: 'x' }), 'invalidParameter.msgParam.invalid'],
    'markdown without title': [body('sampleMarkdown', { text: 'x' }), 'invalidParameter.msgParam.invalid'],
    'action card without link': [
      body('sampleActionCard', { title: 'T', text: 'x', singleTitle: 'Open' }),
      'invalidParameter.msgParam.invalid',
    ],
    'msgParam of 15,001 bytes': [long(15_001), 'invalidParameter.msgParam.invalid'],
    'no JSON': ['{', 'invalidParameter.param.invalid'],
  };
  for (const [name, [sent, expected]] of Object.entries(bad)) {
    test(`${name}: ${expected}`, async (t) => {
      const at = await start(t);
      const reply = await at.post(SEND, sent, await signIn(at));
      assert.equal(reply.status, 400);
      assert.equal(code(reply), expected);
      assert.equal(at.sandbox.messages().length, 0);
    });
  }

  test('15,000 bytes pass; wrong content type and method do not', async (t) => {
    const at = await start(t);
    const headers = await signIn(at);
    assert.equal((await at.post(SEND, long(15_000), headers)).status, 200);
    const reply = await at.post(SEND, TEXT, { ...headers, 'content-type': 'text/plain' });
    assert.equal(code(reply), 'invalidParameter.param.invalid');
    const get = await fetch(at.sandbox.url + SEND);
    assert.equal(get.status, 404);
    assert.equal(((await get.json()) as { code: string }).code, 'InvalidAction.NotFound');
  });

  test('some unknown, some held back: the others get it', async (t) => {
    const at = await start(t);
    const headers = await signIn(at);
    const { json } = await at.post(SEND, { ...TEXT, userIds: ['u1', 'nobody1', 'flow2'] }, headers);
    assert.deepEqual(
      { ...(json as object), processQueryKey: 0 },
      { processQueryKey: 0, invalidStaffIdList: ['nobody1'], flowControlledStaffIdList: ['flow2'] },
    );
    assert.deepEqual(at.sandbox.messages()[0]?.to, ['u1']);
  });

  test('nobody reached is still HTTP 200', async (t) => {
    const at = await start(t);
    const { status, json } = await at.post(SEND, { ...TEXT, userIds: ['nobody1'] }, await signIn(at));
    assert.equal(status, 200);
    assert.deepEqual((json as { invalidStaffIdList: string[] }).invalidStaffIdList, ['nobody1']);
    assert.equal(at.sandbox.messages().length, 0);
    assert.equal(at.sandbox.refusals()[0]?.reason, 'nobody is reached');
  });

  test('level and colour are what a reader would see', async (t) => {
    const at = await start(t);
    const headers = await signIn(at);
    await at.post(SEND, body('sampleMarkdown', { title: '⚠️ T', text: 'x' }), headers);
    assert.equal(at.sandbox.messages()[0]?.level, 'warning');
    await at.post(SEND, body('sampleMarkdown', { title: 'T', text: '<font color="#D9363E">x</font>' }), headers);
    assert.equal(at.sandbox.messages()[0]?.level, 'error');
    assert.equal(at.sandbox.messages()[0]?.colour, '#d9363e');
  });

  test('faults have the status of their family', async (t) => {
    const at = await start(t);
    const headers = await signIn(at);
    const faults = {
      'Throttling.User': 429,
      'Forbidden.AccessDenied.AccessTokenPermissionDenied': 403,
      ServiceUnavailable: 503,
      InternalError: 500,
      'invalidParameter.userIds.empty': 400,
    };
    for (const [name, status] of Object.entries(faults)) {
      at.sandbox.fault({ platform: 'dingtalk_app', token: 'dingkey', fault: `code:${name}` });
      const reply = await at.post(SEND, TEXT, headers);
      assert.deepEqual([reply.status, code(reply)], [status, name]);
    }
    assert.throws(() => at.sandbox.fault({ platform: 'dingtalk_app', fault: 'code:40014' }));
  });
});
