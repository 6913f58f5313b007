import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { start, START, type Started } from './start.ts';

const HOOK = '/webhook/bot-1';

// standard-webhooks: the vector of the reference libraries.
const A = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  stamp: 1_614_265_330,
  body: '{"test": 2432232314}',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};
// A body beyond ASCII and two secrets, as while they are being changed.
const B = {
  secret: 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=',
  second: 'whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=',
  id: 'msg_0001',
  stamp: 1_767_225_600,
  body: '{"type":"alert.fired","timestamp":"2026-01-01T00:00:00Z","data":{"title":"磁盘 90%","level":"critical"}}',
  signature: 'v1,RZNG2kp+StJBCoN+ZKZ63wAXU4sHFs1+oFAadm4Ybqo=',
  rotated: 'v1,RZNG2kp+StJBCoN+ZKZ63wAXU4sHFs1+oFAadm4Ybqo= v1,QElvFoaMiWyKaNwWjOSj4CYHFk83RQ+RQ6k+wY35Q3g=',
  textAsKey: 'v1,r6kc9TVfWaoA6wBM3TpnnAncnJwuiyabOgM64MR0YZA=',
};
const signed = (id: string, stamp: number | string, signature: string) => ({
  'webhook-id': id,
  'webhook-timestamp': String(stamp),
  'webhook-signature': signature,
});

describe('webhook signature', () => {
  async function receiver(t: Parameters<typeof start>[0], secret: string, stamp: number): Promise<Started> {
    const started = await start(t, { bots: [{ platform: 'webhook', token: 'bot-1', secret }] });
    started.clock.advance(stamp * 1000 - START);
    return started;
  }

  test('the vector of the reference libraries, secret with and without prefix', async (t) => {
    for (const secret of [A.secret, A.secret.slice('whsec_'.length)]) {
      const { post } = await receiver(t, secret, A.stamp);
      const reply = await post(HOOK, A.body, signed(A.id, A.stamp, A.signature));
      assert.deepEqual(reply, { status: 200, json: { ok: true } });
    }
  });

  test('two secrets: either one finds its signature; unknown versions are passed over', async (t) => {
    for (const secret of [B.secret, B.second]) {
      const { post, sandbox } = await receiver(t, secret, B.stamp);
      assert.equal((await post(HOOK, B.body, signed(B.id, B.stamp, `v1a,AAAA ${B.rotated}`))).status, 200);
      const [shown] = sandbox.messages();
      assert.deepEqual([shown?.title, shown?.level], ['磁盘 90%', 'error']);
    }
  });

  test('every wrong signature is 401', async (t) => {
    const { post, sandbox } = await receiver(t, B.secret, B.stamp);
    const wrong: Record<string, [headers: Record<string, string>, body?: string]> = {
      'Missing required headers': [{}],
      'missing id': [{ ...signed('', B.stamp, B.signature) }],
      'secret text as key': [signed(B.id, B.stamp, B.textAsKey)],
      'second secret': [signed(B.id, B.stamp, B.rotated.split(' ')[1]!)],
      'another id': [signed('msg_0002', B.stamp, B.signature)],
      'another second': [signed(B.id, B.stamp + 1, B.signature)],
      milliseconds: [signed(B.id, `${B.stamp}000`, B.signature)],
      'another body': [signed(B.id, B.stamp, B.signature), B.body.replace('90', '91')],
      'no version': [signed(B.id, B.stamp, B.signature.slice('v1,'.length))],
      'id with a full stop': [signed('msg.1', B.stamp, B.signature)],
    };
    for (const [name, [headers, body = B.body]] of Object.entries(wrong)) {
      assert.equal((await post(HOOK, body, headers)).status, 401, name);
    }
    assert.equal(sandbox.messages().length, 0);
  });

  test('five minutes either way', async (t) => {
    const { post, clock } = await receiver(t, B.secret, B.stamp);
    const send = async () => (await post(HOOK, B.body, signed(B.id, B.stamp, B.signature))).json;
    clock.advance(300_000);
    assert.deepEqual(await send(), { ok: true });
    clock.advance(1000);
    assert.deepEqual(await send(), { error: 'Message timestamp too old' });
    clock.advance(-601_000);
    assert.deepEqual(await send(), { ok: true });
    clock.advance(-1000);
    assert.deepEqual(await send(), { error: 'Message timestamp too new' });
  });

  test('a receiver without a secret still wants well-formed headers of now', async (t) => {
    const { post } = await start(t);
    assert.equal((await post(HOOK, B.body, signed('m', START / 1000, B.signature))).status, 200);
    assert.equal((await post(HOOK, B.body, signed('m', START / 1000, 'v1,abc'))).status, 401);
    assert.equal((await post(HOOK, B.body, { 'webhook-id': 'm' })).status, 401);
  });

  test('a repeat of an id is answered and not shown again', async (t) => {
    const { post, sandbox } = await start(t);
    const headers = signed('m', START / 1000, B.signature);
    assert.equal((await post(HOOK, B.body, headers)).status, 200);
    assert.equal((await post(HOOK, B.body, headers)).status, 200);
    assert.equal((await post('/webhook/bot-2', B.body, headers)).status, 200);
    assert.equal(sandbox.messages().length, 2);
    assert.equal(sandbox.requests(), 3);
  });
});

describe('webhook body', () => {
  test('the body that is sent without a template', async (t) => {
    const { post, sandbox } = await start(t);
    const body = {
      title: 'Disk',
      body: '91 %',
      level: 'warning',
      fields: [{ name: 'Host', value: 'db-1' }],
      url: 'https://x.example/a',
      task_id: '1',
      timestamp: START,
    };
    assert.equal((await post(HOOK, body)).status, 200);
    const [shown] = sandbox.messages({ platform: 'webhook', token: 'bot-1' });
    assert.deepEqual([shown?.title, shown?.text, shown?.level], ['Disk', '91 %', 'warning']);
    assert.deepEqual(shown?.fields, [{ name: 'Host', value: 'db-1' }]);
    assert.deepEqual(shown?.links, [{ text: '打开', url: 'https://x.example/a' }]);
    assert.deepEqual(shown?.raw, body);
  });

  const shapes: Record<string, [body: unknown, title: string, text: string, level: string | undefined]> = {
    'other names': [{ subject: 'T', message: 'm', severity: 'critical' }, 'T', 'm', 'error'],
    'the words of Apprise': [{ title: 'T', message: 'm', type: 'failure' }, 'T', 'm', 'error'],
    'a sign alone': [{ text: '✅ done' }, '', '✅ done', 'info'],
    'nothing it knows': [{ a: 1 }, '', '{\n  "a": 1\n}', undefined],
    'a list': [[1], '', '[\n  1\n]', undefined],
    'fields as an object': [{ title: 'T', fields: { a: 1 } }, 'T', '', undefined],
  };
  for (const [name, [body, title, text, level]] of Object.entries(shapes)) {
    test(name, async (t) => {
      const { post, sandbox } = await start(t);
      assert.equal((await post(HOOK, body)).status, 200);
      const [shown] = sandbox.messages();
      assert.deepEqual([shown?.title, shown?.text, shown?.level], [title, text, level]);
    });
  }

  test('any method; form, text, query or nothing', async (t) => {
    const { sandbox } = await start(t);
    const send = async (method: string, path = HOOK, body?: string | URLSearchParams) => {
      const init = body === undefined ? { method } : { method, body };
      assert.equal((await fetch(sandbox.url + path, init)).status, 200);
      const [shown] = sandbox.messages();
      return [shown?.kind, shown?.title, shown?.text];
    };
    assert.deepEqual(await send('PUT', HOOK, new URLSearchParams({ title: 'T', body: 'a+b' })), ['PUT', 'T', 'a+b']);
    assert.deepEqual(await send('PATCH', HOOK, 'plain'), ['PATCH', '', 'plain']);
    assert.deepEqual(await send('GET', `${HOOK}?title=T&body=x`), ['GET', 'T', 'x']);
    assert.deepEqual(await send('DELETE'), ['DELETE', '', '[空请求]']);
  });

  test('what calls itself JSON must be JSON', async (t) => {
    const { post, sandbox } = await start(t);
    assert.equal((await post(HOOK, '{"a":"\n"}')).status, 400);
    assert.equal(sandbox.messages().length, 0);
  });

  test('faults: a status with its headers, and a failure inside a 200', async (t) => {
    const { sandbox } = await start(t);
    const send = async (fault: string) => {
      sandbox.fault({ platform: 'webhook', token: 'bot-1', fault: `code:${fault}` });
      return await fetch(sandbox.url + HOOK, { method: 'POST', body: 'x', redirect: 'manual' });
    };
    assert.equal((await send('429')).headers.get('retry-after'), '30');
    assert.equal((await send('410')).status, 410);
    assert.match((await send('302')).headers.get('location') ?? '', /^http/);
    const inside: Record<string, unknown> = { errcode: 40_001, code: 1, ok: false, success: false };
    for (const [name, value] of Object.entries(inside)) {
      const reply = await send(name);
      assert.equal(reply.status, 200);
      assert.equal(((await reply.json()) as Record<string, unknown>)[name], value);
    }
    for (const wrong of ['200', '304', 'toString']) {
      assert.throws(() => sandbox.fault({ platform: 'webhook', fault: `code:${wrong}` }), wrong);
    }
  });
});
