import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import type { Channel, HttpRequest } from '../src/channel/channel.ts';
import { loadChannels } from '../src/channel/registry.ts';
import { fit } from '../src/delivery/fit.ts';
import { measure, sizeOf } from '../src/delivery/measure.ts';
import { maskPeople } from '../src/channel/mask.ts';
import type { Outcome } from '../src/model.ts';
import { NOW, attempt, createIo } from './kit/channel-io.ts';
import { type Step, fakeSmtp } from './kit/fake-smtp.ts';
import { type Answer, type Fixture, MARKER, type Reply, loadFixture, messageOf } from './kit/fixture.ts';
import { ALPHABETS, FORMATS, STYLES, hostileMessage } from './kit/hostile.ts';
import { type Script, scriptedHttp, withTokens } from './kit/scripted-http.ts';

/** The channel laws: what every file in src/channels keeps to, and every later one. */
const subjects = await Promise.all(
  [...(await loadChannels())].map(async ([name, channel]) => ({ name, channel, fixture: await loadFixture(name) })),
);
/** Of a task, as the core makes them. */
const ID = '0198c0de-0000-7000-8000-000000000001';

for (const { name, channel, fixture } of subjects) {
  const config = deepFreeze(channel.config.parse(fixture.config));
  const overSmtp = channel.wire === 'smtp';

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
      for (const { max } of channel.limits.size) assert.ok(max > 20);
      assert.ok(channel.limits.title.max >= 20);
      const { rate, throttle } = channel.limits;
      assert.ok(rate !== 'off' && Object.values(rate).some((count) => count > 0), 'a default rate limit');
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
        if (/secret|token|password|passwd|key|webhook|^url$/i.test(key) && !fixture.public.includes(key))
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
        const payload = channel.render(given, config, NOW, ID);
        assert.deepEqual(channel.render(given, config, NOW, ID), payload);
        assert.deepEqual(JSON.parse(JSON.stringify(payload)), payload);
        assert.ok(!JSON.stringify(payload).includes(MARKER));
      }
    });

    for (const golden of fixture.messages) {
      test(`renders as written down: ${golden.name}`, () => {
        const payload = asRecord(channel.render(messageOf(golden.message), config, NOW, ID));
        const shown = Object.fromEntries(Object.entries(payload).filter(([key]) => !fixture.omit.includes(key)));
        assert.deepEqual(shown, golden.payload);
        const text = texts(payload).join('\n');
        for (const piece of golden.contains) assert.ok(text.includes(piece), `no ${piece} in ${text}`);
      });
    }

    for (const [script, character] of ALPHABETS) {
      test(`sends a message 20 × too long in ${script} in parts that fit, without losing or splitting a character`, () => {
        const small = scaled(channel);
        const count = Math.max(
          ...small.limits.size.map(({ max, unit }) => Math.ceil((max * 20) / sizeOf(character, unit))),
        );
        for (const style of STYLES) {
          for (const format of FORMATS) {
            const body = character.repeat(count);
            const message = { title: '超长消息', body, level: 'error', style, format } as const;
            const parts = fit(small, message, config, { now: NOW, maxParts: 1000, id: ID });
            if (channel.limits.parts === 1) return isOneWholePart(small, parts);
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
          const payload = channel.render(message, config, NOW, ID);
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
          await attempt(channel, payload, config, createIo(withTokens(fixture.token, platform.http)));
          for (const { url, headers = {}, body = '' } of platform.requests) {
            if (fixture.url_carries_text) assert.match(url, /^[\x21-\x7e]*$/);
            else assert.ok(!/evil|victim|alert/.test(url));
            for (const value of Object.values(headers)) assert.match(value, /^[\x20-\x7e]*$/);
            assert.ok(body.isWellFormed());
            const type = headers['content-type'] ?? '';
            if (type.startsWith('application/json')) assert.doesNotThrow(() => JSON.parse(body));
            if (type.startsWith('application/x-www-form-urlencoded')) assert.match(body, /^[\w.~*+%=&-]*$/);
          }
        });
      }
    }

    for (const reply of fixture.replies) {
      test(`understands ${reply.at ?? `HTTP ${reply.status}`} ${inWords(reply)}`, async () => {
        const outcome = await answered(channel, fixture, reply);
        const { kind, code, retry_after, max_retries, remedy } = reply;
        assert.ok(!JSON.stringify(outcome).includes(MARKER));
        if (outcome.ok) {
          assert.equal(kind, 'ok');
          const refused = outcome.refused?.map((one) => ({
            recipient: one.recipient,
            ...(one.code && { code: one.code }),
          }));
          assert.deepEqual(refused, reply.refused);
          assert.ok(outcome.note?.includes(reply.note ?? '') ?? reply.note === undefined, outcome.note);
          return;
        }
        assert.equal(outcome.kind, kind);
        assert.equal(outcome.quota, reply.quota);
        assert.equal(outcome.account, reply.account);
        assert.equal(outcome.as_text, reply.as_text);
        if (code !== undefined) assert.equal(outcome.code, code);
        if (retry_after !== undefined) assert.equal(outcome.retry_after, retry_after);
        if (max_retries !== undefined) assert.equal(outcome.max_retries, max_retries);
        assert.match(outcome.remedy?.zh ?? '', /\p{Script=Han}/u);
        assert.match(outcome.remedy?.en ?? '', /^[^\p{Script=Han}]+$/u);
        if (remedy !== undefined) assert.ok(outcome.remedy?.zh.includes(remedy), outcome.remedy?.zh);
        assert.ok(outcome.message.length > 0 && outcome.message.length <= 500);
      });
    }

    if (!overSmtp) universalHttp(channel, fixture);

    if (channel.capabilities.idempotent && !overSmtp) {
      test('makes a repeat the same request, whenever that is, so that the platform knows it again', async () => {
        const asked = async (task: string, seconds: number) => {
          const { http, requests } = scriptedHttp(scriptOf(fixture.accepted));
          const now = new Date(NOW.getTime() + seconds * 1000);
          const io = createIo(withTokens(fixture.token, http), { now, id: `${task}-0-0` });
          const payload = channel.render(messageOf(fixture.messages[0]!.message), config, NOW, task);
          await attempt(channel, payload, config, io);
          return requests;
        };
        // A signature in a header may be younger.
        const said = (requests: readonly HttpRequest[]) => requests.map(({ url, body }) => ({ url, body }));
        assert.deepEqual(said(await asked(ID, 90)), said(await asked(ID, 0)));
        assert.notDeepEqual(await asked('0198c0de-0000-7000-8000-000000000002', 0), await asked(ID, 0));
      });
    }

    test('knows the people in its configuration, so that no answer can repeat them', () => {
      const people = channel.people?.(config) ?? [];
      for (const [key, value] of Object.entries(fixture.config)) {
        if (!PEOPLE.test(key)) continue;
        for (const person of [value].flat().map(String))
          assert.ok(people.includes(person), `${key} is not among the people`);
      }
      const said = maskPeople(people.map((person) => `cannot reach ${person}.`).join(' '), people);
      for (const person of people) assert.ok(person.length < 6 || !said.includes(person));
    });

    test('drops no mention in silence', () => {
      for (const style of STYLES) {
        for (const format of FORMATS) {
          const plain = { title: '提醒', body: '请处理', level: 'info', style, format } as const;
          const shown = (all: boolean, mobiles: string[], ids: string[]) =>
            JSON.stringify(
              fit(channel, { ...plain, mentions: { all, mobiles, ids } }, config, {
                now: NOW,
                maxParts: 5,
                id: ID,
              }).map(({ payload }) => payload),
            );
          const none = shown(false, [], []);
          assert.notEqual(shown(true, [], []), none, 'everybody');
          assert.ok(shown(false, ['13812345678'], []).includes('13812345678'), 'a mobile number');
          assert.ok(shown(false, [], ['123456789012345678']).includes('123456789012345678'), 'an id');
        }
      }
    });

    test('fetches one token for twenty sends at once', async () => {
      const platform = scriptedHttp(scriptOf(fixture.accepted));
      const server = overSmtp ? await fakeSmtp() : undefined;
      const io = createIo(withTokens(fixture.token, platform.http));
      const target = server ? channel.config.parse({ ...fixture.config, smtp_port: server.port }) : config;
      const payload = channel.render(messageOf(fixture.messages[0]!.message), target, NOW, ID);
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => attempt(channel, payload, target, io)));
      assert.equal(io.fetched(), fixture.token.length);
      assert.ok(
        outcomes.every(({ ok }) => ok),
        JSON.stringify(outcomes[0]),
      );
      await io.close();
      await server?.close();
    });
  });
}

/** Keys of a configuration that hold people. */
const PEOPLE = /phone|mobile|openid|^to$|user_ids?$|receive_id$|^uids$/;

/** A long text is cut where a second part would be a second call or incident: once, whole characters, and it shows. */
function isOneWholePart(channel: Channel, parts: ReturnType<typeof fit>): void {
  assert.equal(parts.length, 1);
  const [{ payload }] = parts as [(typeof parts)[number]];
  for (const limit of channel.limits.size) assert.ok(measure(payload, limit) <= limit.max);
  const said = texts(payload);
  assert.ok(
    said.some((text) => text.includes('…')),
    'the cut shows',
  );
  for (const text of said) assert.ok(text.isWellFormed() && !text.includes('\ufffd'));
}

/** Answers that any HTTP server may give, whatever the platform. */
function universalHttp(channel: Channel, fixture: Fixture): void {
  const config = channel.config.parse(fixture.config);
  const payload = channel.render(messageOf(fixture.messages[0]!.message), config, NOW, ID);
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
  const odd = Object.keys(fixture.universal).filter((what) => !cases.some(([known]) => known === what));
  if (odd.length > 0) throw new Error(`${channel.name}: there is no case ${odd.join()}`);

  for (const [what, script, standard, wait] of cases) {
    const kind = fixture.universal[what] ?? standard;
    test(`takes ${what} for ${kind}`, async () => {
      const { http } = scriptedHttp(script);
      const outcome = await attempt(channel, payload, config, createIo(withTokens(fixture.token, http)));
      assert.equal(kindOf(outcome), kind);
      if (outcome.ok) return;
      assert.equal(outcome.retry_after, wait);
      assert.ok(!JSON.stringify(outcome).includes(MARKER));
    });
  }

  test('ends when nobody waits any more', async () => {
    const io = createIo(withTokens(fixture.token, scriptedHttp({ fault: 'silence' }).http));
    const sending = attempt(channel, payload, config, io);
    io.abort();
    assert.equal(kindOf(await sending), 'unknown');
  });
}

async function answered(channel: Channel, fixture: Fixture, reply: Reply): Promise<Outcome> {
  const { message } = fixture.messages[0]!;
  if (reply.at === undefined) {
    const config = channel.config.parse(fixture.config);
    const platform = scriptedHttp(...[reply, ...reply.next].map(scriptOf));
    const io = createIo(withTokens(fixture.token, platform.http));
    return attempt(channel, channel.render(messageOf(message), config, NOW, ID), config, io);
  }
  const script: Partial<Record<Step, string>> = { [reply.at]: textOf(reply) };
  const server = await fakeSmtp(script);
  const io = createIo(scriptedHttp().http);
  try {
    const config = channel.config.parse({ ...fixture.config, smtp_port: server.port });
    return await attempt(channel, channel.render(messageOf(message), config, NOW, ID), config, io);
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

const textOf = ({ body }: Answer): string => (typeof body === 'string' ? body : JSON.stringify(body));

const scriptOf = (answer: Answer): Script => ({ status: answer.status, headers: answer.headers, body: textOf(answer) });

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
