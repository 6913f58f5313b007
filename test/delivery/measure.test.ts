import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { loadOf, measure, sizeOf } from '../../src/delivery/measure.ts';

test('each unit counts its own: bytes of UTF-8, UTF-16 units, code points', () => {
  const cases: readonly (readonly [string, number, number, number, number])[] = [
    ['', 0, 0, 0, 0],
    ['abc', 3, 3, 3, 3],
    ['é', 2, 2, 1, 1],
    ['中文', 6, 6, 2, 2],
    ['🔥', 4, 4, 2, 1],
    ['👨‍👩‍👧‍👦', 25, 25, 11, 7],
    ['<a>&\u2028', 7, 25, 5, 5],
  ];
  for (const [text, bytes, go_bytes, chars, code_points] of cases) {
    assert.deepEqual(
      [sizeOf(text, 'bytes'), sizeOf(text, 'go_bytes'), sizeOf(text, 'chars'), sizeOf(text, 'code_points')],
      [bytes, go_bytes, chars, code_points],
      text,
    );
  }
});

test('code points are those of the language, in well-formed text and in any other', () => {
  const units = fc.array(fc.constantFrom('a', '中', '\ud83d', '\udd25', '🔥')).map((pieces) => pieces.join(''));
  fc.assert(fc.property(units, (text) => assert.equal(sizeOf(text, 'code_points'), Array.from(text).length)));
});

test('a path leads into the payload; what is absent measures nothing, what is no text is measured as JSON', () => {
  const payload = { a: { b: '中', list: [{ c: 'xy' }], number: 1234 } };
  assert.equal(measure(payload, { of: 'a.b', max: 9, unit: 'bytes' }), 3);
  assert.equal(measure(payload, { of: 'a.list.0.c', max: 9, unit: 'chars' }), 2);
  assert.equal(measure(payload, { of: 'a.number', max: 9, unit: 'chars' }), 4);
  assert.equal(measure(payload, { of: 'a.x.y', max: 9, unit: 'chars' }), 0);
  assert.equal(measure(payload, { of: 'body', max: 9, unit: 'bytes' }), Buffer.byteLength(JSON.stringify(payload)));
  assert.equal(measure('text', { of: 'body', max: 9, unit: 'chars' }), 4);
});

test('the load is that of the limit that is strained most; exactly full is 1; the JSON is made once', () => {
  let made = 0;
  const payload = { text: '中'.repeat(10), toJSON: () => (made++, { text: 'x'.repeat(89) }) };
  const limits = [
    { of: 'text', max: 60, unit: 'bytes' },
    { of: 'body', max: 100, unit: 'bytes' },
    { of: 'body', max: 200, unit: 'chars' },
  ] as const;
  assert.equal(loadOf(limits, payload), 1);
  assert.equal(made, 1);
  assert.ok(loadOf([{ of: 'text', max: 29, unit: 'bytes' }], payload) > 1);
  assert.equal(loadOf([], payload), 0);
});
