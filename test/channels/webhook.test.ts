import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hideUrl, revealUrl } from '../../src/channel/platform/hidden-url.ts';
import { isWebhookSecret, webhookSignature } from '../../src/channel/sign/standard-webhook.ts';
import webhook from '../../src/channels/webhook.ts';
import { fit } from '../../src/delivery/fit.ts';
import { createHttp } from '../../src/delivery/http-client.ts';
import type { Message, Outcome } from '../../src/model.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { FORMATS, STYLES, hostileMessage } from '../kit/hostile.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';
import { start } from '../sandbox/start.ts';

const URL_OF = 'https://hooks.example/in';
const MESSAGE: Message = { title: 't', body: 'b', level: 'info', style: 'text', format: 'text' };
/** What breaks a text that was put into JSON by hand. */
const AWKWARD: Message = {
  ...MESSAGE,
  title: 'CPU "95%" \\ 告警',
  body: 'first\nsecond\t"quoted" \\n {{ x }} \u2028 50% 🔥',
  level: 'error',
  fields: [{ name: '主机', value: 'a"b' }],
  url: 'https://ops.example/?a=1&b="2"',
};

async function sent(config: object, message = MESSAGE, options: { now?: Date; id?: string } = {}) {
  const platform = scriptedHttp({ status: 200, body: '' });
  const parsed = webhook.config.parse({ url: URL_OF, ...config });
  const payload = webhook.render(message, parsed, NOW, 'task-1');
  const outcome = await attempt(webhook, payload, parsed, createIo(platform.http, options));
  assert.ok(outcome.ok);
  return platform.requests[0]!;
}
const bodyOf = async (config: object, message?: Message) => JSON.parse((await sent(config, message)).body ?? '');

async function answered(config: object, body: unknown, status = 200): Promise<Outcome> {
  const parsed = webhook.config.parse({ url: URL_OF, ...config });
  const platform = scriptedHttp({ status, body: typeof body === 'string' ? body : JSON.stringify(body) });
  return attempt(webhook, webhook.render(MESSAGE, parsed, NOW, 'task'), parsed, createIo(platform.http));
}

describe('the signature of Standard Webhooks', () => {
  // Vector A is that of the reference libraries, B was computed with Python and OpenSSL.
  const one = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
  const two = 'whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=';
  const alert =
    '{"type":"alert.fired","timestamp":"2026-01-01T00:00:00Z","data":{"title":"磁盘 90%","level":"critical"}}';
  const b = (...secrets: string[]) => webhookSignature(secrets, 'msg_0001', '1767225600', alert);

  test('of vector A', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
    const body = '{"test": 2432232314}';
    assert.equal(webhookSignature([secret], 'msg_p5jXN8AQM9LWM0D4loKWxJek', '1614265330', body), signature);
    const bare = secret.replace('whsec_', '');
    assert.equal(webhookSignature([bare], 'msg_p5jXN8AQM9LWM0D4loKWxJek', '1614265330', body), signature);
  });

  test('of vector B, a text that is not ASCII and two secrets', () => {
    assert.equal(b(one), 'v1,RZNG2kp+StJBCoN+ZKZ63wAXU4sHFs1+oFAadm4Ybqo=');
    assert.equal(b(two), 'v1,QElvFoaMiWyKaNwWjOSj4CYHFk83RQ+RQ6k+wY35Q3g=');
    assert.equal(b(one, two), `${b(one)} ${b(two)}`);
  });

  test('is not keyed with the text of the secret', () => {
    assert.notEqual(b(one), 'v1,r6kc9TVfWaoA6wBM3TpnnAncnJwuiyabOgM64MR0YZA=');
  });

  test('depends on id, time and every byte of the body', () => {
    const of = (id: string, time: string, body: string) => webhookSignature([one], id, time, body);
    const signatures = [of('a', '1', 'x'), of('b', '1', 'x'), of('a', '2', 'x'), of('a', '1', 'x '), of('a', '1', '')];
    assert.equal(new Set(signatures).size, signatures.length);
  });

  test('needs a key of 24 to 64 bytes', () => {
    const secret = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;
    assert.deepEqual(
      [23, 24, 64, 65].map((bytes) => isWebhookSecret(secret(bytes))),
      [false, true, true, false],
    );
    assert.ok(isWebhookSecret(secret(32).replace('whsec_', '')));
    assert.ok(!isWebhookSecret(secret(32).replace('whsec_', 'whsk_')));
    assert.ok(!isWebhookSecret(`${secret(32)}\n`));
  });

  test('travels with a stable id and the time of the attempt, over exactly what is sent', async () => {
    const request = (id: string, now: Date) =>
      sent({ signing_secret: [one, two], headers: { 'Webhook-ID': 'forged' } }, AWKWARD, { id, now });
    const first = await request('0198c0de.x-0', NOW);
    const later = await request('0198c0de.x-0', new Date(NOW.getTime() + 61_900));
    const [{ headers = {}, body = '' }] = [first];
    assert.equal(headers['webhook-id'], '0198c0de_x-0');
    assert.equal(headers['webhook-timestamp'], '1700000000');
    assert.equal(headers['webhook-signature'], webhookSignature([one, two], '0198c0de_x-0', '1700000000', body));
    assert.equal(later.headers?.['webhook-id'], '0198c0de_x-0');
    assert.equal(later.headers?.['webhook-timestamp'], '1700000061');
    assert.notEqual(later.headers?.['webhook-signature'], headers['webhook-signature']);
    assert.equal((await sent({})).headers?.['webhook-id'], undefined);
  });

  test('of a request without a body is over nothing', async () => {
    const { headers = {} } = await sent({ method: 'GET', signing_secret: one }, MESSAGE, { id: 'm' });
    assert.equal(headers['webhook-signature'], webhookSignature([one], 'm', '1700000000', ''));
  });
});

describe('a body template', () => {
  const markdown = `### ${AWKWARD.title}\n${AWKWARD.body}`;
  const both = `${AWKWARD.title}\n${AWKWARD.body}`;
  for (const [template, expected] of [
    ['{"msgtype":"text","text":{"content":{{jsonQuote .Body}}}}', { msgtype: 'text', text: { content: AWKWARD.body } }],
    [
      '{"msg_type":"text","content":{"text":{{jsonQuote .Body}}}}',
      { msg_type: 'text', content: { text: AWKWARD.body } },
    ],
    [
      '{"msgtype":"markdown","markdown":{"title":{{jsonQuote .Title}},"text":{{jsonQuote .Body}}}}',
      { msgtype: 'markdown', markdown: { title: AWKWARD.title, text: AWKWARD.body } },
    ],
    ['{"msgtype":"text","text":{"content":"{{.Title}}\\n{{.Body}}"}}', { msgtype: 'text', text: { content: both } }],
    ['{"msg_type":"text","content":{"text":"{{.Title}}\\n{{.Body}}"}}', { msg_type: 'text', content: { text: both } }],
    [
      '{"msgtype":"markdown","markdown":{"title":"{{.Title}}","text":"### {{.Title}}\\n{{.Body}}"}}',
      { msgtype: 'markdown', markdown: { title: AWKWARD.title, text: markdown } },
    ],
    ['{"text":"{{.Title}}\\n{{.Body}}"}', { text: both }],
    [
      '{"f": {{ fields | json }}, "l": "{{ level }}", "h": "{{ fields["主机"] }}"}',
      { f: AWKWARD.fields, l: 'error', h: 'a"b' },
    ],
    [
      '{"u": {{ url }}, "id": "{{ task_id }}", "at": "{{ timestamp }}"}',
      { u: AWKWARD.url, id: 'task-1', at: NOW.toISOString() },
    ],
  ] as const) {
    test(`works as printed: ${template}`, async () => {
      assert.deepEqual(await bodyOf({ body_template: template }, AWKWARD), expected);
      for (const style of STYLES) {
        for (const format of FORMATS) {
          const { body = '' } = await sent({ body_template: template }, hostileMessage(style, format));
          assert.doesNotThrow(() => JSON.parse(body));
        }
      }
    });
  }

  test('of a form is percent-encoded, and stays in its field', async () => {
    const request = await sent(
      { content_type: 'form', body_template: 'text={{ title }}&more={{ body }}&k=v' },
      AWKWARD,
    );
    assert.equal(request.headers?.['content-type'], 'application/x-www-form-urlencoded');
    const form = Object.fromEntries(new URLSearchParams(request.body));
    assert.deepEqual(form, { text: AWKWARD.title, more: AWKWARD.body, k: 'v' });
  });

  test('that takes a message past its limits ends the message, not the attempt at fitting it', () => {
    const parsed = webhook.config.parse({
      url: URL_OF,
      body_template: '{"a": "{% for i in (1..9999) %}{{ body }}{% endfor %}"}',
    });
    assert.throws(
      () => webhook.render({ ...MESSAGE, body: 'x'.repeat(100_000) }, parsed, NOW, 'task'),
      (error) => Reflect.get(Object(error), 'failure').kind === 'invalid',
    );
  });
});

describe('a body without a template', () => {
  test('is JSON of everything a message has', async () => {
    assert.deepEqual(await bodyOf({}, AWKWARD), {
      title: AWKWARD.title,
      body: AWKWARD.body,
      level: 'error',
      fields: AWKWARD.fields,
      url: AWKWARD.url,
      task_id: 'task-1',
      timestamp: NOW.toISOString(),
    });
  });

  test('or a form of the same keys', async () => {
    const { body } = await sent({ content_type: 'form' }, AWKWARD);
    const { fields, ...flat } = Object.fromEntries(new URLSearchParams(body));
    assert.deepEqual(JSON.parse(fields ?? ''), AWKWARD.fields);
    assert.deepEqual(flat, {
      title: AWKWARD.title,
      body: AWKWARD.body,
      level: 'error',
      url: AWKWARD.url,
      task_id: 'task-1',
      timestamp: NOW.toISOString(),
    });
  });

  test('is measured as it is sent', () => {
    const parsed = webhook.config.parse({ url: URL_OF });
    const frame = Buffer.byteLength(JSON.stringify({ ...MESSAGE, title: '' }));
    for (const sign of ['x', '"', '囍']) {
      const message = { ...MESSAGE, body: sign.repeat(Math.ceil((262_144 + frame) / Buffer.byteLength(sign))) };
      const parts = fit(webhook, message, parsed, { now: NOW, maxParts: 20, id: 'task' });
      const sizes = parts.map(({ payload }) => Buffer.byteLength(Object(payload).content));
      assert.ok(parts.length >= 2 && sizes.every((size) => size <= 262_144), String(sizes));
      assert.ok(sizes[0]! > 262_144 * 0.9);
    }
  });
});

describe('the request', () => {
  test('has the method and the headers of the configuration', async () => {
    for (const method of ['POST', 'PUT', 'PATCH'] as const) {
      const request = await sent({
        method,
        headers: { Authorization: 'Bearer x', 'Content-Type': 'application/x+json' },
      });
      assert.equal(request.method, method);
      assert.deepEqual(request.headers, { 'content-type': 'application/x+json', authorization: 'Bearer x' });
      assert.ok(request.body?.startsWith('{'));
    }
    for (const method of ['GET', 'DELETE'] as const) {
      const request = await sent({ method, headers: { 'X-A': '1' } });
      assert.deepEqual(request, { method, url: URL_OF, headers: { 'x-a': '1' } });
    }
  });

  test('carries the message in the URL, encoded, and goes nowhere else', async () => {
    const url = 'https://u:p@hooks.example:8443/{{ level }}/{{ title }}.json?key=a%20b&text={{ body }}#x';
    const hostile = { ...AWKWARD, title: '../../x?y=1#z', body: '&key=b#\r\n😀%20' };
    const request = await sent({ url, method: 'GET' }, hostile);
    const made = new URL(request.url);
    assert.equal(made.host, 'hooks.example:8443');
    assert.equal(made.pathname, `/error/${encodeURIComponent(hostile.title)}.json`);
    assert.deepEqual(
      [...made.searchParams],
      [
        ['key', 'a b'],
        ['text', hostile.body],
      ],
    );
    assert.equal(request.body, undefined);
  });

  test('is never led out of its path by a message', () => {
    const parsed = webhook.config.parse({ url: 'https://hooks.example/a/{{ title }}', method: 'GET' });
    for (const title of ['.', '..']) {
      assert.throws(() => webhook.render({ ...MESSAGE, title }, parsed, NOW, 'task'), { name: 'FailureError' });
    }
  });

  test('in whose URL the message does not fit goes in parts', () => {
    const url = 'https://hooks.example/a?text={{ body }}&title={{ title }}';
    const parsed = webhook.config.parse({ url, method: 'GET' });
    const message = { ...MESSAGE, body: '长'.repeat(2000) };
    const parts = fit(webhook, message, parsed, { now: NOW, maxParts: 20, id: 'task' });
    assert.ok(parts.length >= 3);
    const urls = parts.map(({ payload }) => revealUrl(Object(payload).address, hideUrl(url)));
    assert.equal(urls.map((made) => new URL(made).searchParams.get('text')).join(''), message.body);
    for (const made of urls) assert.ok(made.length <= 7100);
  });
});

describe('the text of a URL', () => {
  for (const [template, shape] of [
    ['https://h.example/x?k=secret&t={{ title }}', '{0}//{1}.{2}/{3}?{4}{{ title }}'],
    [
      'https://h.example/{% if url %}secret{% endif %}?{{ body | upcase }}',
      '{0}//{1}.{2}/{% if url %}{3}{% endif %}?{{ body | upcase }}',
    ],
    ['https://h.example/{0}{{title}}{9}', '{0}//{1}.{2}/{3}{{title}}{4}'],
    ['https://h.example/{% raw %}{{ 1 }}{% endraw %}', '{0}//{1}.{2}/{% raw %}{{ 1 }}{% endraw %}'],
  ]) {
    test(`is hidden from payloads and put back: ${template}`, () => {
      const hidden = hideUrl(template!);
      assert.equal(hidden.shape, shape);
      assert.equal(
        revealUrl(hidden.shape.replace('{{ body | upcase }}', 'B'), hidden),
        template!.replace('{{ body | upcase }}', 'B'),
      );
    });
  }

  test('is in no payload', () => {
    const parsed = webhook.config.parse({ url: 'https://h.example/s3cr3t/{{ title }}?k=s3cr3t&t={{ body }}' });
    assert.ok(!JSON.stringify(webhook.render(AWKWARD, parsed, NOW, 'task')).includes('s3cr3t'));
  });
});

describe('a configured sign of success', () => {
  const kindOf = (outcome: Outcome) => (outcome.ok ? 'ok' : outcome.kind);
  const judged = async (success: object, body: unknown, status = 200) =>
    kindOf(await answered({ success }, body, status));

  test('is what counts, of its own type, in objects and lists', async () => {
    assert.equal(await judged({ path: 'data.status', equals: 'sent' }, { data: { status: 'sent' } }), 'ok');
    assert.equal(await judged({ path: 'data.0.ok', equals: true }, { data: [{ ok: true }] }), 'ok');
    assert.equal(await judged({ path: 'code', equals: 1000 }, { code: 1000 }), 'ok');
    assert.equal(await judged({ path: 'code', equals: 1000 }, { code: '1000' }), 'unavailable');
    assert.equal(await judged({ path: 'code', equals: 0 }, { errcode: 0 }), 'unavailable');
    assert.equal(await judged({ path: 'constructor.name', equals: 'Object' }, {}), 'unavailable');
    assert.equal(await judged({ path: 'ok', equals: true }, { ok: true }, 500), 'unavailable');
    assert.equal(await judged({ path: 'ok', equals: true }, { ok: true }, 404), 'invalid');
  });

  test('and whose absence is read like any other answer', async () => {
    assert.equal(await judged({ path: 'ok', equals: true }, { errcode: 45009 }), 'rate_limited');
    assert.equal(await judged({ path: 'ok', equals: true }, { code: 403 }), 'unauthorized');
    assert.equal(await judged({ path: 'ok', equals: true }, '<html>'), 'unknown');
    assert.equal(await judged({ path: 'ok', equals: true }, ''), 'unknown');
    const outcome = await answered({ success: { path: 'a.b', equals: 1 } }, { a: { b: 2 } });
    assert.ok(!outcome.ok && outcome.max_retries === 1 && outcome.message.includes('a.b'));
  });
});

test('the stand-in takes what the driver sends, with every method and either secret', async (t) => {
  const old = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
  const secret = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;
  const { sandbox } = await start(t, { bots: [{ platform: 'webhook', token: 'signed', secret, unlimited: true }] });
  const http = createHttp();
  t.after(async () => await http.close());
  const io = createIo((request, signal) => http.request(request, signal, () => {}));
  const send = async (config: object, id: string) => {
    const parsed = webhook.config.parse({ url: `${sandbox.url}/webhook/signed`, ...config });
    return attempt(webhook, webhook.render(AWKWARD, parsed, NOW, 'task'), parsed, { ...io, id });
  };
  let sends = 0;
  for (const method of ['POST', 'PUT', 'PATCH'])
    for (const content_type of ['json', 'form'])
      assert.deepEqual(await send({ method, content_type, signing_secret: [old, secret] }, `m${sends++}`), {
        ok: true,
      });
  const url = `${sandbox.url}/webhook/signed?title={{ title }}&body={{ body }}&level={{ level }}&url={{ url }}`;
  for (const method of ['GET', 'DELETE'])
    assert.deepEqual(await send({ method, url, signing_secret: secret }, `m${sends++}`), { ok: true });
  const messages = sandbox.messages({ platform: 'webhook' });
  assert.equal(messages.length, sends);
  for (const message of messages)
    assert.deepEqual([message.title, message.text, message.level], [AWKWARD.title, AWKWARD.body, 'error']);
  assert.ok((await send({ signing_secret: secret }, 'm0')).ok);
  assert.equal(sandbox.messages({ platform: 'webhook' }).length, sends, 'a repeat is dropped by its id');
  const refused = await send({ signing_secret: old }, 'x');
  assert.ok(!refused.ok && refused.kind === 'unauthorized');
});
