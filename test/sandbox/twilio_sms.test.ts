import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { countSegments } from '../../src/sandbox/platforms/twilio_sms/segments.ts';
import { start } from './start.ts';

const SID = `AC${'0123456789abcdef'.repeat(2)}`;
const SERVICE = `MG${'0123456789abcdef'.repeat(2)}`;
const PATH = `/twilio_sms/2010-04-01/Accounts/${SID}/Messages.json`;
const FORM = { To: '+12065550100', From: '+12065550199', Body: '🔴 Disk full' };
const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

interface Reply {
  readonly code?: number;
  readonly message?: string;
  readonly sid?: string;
  readonly status?: string | number;
  readonly num_segments?: string;
  readonly more_info?: string;
}

async function open(t: TestContext, declared = true) {
  const bots = declared ? [{ platform: 'twilio_sms', token: SID, secret: 'token-1' }] : [];
  const started = await start(t, { bots });
  const send = async (form: Readonly<Record<string, string>>, headers: Record<string, string> = {}, path = PATH) => {
    const response = await fetch(started.sandbox.url + path, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: basic(SID, 'token-1'),
        ...headers,
      },
      body: new URLSearchParams(form).toString(),
    });
    return { status: response.status, json: (await response.json()) as Reply };
  };
  return { ...started, send };
}

describe('twilio_sms', () => {
  test('the documented call is accepted and readable', async (t) => {
    const { send, sandbox } = await open(t);
    const { status, json } = await send(FORM);
    assert.equal(status, 201);
    assert.match(json.sid ?? '', /^SM[0-9a-f]{32}$/);
    assert.equal(json.status, 'queued');
    assert.equal(json.num_segments, '1');
    const [message] = sandbox.messages();
    assert.equal(message?.text, '🔴 Disk full');
    assert.equal(message.level, 'error');
    assert.deepEqual(message.to, ['+12065550100']);
    assert.deepEqual(message.fields?.[0], { name: 'From', value: '+12065550199' });
    assert.deepEqual(message.raw, FORM);
  });

  test('a messaging service, a name or a short code may send', async (t) => {
    const { send } = await open(t);
    assert.equal((await send({ To: FORM.To, MessagingServiceSid: SERVICE, Body: 'x' })).json.status, 'accepted');
    assert.equal((await send({ ...FORM, From: 'PushServer' })).status, 201);
    assert.equal((await send({ ...FORM, From: '12345' })).status, 201);
  });

  const bad: Record<string, [more: Record<string, string>, code: number]> = {
    'no To': [{ To: '' }, 21604],
    'To without plus': [{ To: '12065550100' }, 21211],
    'a list as To': [{ To: '+12065550100,+12065550101' }, 21211],
    'no sender': [{ From: '' }, 21603],
    'sender that is none': [{ From: 'a name that is too long' }, 21212],
    'service that is none': [{ From: '', MessagingServiceSid: 'MG1' }, 21701],
    'no Body': [{ Body: '' }, 21602],
    '1601 characters': [{ Body: 'a'.repeat(1601) }, 21617],
    '801 emoji': [{ Body: '🔥'.repeat(801) }, 21617],
    'refused number': [{ To: '+12065550000' }, 21614],
    'magic: invalid': [{ To: '+15005550001' }, 21211],
    'magic: unroutable': [{ To: '+15005550002' }, 21612],
    'magic: country not enabled': [{ To: '+15005550003' }, 21408],
    'magic: unsubscribed': [{ To: '+15005550004' }, 21610],
    'magic: not a mobile': [{ To: '+15005550009' }, 21614],
    'magic: sender not owned': [{ From: '+15005550007' }, 21606],
  };
  for (const [name, [more, code]] of Object.entries(bad)) {
    test(`${name}: ${code}`, async (t) => {
      const { send, sandbox } = await open(t);
      const { status, json } = await send({ ...FORM, ...more });
      assert.equal(status, 400);
      assert.deepEqual(json, {
        code,
        message: json.message,
        more_info: `https://www.twilio.com/docs/errors/${code}`,
        status: 400,
      });
      assert.equal(sandbox.messages().length, 0);
    });
  }

  test('1600 characters pass', async (t) => {
    const { send } = await open(t);
    assert.equal((await send({ ...FORM, Body: '警'.repeat(1600) })).json.num_segments, '24');
  });

  test('credentials', async (t) => {
    const { send } = await open(t);
    const key = `SK${'0123456789abcdef'.repeat(2)}`;
    for (const authorization of ['', 'Bearer x', basic(SID, 'other'), basic(SID, ''), basic('AC1', 'token-1')]) {
      const { status, json } = await send(FORM, { authorization });
      assert.deepEqual([status, json.code, json.message], [401, 20003, 'Authenticate'], authorization);
    }
    const elsewhere = await send(FORM, {}, PATH.replace(SID, 'AC1'));
    assert.equal(elsewhere.json.code, 20003);
    assert.equal((await send(FORM, { authorization: basic(key, 'token-1') })).status, 201);
    const stranger = await open(t, false);
    assert.equal((await stranger.send(FORM, { authorization: basic(SID, 'whatever') })).status, 201);
  });

  test('method and content type', async (t) => {
    const { post, send, sandbox } = await open(t);
    const headers = { authorization: basic(SID, 'token-1') };
    const get = await fetch(sandbox.url + PATH, { headers });
    assert.equal(get.status, 405);
    const { json } = await post(PATH, FORM, headers);
    assert.equal((json as Reply).code, 21604);
    assert.equal((await send(FORM, { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' })).status, 201);
  });

  test('injected codes come with their status', async (t) => {
    const { send, sandbox } = await open(t);
    for (const [code, status] of [
      [20429, 429],
      [21608, 400],
      [21611, 429],
      [20503, 503],
    ] as const) {
      sandbox.fault({ platform: 'twilio_sms', token: SID, fault: `code:${code}` });
      const reply = await send(FORM);
      assert.deepEqual([reply.status, reply.json.code, reply.json.status], [status, code, status]);
    }
    assert.throws(() => sandbox.fault({ platform: 'twilio_sms', fault: 'code:1' }));
  });
});

describe('segments', () => {
  const texts: [text: string, segments: number][] = [
    ['a'.repeat(160), 1],
    ['a'.repeat(161), 2],
    ['a'.repeat(306), 2],
    ['a'.repeat(307), 3],
    ['€'.repeat(80), 1],
    ['€'.repeat(81), 2],
    ['警'.repeat(70), 1],
    ['警'.repeat(71), 2],
    [`${'a'.repeat(70)}’`, 2],
    ['🔥'.repeat(35), 1],
    ['🔥'.repeat(36), 2],
  ];
  for (const [text, segments] of texts) {
    test(`${text.length} units from "${text.slice(0, 2)}": ${segments}`, () =>
      assert.equal(countSegments(text), segments));
  }
});
