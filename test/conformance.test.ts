import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import type { Channel } from '../src/channel/channel.ts';
import { loadChannels } from '../src/channel/registry.ts';
import { fit, measure } from '../src/delivery/fit.ts';
import type { Outcome } from '../src/model.ts';
import { NOW, attempt, createIo } from './kit/channel-io.ts';
import { type Step, fakeSmtp } from './kit/fake-smtp.ts';
import { type Fixture, MARKER, type Reply, loadFixture, messageOf } from './kit/fixture.ts';
import { ALPHABETS, FORMATS, STYLES, hostileMessage } from './kit/hostile.ts';
import { type Script, scriptedHttp } from './kit/scripted-http.ts';

/** The channel laws: what every file in src/channels keeps to, and every later one. */
const subjects = await Promise.all(
  [...(await loadChannels())].map(async ([name, channel]) => ({ name, channel, fixture: await loadFixture(name) })),
);
for (const { name, channel, fixture } of subjects) {
  const config = deepFreeze(channel.config.parse(fixture.config));
  const overSmtp = fixture.replies.some((reply) => reply.at !== undefined);

  describe(`channel ${name}`, () => {
    test('says who it is', () => {
      assert.match(name, /^[a-z][a-z0-9_]*$/);
      assert.ok(channel.label.en.length > 0 && channel.label.zh.length > 0);
      assert.equal(new URL(channel.docs).protocol, 'https:');
      assert.ok(channel.capabilities.formats.includes('text'));
      for (const source of fixture.source) assert.match(source, /\.|RFC/);
    });

    test('has limits that can be kept', () => {
      assert.ok(channel.limits.size.length > 0);
      for (const { max } of channel.limits.size) assert.ok(max > 100);
      assert.ok(channel.limits.title.max >= 20);
      const { rate, throttle } = channel.limits;
      assert.ok(rate !== 'off' && (rate.per_minute ?? rate.per_second ?? 0) > 0, 'a default rate limit');
      assert.ok(throttle.base > 0 && throttle.max >= throttle.base);
    });

    test('refuses a configuration with unknown, wrong or unsafe values, and repeats no secret in the error', () => {
      const changes = [...fixture.refused, { change: { surprise: 1 }, at: '' }];
      for (const { change, at: fault } of changes) {
        const parsed = channel.config.safeParse({ ...fixture.config, ...change });
        assert.ok(!parsed.success, `accepted ${JSON.stringify(change)}`);
        const paths = parsed.error.issues.map((issue) => issue.path.join('.'));
        assert.ok(paths.includes(fault), `fault at ${paths.join()} instead of ${fault}`);
        assert.ok(!JSON.stringify(parsed.error.issues).includes(MARKER));
      }
      assert.ok(!channel.config.safeParse(null).success);
    });

    test('declares every key that looks like a secret', () => {
      assert.ok(channel.config instanceof z.ZodObject);
      for (const [key, schema] of Object.entries<z.ZodType>(channel.config.shape)) {
        const secret = schema.meta()?.['secret'] === true;
        if (/secret|token|password|passwd|key|webhook|^url$/i.test(key))
          assert.ok(secret, `${key} is not declared secret`);
        const value = fixture.config[key];
        if (secret && typeof value === 'string' && value !== '')
          assert.ok(value.includes(MARKER), `${key} has no marker`);
      }
      assert.doesNotThrow(() => z.toJSONSchema(channel.config, { io: 'input' }));
    });

    test('knows its credential: equal for equal bots, different for different ones', () => {
      assert.equal(channel.credential(config), channel.credential(channel.config.parse(fixture.config)));
      assert.ok(channel.credential(config).length > 0);
    });

    test('renders purely: same in, same out, nothing changed, plain JSON, no secret', () => {
      for (const { message } of fixture.messages) {
        const given = deepFreeze(messageOf(message));
        const payload = channel.render(given, config, NOW);
        assert.deepEqual(channel.render(given, config, NOW), payload);
        assert.deepEqual(JSON.parse(JSON.stringify(payload)), payload);
        assert.ok(!JSON.stringify(payload).includes(MARKER));
      }
    });

    for (const golden of fixture.messages) {
      test(`renders as written down: ${golden.name}`, () => {
        const payload = asRecord(channel.render(messageOf(golden.message), config, NOW));
        const shown = Object.fromEntries(Object.entries(payload).filter(([key]) => !fixture.omit.includes(key)));
        assert.deepEqual(shown, golden.payload);
        const text = texts(payload).join('\n');
        for (const piece of golden.contains) assert.ok(text.includes(piece), `no ${piece} in ${text}`);
      });
    }

    for (const [script, character] of ALPHABETS) {
      test(`sends a message 20 × too long in ${script} in parts that fit, without losing or splitting a character`, () => {
        const small = scaled(channel);
        const length = Math.max(...small.limits.size.map(({ max }) => max)) * 20;
        const count = Math.ceil(length / Buffer.byteLength(character));
        for (const style of STYLES) {
          for (const format of FORMATS) {
            const body = character.repeat(count);
            const message = { title: '超长消息', body, level: 'error', style, format } as const;
            const parts = fit(small, message, config, NOW, 1000);
            assert.ok(parts.length >= 20, `${parts.length} parts`);
            let found = 0;
            parts.forEach(({ payload, cut }, i) => {
              assert.ok(!cut);
              for (const limit of small.limits.size) assert.ok(measure(payload, limit) <= limit.max);
              const said = texts(payload);
              assert.ok(
                said.some((text) => text.includes(`(${i + 1}/${parts.length})`)),
                'the part is marked',
              );
              for (const text of said) assert.ok(text.isWellFormed() && !text.includes('\ufffd'));
              found += Math.max(...said.map((text) => text.split(character).length - 1));
            });
            assert.equal(found, count, 'every character, once, whole');
          }
        }
      });
    }

    for (const style of STYLES) {
      for (const format of FORMATS) {
        test(`is not fooled by hostile text (${style}, ${format})`, async () => {
          const message = hostileMessage(style, format);
          const payload = channel.render(message, config, NOW);
          const json = JSON.stringify(payload);
          assert.deepEqual(JSON.parse(json), payload);
          for (const key of fixture.never.keys) assert.ok(!keys(payload).includes(key), `the payload has ${key}`);
          for (const [path, patterns] of Object.entries(fixture.never.texts)) {
            for (const text of texts(at(payload, path))) {
              for (const pattern of patterns) assert.doesNotMatch(text, new RegExp(pattern, 'i'));
            }
          }
          if (overSmtp) return;
          const platform = scriptedHttp({ status: 200, body: '{}' });
          await attempt(channel, payload, config, createIo(platform.http));
          for (const { url, headers = {}, body = '' } of platform.requests) {
            assert.ok(!/evil|victim|alert/.test(url));
            for (const value of Object.values(headers)) assert.match(value, /^[\x20-\x7e]*$/);
            assert.ok(body.isWellFormed());
            assert.doesNotThrow(() => JSON.parse(body));
          }
        });
      }
    }

    for (const reply of fixture.replies) {
      test(`understands ${reply.at ?? `HTTP ${reply.status}`} ${inWords(reply)}`, async () => {
        const outcome = await answered(channel, fixture, reply);
        const { kind, code, retry_after, max_retries, remedy } = reply;
        if (kind === 'ok') return assert.deepEqual(outcome, { ok: true });
        assert.ok(!outcome.ok);
        assert.equal(outcome.kind, kind);
        if (code !== undefined) assert.equal(outcome.code, code);
        if (retry_after !== undefined) assert.equal(outcome.retry_after, retry_after);
        if (max_retries !== undefined) assert.equal(outcome.max_retries, max_retries);
        assert.match(outcome.remedy?.zh ?? '', /\p{Script=Han}/u);
        assert.match(outcome.remedy?.en ?? '', /^[^\p{Script=Han}]+$/u);
        if (remedy !== undefined) assert.ok(outcome.remedy?.zh.includes(remedy), outcome.remedy?.zh);
        assert.ok(outcome.message.length > 0 && outcome.message.length <= 500);
        assert.ok(!JSON.stringify(outcome).includes(MARKER));
      });
    }

    if (!overSmtp) universalHttp(channel, fixture);

    test('fetches one token for twenty sends at once', async () => {
      const platform = scriptedHttp({ status: 200, body: '{"code":0,"errcode":0}' });
      const server = overSmtp ? await fakeSmtp() : undefined;
      const io = createIo(platform.http);
      const target = server ? channel.config.parse({ ...fixture.config, smtp_port: server.port }) : config;
      const payload = channel.render(messageOf(fixture.messages[0]!.message), target, NOW);
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => attempt(channel, payload, target, io)));
      assert.ok(io.fetched() <= 1);
      assert.ok(outcomes.every(({ ok }) => ok));
      await io.close();
      await server?.close();
    });
  });
}

/** Answers that any HTTP server may give, whatever the platform. */
function universalHttp(channel: Channel, fixture: Fixture): void {
  const config = channel.config.parse(fixture.config);
  const payload = channel.render(messageOf(fixture.messages[0]!.message), config, NOW);
  const html = '<html><body>Please log in</body></html>';
  const cases: readonly (readonly [string, Script, string, number?])[] = [
    ['400', { status: 400 }, 'invalid'],
    ['401', { status: 401 }, 'unauthorized'],
    ['403', { status: 403, body: html }, 'unauthorized'],
    ['404', { status: 404, body: html }, 'invalid'],
    ['408', { status: 408 }, 'unavailable'],
    ['413', { status: 413 }, 'invalid'],
    ['429', { status: 429 }, 'rate_limited'],
    ['429 with Retry-After: 7', { status: 429, headers: { 'retry-after': '7' } }, 'rate_limited', 7],
    ['500', { status: 500, body: html }, 'unavailable'],
    ['502', { status: 502, body: html }, 'unavailable'],
    ['503 with Retry-After: 1.5', { status: 503, headers: { 'retry-after': '1.5' } }, 'unavailable', 1.5],
    ['504', { status: 504 }, 'unavailable'],
    ['302', { status: 302, headers: { location: 'https://evil.example' } }, 'invalid'],
    ['a 200 of HTML', { status: 200, body: html }, 'unknown'],
    ['an empty 200', { status: 200 }, 'unknown'],
    ['a 200 of half a JSON', { status: 200, body: '{"code":' }, 'unknown'],
    ['a 200 of other JSON', { status: 200, body: '[null]' }, 'unknown'],
    ['a 200 of nested nonsense', { status: 200, body: '{"code":{},"errcode":[],"msg":null}' }, 'unknown'],
    ['a refused connection', { fault: 'refused' }, 'unavailable'],
    ['a reset connection', { fault: 'reset' }, 'unknown'],
  ];
  for (const [what, script, kind, wait] of cases) {
    test(`takes ${what} for ${kind}`, async () => {
      const outcome = await attempt(channel, payload, config, createIo(scriptedHttp(script).http));
      assert.ok(!outcome.ok);
      assert.equal(outcome.kind, kind);
      assert.equal(outcome.retry_after, wait);
      assert.ok(!JSON.stringify(outcome).includes(MARKER));
    });
  }

  test('ends when nobody waits any more', async () => {
    const io = createIo(scriptedHttp({ fault: 'silence' }).http);
    const sending = attempt(channel, payload, config, io);
    io.abort();
    assert.equal(kindOf(await sending), 'unknown');
  });
}

async function answered(channel: Channel, fixture: Fixture, reply: Reply): Promise<Outcome> {
  const { message } = fixture.messages[0]!;
  if (reply.at === undefined) {
    const config = channel.config.parse(fixture.config);
    const body = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
    const platform = scriptedHttp({ status: reply.status, headers: reply.headers, body });
    return attempt(channel, channel.render(messageOf(message), config, NOW), config, createIo(platform.http));
  }
  const script: Partial<Record<Step, string>> = { [reply.at]: reply.body };
  const server = await fakeSmtp(script);
  const io = createIo(scriptedHttp().http);
  try {
    const config = channel.config.parse({ ...fixture.config, smtp_port: server.port });
    return await attempt(channel, channel.render(messageOf(message), config, NOW), config, io);
  } finally {
    await io.close();
    await server.close();
  }
}

/** Beyond this many bytes a limit is scaled down for the test of parts: the law is the same, the time is not. */
const LARGE = 20_000;

const scaled = (channel: Channel): Channel => ({
  ...channel,
  limits: {
    ...channel.limits,
    size: channel.limits.size.map((limit) => ({ ...limit, max: Math.min(limit.max, LARGE) })),
  },
});

function kindOf(outcome: Outcome) {
  return outcome.ok ? 'ok' : outcome.kind;
}

function inWords({ body }: Reply) {
  return typeof body === 'string' ? body.slice(0, 60) || '(empty)' : JSON.stringify(body);
}

/** Every text in a payload, at any depth. */
function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(texts);
}

/** Every key in a payload, at any depth. */
function keys(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return [...Object.keys(value), ...Object.values(value).flatMap(keys)];
}

function at(value: unknown, path: string): unknown {
  let inner = value;
  for (const key of path.split('.')) {
    if (typeof inner !== 'object' || inner === null) return undefined;
    inner = Reflect.get(inner, key);
  }
  return inner;
}

function asRecord(value: unknown): Record<string, unknown> {
  assert.ok(typeof value === 'object' && value !== null);
  return Object.fromEntries(Object.entries(value));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(Object.freeze(value))) deepFreeze(inner);
  return value;
}
