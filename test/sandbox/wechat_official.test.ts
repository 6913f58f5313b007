import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import wechatOfficial from '../../src/sandbox/platforms/wechat_official.ts';
import { START, start, type Started } from './start.ts';

const PREFIX = '/wechat_official/cgi-bin';
const APP = 'wx0123456789abcdef';
const KEYS = { grant_type: 'client_credential', appid: APP, secret: 'app-secret' };
const message = (more: object = {}) => ({
  touser: 'oABC-123',
  template_id: 'tpl_1',
  url: 'https://x.example',
  data: { title: { value: 'T' }, content: { value: 'hello' }, host: { value: 'web-1' } },
  ...more,
});
const code = ({ json }: { json: unknown }): number => (json as { errcode: number }).errcode;
const given = ({ json }: { json: unknown }) => json as { access_token: string; expires_in: number };
const sendTo = (token: string): string => `${PREFIX}/message/template/send?access_token=${token}`;

async function signIn({ post }: Started): Promise<string> {
  return sendTo(given(await post(`${PREFIX}/stable_token`, KEYS)).access_token);
}

async function classic({ sandbox }: Started, query: object): Promise<{ json: unknown }> {
  const response = await fetch(`${sandbox.url}${PREFIX}/token?${new URLSearchParams({ ...query }).toString()}`);
  return { json: await response.json() };
}

describe('wechat_official tokens', () => {
  test('stable: the same one, renewed in its last five minutes', async (t) => {
    const at = await start(t);
    const first = given(await at.post(`${PREFIX}/stable_token`, KEYS));
    assert.equal(first.expires_in, 7200);
    assert.equal(first.access_token.length, 512);
    at.clock.advance(6_900_000);
    assert.deepEqual(given(await at.post(`${PREFIX}/stable_token`, KEYS)), { ...first, expires_in: 300 });
    at.clock.advance(1000);
    const second = given(await at.post(`${PREFIX}/stable_token`, KEYS));
    assert.notEqual(second.access_token, first.access_token);
    for (const token of [first.access_token, second.access_token]) {
      assert.equal(code(await at.post(sendTo(token), message())), 0);
    }
    at.clock.advance(299_000);
    assert.equal(code(await at.post(sendTo(first.access_token), message())), 42001);
  });

  test('stable: a forced one ends the last at once, but not within 30 seconds of another', async (t) => {
    const at = await start(t);
    const send = await signIn(at);
    const force = async () => given(await at.post(`${PREFIX}/stable_token`, { ...KEYS, force_refresh: true }));
    const forced = await force();
    assert.equal(code(await at.post(send, message())), 42001);
    assert.equal(code(await at.post(sendTo(forced.access_token), message())), 0);
    assert.equal((await force()).access_token, forced.access_token);
    for (let i = 0; i < 19; i += 1) {
      at.clock.advance(30_000);
      assert.notEqual((await force()).access_token, forced.access_token);
    }
    at.clock.advance(30_000);
    assert.equal(code(await at.post(`${PREFIX}/stable_token`, { ...KEYS, force_refresh: true })), 45009);
  });

  test('classic: every fetch leaves the last one five minutes; apart from the stable one', async (t) => {
    const at = await start(t);
    const stable = await signIn(at);
    const first = given(await classic(at, KEYS)).access_token;
    const second = given(await classic(at, KEYS)).access_token;
    assert.notEqual(first, second);
    assert.equal(code(await at.post(sendTo(first), message())), 0);
    at.clock.advance(300_000);
    assert.equal(code(await at.post(sendTo(first), message())), 42001);
    assert.equal(code(await at.post(sendTo(second), message())), 0);
    assert.equal(code(await at.post(stable, message())), 0);
  });

  const wrong: Record<string, [keys: object, code: number]> = {
    'no grant_type': [{ grant_type: '' }, 40002],
    'wrong grant_type': [{ grant_type: 'authorization_code' }, 40002],
    'no appid': [{ appid: '' }, 41002],
    'no secret': [{ secret: '' }, 41004],
    'malformed appid': [{ appid: 'cli_1' }, 40013],
    'malformed secret': [{ secret: 'a b' }, 40125],
    'wrong secret': [{ secret: 'other' }, 40125],
  };
  for (const [name, [keys, expected]] of Object.entries(wrong)) {
    test(`${name}: ${expected} on both`, async (t) => {
      const at = await start(t, { bots: [{ platform: 'wechat_official', token: APP, secret: 'app-secret' }] });
      assert.equal(code(await at.post(`${PREFIX}/stable_token`, { ...KEYS, ...keys })), expected);
      assert.equal(code(await classic(at, { ...KEYS, ...keys })), expected);
    });
  }

  test('shape and method', async (t) => {
    const at = await start(t);
    assert.equal(code(await at.post(`${PREFIX}/stable_token`, { ...KEYS, force_refresh: 'false' })), 47001);
    assert.equal(code(await at.post(`${PREFIX}/stable_token`, KEYS, { 'content-type': 'text/plain' })), 47001);
    assert.equal(code({ json: await (await fetch(`${at.sandbox.url}${PREFIX}/stable_token`)).json() }), 43002);
    assert.equal(code(await at.post(`${PREFIX}/token`, {})), 43001);
  });

  test('missing, malformed, unknown and revoked tokens', async (t) => {
    const at = await start(t);
    const send = await signIn(at);
    assert.equal(code(await at.post(`${PREFIX}/message/template/send`, message())), 41001);
    assert.equal(code(await at.post(sendTo('a%20b'), message())), 40014);
    assert.equal(code(await at.post(sendTo('8_made-up'), message())), 40001);
    assert.equal(code(await at.post(`${send}&access_token=x`, message())), 40014);
    at.sandbox.bot({ platform: 'wechat_official', token: APP, secret: 'newer' });
    assert.equal(code(await at.post(send, message())), 40001);
  });
});

describe('wechat_official messages', () => {
  test('a template message is accepted and readable', async (t) => {
    const at = await start(t);
    const { status, json } = await at.post(await signIn(at), message());
    assert.equal(status, 200);
    assert.deepEqual(json, { errcode: 0, errmsg: 'ok', msgid: 200_000_001 });
    const [shown] = at.sandbox.messages();
    assert.equal(shown?.title, 'T');
    assert.equal(shown.text, 'hello');
    assert.equal(shown.token, APP);
    assert.deepEqual(shown.fields, [{ name: 'host', value: 'web-1' }]);
    assert.deepEqual(shown.links, [{ text: '查看详情', url: 'https://x.example' }]);
    assert.deepEqual(shown.to, ['oABC-123']);
    assert.deepEqual(shown.raw, message());
  });

  test('typed fields, colour and mini-program', async (t) => {
    const at = await start(t);
    const data = { thing1: { value: '磁盘将满', color: '#D9363E' }, time2: { value: '2024-01-01' } };
    const sent = message({ data, miniprogram: { appid: 'wx1', pagepath: 'p' } });
    assert.equal(code(await at.post(await signIn(at), sent)), 0);
    const [shown] = at.sandbox.messages();
    assert.equal(shown?.title, '[模板 tpl_1]');
    assert.equal(shown.level, 'error');
    assert.equal(shown.colour, '#d9363e');
    assert.equal(shown.fields?.length, 2);
    assert.deepEqual(shown.links, []);
  });

  const data = (name: string, value: unknown) => message({ data: { [name]: { value } } });
  const bad: Record<string, [body: unknown, code: number]> = {
    'no JSON': ['{', 47001],
    'no touser': [message({ touser: undefined }), 47001],
    'no data': [message({ data: undefined }), 47001],
    'field that is no object': [message({ data: { title: 'T' } }), 47001],
    'value that is a number': [data('title', 7), 47001],
    'empty openid': [message({ touser: '' }), 40003],
    'unknown openid': [message({ touser: 'nobody-1' }), 40003],
    'two openids': [message({ touser: 'o1,o2' }), 40003],
    'one who does not follow': [message({ touser: 'stranger' }), 43004],
    'one who blocked us': [message({ touser: 'blocked' }), 43019],
    'unknown template': [message({ template_id: 'nobody' }), 40037],
    'url that is none': [message({ url: 'javascript:alert(1)' }), 40048],
    'thing of 21 characters': [data('thing1', '告'.repeat(21)), 47003],
    'empty thing': [data('thing1', ''), 47003],
    'character_string with Chinese': [data('character_string2', '告'), 47003],
    'phrase of six': [data('phrase3', '告'.repeat(6)), 47003],
    'phrase in Latin': [data('phrase3', 'ok'), 47003],
    'phone_number of 18': [data('phone_number4', '1'.repeat(18)), 47003],
    'const of 21': [data('const5', 'a'.repeat(21)), 47003],
  };
  for (const [name, [body, expected]] of Object.entries(bad)) {
    test(`${name}: ${expected}`, async (t) => {
      const at = await start(t);
      const reply = await at.post(await signIn(at), body);
      assert.equal(reply.status, 200);
      assert.equal(code(reply), expected);
      assert.match((reply.json as { errmsg: string }).errmsg, / rid: /);
      assert.equal(at.sandbox.messages().length, 0);
    });
  }

  test('emoji count once in a thing', async (t) => {
    const at = await start(t);
    assert.equal(code(await at.post(await signIn(at), data('thing1', '🔥'.repeat(20)))), 0);
  });

  test('one client_msg_id is one message to one follower for ten minutes', async (t) => {
    const at = await start(t);
    const send = await signIn(at);
    const first = await at.post(send, message({ client_msg_id: 'm-1' }));
    assert.deepEqual(await at.post(send, message({ client_msg_id: 'm-1' })), first);
    assert.equal(at.sandbox.messages().length, 1);
    assert.equal(code(await at.post(send, message({ client_msg_id: 'm-1', touser: 'o2' }))), 0);
    assert.equal(code(await at.post(send, message({ client_msg_id: 'm-2' }))), 0);
    assert.equal(at.sandbox.messages().length, 3);
    at.clock.advance(600_000);
    assert.notDeepEqual(await at.post(send, message({ client_msg_id: 'm-1' })), first);
    assert.equal(at.sandbox.messages().length, 4);
  });

  test('100,000 messages in 24 hours, 10,000 stable tokens in a minute', () => {
    const [tokens, , send] = wechatOfficial().routes!;
    const ask = (route: typeof send, path: string, body: object, now: number) => {
      const url = new URL(`http://sandbox${path}`);
      const headers = { 'content-type': 'application/json' };
      const call = { method: 'POST', url, params: {}, headers, body: Buffer.from(JSON.stringify(body)), ip: '', now };
      return { json: route!.receive(call, undefined).answer.body };
    };
    const token = given(ask(tokens, '', KEYS, START)).access_token;
    for (let i = 1; i < 10_000; i += 1) assert.equal(given(ask(tokens, '', KEYS, START)).access_token, token);
    assert.equal(code(ask(tokens, '', KEYS, START)), 45011);
    assert.equal(given(ask(tokens, '', KEYS, START + 60_000)).access_token, token);
    for (let i = 0; i < 100_000; i += 1) assert.equal(code(ask(send, sendTo(token), message(), START)), 0);
    assert.equal(code(ask(send, sendTo(token), message(), START)), 45009);
  });

  test('faults are in the words of the platform', async (t) => {
    const at = await start(t);
    const send = await signIn(at);
    at.sandbox.fault({ platform: 'wechat_official', token: APP, fault: 'code:40164' });
    const { status, json } = await at.post(send, message());
    assert.equal(status, 200);
    assert.match((json as { errmsg: string }).errmsg, /^invalid ip 127\.0\.0\.1, not in whitelist rid: /);
    assert.throws(() => at.sandbox.fault({ platform: 'wechat_official', fault: 'code:Throttling' }));
  });
});
