import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { start, type Started } from './start.ts';

const KEYED = '/apprise/notify/ops';
const STATELESS = '/apprise/notify';
const JSON_PLEASE = { accept: 'application/json' };
const TEXT = { body: 'hello' };

async function send({ sandbox }: Started, path: string, body: unknown, headers: Record<string, string> = {}) {
  const reply = await fetch(sandbox.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: reply.status, text: await reply.text() };
}

describe('apprise', () => {
  test('to a key: everything that is shown', async (t) => {
    const started = await start(t);
    const body = { title: 'Disk', body: '**91 %**', type: 'failure', format: 'markdown', tag: 'ops, storage critical' };
    assert.deepEqual(await send(started, KEYED, body), { status: 200, text: 'Notification(s) sent.' });
    const [shown] = started.sandbox.messages({ platform: 'apprise', token: 'ops' });
    assert.deepEqual(
      [shown?.title, shown?.text, shown?.format, shown?.level],
      ['Disk', '**91 %**', 'markdown', 'error'],
    );
    assert.deepEqual(shown?.fields, [{ name: '标签', value: 'ops, storage critical' }]);
  });

  test('to addresses: their services are named, their secrets are not', async (t) => {
    const started = await start(t);
    const urls = 'json://user:secret@x.example, mailto://a:b@x.example';
    assert.equal((await send(started, STATELESS, { ...TEXT, urls })).status, 200);
    const [shown] = started.sandbox.messages({ token: urls });
    assert.deepEqual(shown?.fields, [{ name: '服务', value: 'json://…，mailto://…' }]);
    assert.equal((await send(started, `${STATELESS}/`, { ...TEXT, urls: ['json://x.example'] })).status, 200);
  });

  test('types, html, and tags of the query', async (t) => {
    const started = await start(t);
    for (const [type, level] of [
      ['info', 'info'],
      ['success', 'info'],
      ['warning', 'warning'],
      ['failure', 'error'],
    ]) {
      await send(started, `${KEYED}?tag=a`, { body: '<p>a</p><p>b</p>', format: 'html', type });
      const [shown] = started.sandbox.messages();
      assert.deepEqual([shown?.level, shown?.text, shown?.fields?.[0]?.value], [level, 'a\nb', 'a']);
    }
  });

  test('a form', async (t) => {
    const { sandbox } = await start(t);
    const reply = await fetch(sandbox.url + KEYED, {
      method: 'POST',
      body: new URLSearchParams({ body: 'a+b', type: 'info' }),
    });
    assert.equal(reply.status, 200);
    assert.equal(sandbox.messages()[0]?.text, 'a+b');
  });

  const bad: Record<string, [path: string, body: unknown, status: number]> = {
    'no JSON': [KEYED, '{', 400],
    'no body': [KEYED, { title: 'T' }, 400],
    'a blank body': [KEYED, { body: ' ' }, 400],
    'an unknown type': [KEYED, { ...TEXT, type: 'error' }, 400],
    'an unknown format': [KEYED, { ...TEXT, format: 'md' }, 400],
    'a tag with a quote': [KEYED, { ...TEXT, tag: "a'b" }, 400],
    'a key with a blank': ['/apprise/notify/a%20b', TEXT, 404],
    'no address': [STATELESS, TEXT, 204],
    'an address that is none': [STATELESS, { ...TEXT, urls: 'x.example' }, 204],
    'more than 3 MiB': [KEYED, { body: 'a'.repeat(3 * 1024 * 1024) }, 431],
  };
  for (const [name, [path, body, status]] of Object.entries(bad)) {
    test(`${name}: ${status}`, async (t) => {
      const started = await start(t);
      const reply = await send(started, path, body, JSON_PLEASE);
      assert.equal(reply.status, status);
      if (status === 204) assert.equal(reply.text, '');
      else assert.equal(typeof (JSON.parse(reply.text) as { error: unknown }).error, 'string');
      assert.equal(started.sandbox.messages().length, 0);
      assert.equal(started.sandbox.refusals()[0]?.code, String(status));
    });
  }

  test('answers are text unless JSON is asked for; other methods are refused', async (t) => {
    const started = await start(t);
    const { text } = await send(started, KEYED, TEXT, JSON_PLEASE);
    assert.equal((JSON.parse(text) as { error: unknown }).error, null);
    assert.match((await send(started, KEYED, {})).text, /^Payload lacks minimum requirements/);
    assert.equal((await fetch(started.sandbox.url + KEYED)).status, 405);
  });

  test('the login of a reverse proxy', async (t) => {
    const started = await start(t, { bots: [{ platform: 'apprise', token: 'ops', secret: 'user:pass' }] });
    const authorization = (text: string) => ({ authorization: `Basic ${btoa(text)}` });
    assert.equal((await send(started, KEYED, TEXT, authorization('user:pass'))).status, 200);
    assert.equal((await send(started, KEYED, TEXT, authorization('user:wrong'))).status, 401);
    const { status, text } = await send(started, KEYED, TEXT, JSON_PLEASE);
    assert.equal(status, 401);
    assert.match(text, /^<html>/);
  });

  test('faults', async (t) => {
    const started = await start(t);
    // Not 421, which fetch repeats of its own accord.
    for (const status of [204, 400, 401, 404, 405, 424, 431, 500, 503]) {
      started.sandbox.fault({ platform: 'apprise', token: 'ops', fault: `code:${status}` });
      const reply = await send(started, KEYED, TEXT);
      assert.equal(reply.status, status);
      if (status === 424) assert.match(reply.text, /^\{"error":"One or more notification could not be sent"/);
    }
    assert.throws(() => started.sandbox.fault({ platform: 'apprise', fault: 'code:200' }));
  });
});
