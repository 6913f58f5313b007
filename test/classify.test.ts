import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HttpReply } from '../src/channel/channel.ts';
import { type CodeTable, classifyByCode, classifyStatus, parseObject, retryAfter } from '../src/channel/classify.ts';
import { rule } from '../src/channel/rule.ts';

const reply = (status: number, body: unknown = '', headers: HttpReply['headers'] = {}): HttpReply => ({
  status,
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

/** The moment of the answer. */
const NOW = new Date('2026-01-01T00:00:00Z');

const TABLE: CodeTable = {
  1: rule('unauthorized', '密钥', 'secret'),
  2: rule('rate_limited', '额度', 'quota', { pause: 3600 }),
  3: rule('unavailable', '繁忙', 'busy', { max_retries: 3 }),
  4: (text) => (text === 'fast' ? rule('rate_limited', '快', 'fast') : rule('invalid', '错', 'bad')),
  E5: rule('invalid', '错', 'bad'),
};
const classify = classifyByCode('code', 'msg', TABLE);
const kindOf = (r: HttpReply) => {
  const outcome = classify(r, NOW);
  return outcome.ok ? 'ok' : outcome.kind;
};

describe('classifyByCode', () => {
  test('a success is the right code under a 2xx, and nothing else', () => {
    assert.deepEqual(classify(reply(200, { code: 0 }), NOW), { ok: true });
    assert.equal(kindOf(reply(200, { code: '0' })), 'unavailable');
    assert.equal(kindOf(reply(500, { code: 0 })), 'unavailable');
    assert.equal(kindOf(reply(404, { code: 0 })), 'invalid');
    assert.equal(kindOf(reply(302, { code: 0 })), 'invalid');
    assert.deepEqual(classifyByCode('s', 'm', {}, 'OK')(reply(200, { s: 'OK' }), NOW), { ok: true });
  });

  test('a listed code follows its rule whatever the HTTP status says', () => {
    for (const status of [200, 400, 500]) assert.equal(kindOf(reply(status, { code: 1, msg: 'no' })), 'unauthorized');
    assert.equal(kindOf(reply(200, { code: 'E5' })), 'invalid');
  });

  test('carries code, text, remedy, pause and bound of retries', () => {
    assert.deepEqual(classify(reply(200, { code: 2, msg: 'used up' }), NOW), {
      ok: false,
      kind: 'rate_limited',
      code: '2',
      message: 'used up',
      remedy: { zh: '额度', en: 'quota' },
      retry_after: 3600,
    });
    const busy = classify(reply(200, { code: 3 }), NOW);
    assert.ok(!busy.ok);
    assert.equal(busy.max_retries, 3);
    assert.equal(busy.message, '平台返回错误');
  });

  test('a code of two meanings is told apart by its text', () => {
    assert.equal(kindOf(reply(200, { code: 4, msg: 'fast' })), 'rate_limited');
    assert.equal(kindOf(reply(200, { code: 4, msg: 7 })), 'invalid');
  });

  test('an unlisted code is retried once; under an HTTP error the status speaks', () => {
    const outcome = classify(reply(200, { code: 99, msg: 'new' }), NOW);
    assert.ok(!outcome.ok);
    assert.deepEqual([outcome.kind, outcome.max_retries, outcome.code], ['unavailable', 1, '99']);
    assert.equal(kindOf(reply(429, { code: 99 })), 'rate_limited');
    assert.equal(kindOf(reply(401, { code: 99 })), 'unauthorized');
  });

  test('a code named like a property of every object is just unlisted', () => {
    for (const code of ['constructor', '__proto__', 'toString'])
      assert.equal(kindOf(reply(200, { code })), 'unavailable');
  });

  test('a reply without the code is not a success', () => {
    for (const body of ['', '<html>', 'null', '[]', '0', '{"code":null}', '{"code":{}}', '{"other":0}', '{"code":0']) {
      assert.equal(kindOf(reply(200, body)), 'unknown', body);
    }
  });

  test('a rule’s own pause wins over Retry-After, which wins over nothing', () => {
    const header = { 'retry-after': '9' };
    const listed = classify(reply(200, { code: 2 }, header), NOW);
    assert.equal(listed.ok || listed.retry_after, 3600);
    const other = classify(reply(200, { code: 4, msg: 'fast' }, header), NOW);
    assert.equal(other.ok || other.retry_after, 9);
  });

  test('an endless text is cut', () => {
    const outcome = classify(reply(200, { code: 1, msg: 'x'.repeat(60_000) }), NOW);
    assert.equal(outcome.ok || outcome.message.length, 500);
  });
});

describe('classifyStatus', () => {
  const kinds: Readonly<Record<string, readonly number[]>> = {
    unknown: [200, 201, 204, 299],
    invalid: [301, 302, 307, 308, 400, 402, 404, 405, 410, 413, 415, 422, 499],
    unauthorized: [401, 403],
    rate_limited: [429],
    unavailable: [408, 425, 500, 501, 502, 503, 504, 599],
  };
  for (const [kind, statuses] of Object.entries(kinds)) {
    test(`${statuses.join(' ')} are ${kind}`, () => {
      for (const status of statuses) {
        const failure = classifyStatus(reply(status), NOW);
        assert.equal(failure.kind, kind);
        assert.equal(failure.code, `HTTP ${status}`);
        assert.ok(failure.message && failure.remedy?.zh && failure.remedy.en);
      }
    });
  }

  test('an odd status is still a failure', () => {
    for (const status of [0, 100, 199, 600]) assert.equal(classifyStatus(reply(status), NOW).ok, false);
  });
});

describe('retryAfter', () => {
  const cases: readonly (readonly [string | string[] | undefined, number | undefined])[] = [
    ['7', 7],
    [' 1.5 ', 1.5],
    ['-3', 0],
    ['0', 0],
    [['4', '9'], 4],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ];
  for (const [header, seconds] of cases) {
    test(`${JSON.stringify(header)} is ${seconds}`, () => {
      assert.equal(retryAfter(reply(429, '', { 'retry-after': header }), NOW), seconds);
    });
  }
});

test('parseObject takes objects only', () => {
  assert.deepEqual(parseObject('{"a":1}'), { a: 1 });
  for (const text of ['', '[]', 'null', '1', '"x"', '{', 'undefined']) assert.equal(parseObject(text), undefined);
});
