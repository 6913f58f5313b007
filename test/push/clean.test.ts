import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { Message } from '../../src/model.ts';
import { parsePush } from '../../src/push/request.ts';

const VALID = { recipient_alias: 'ops_alert', content: { title: '标题', msg: '内容' } };

function withContent(change: object): Message {
  const parsed = parsePush({ ...VALID, content: { ...VALID.content, ...change } });
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.request.message;
}

describe('cleaning', () => {
  test('lone surrogates become U+FFFD, pairs stay', () => {
    assert.equal(withContent({ msg: 'a\ud800b\udc00c😀' }).body, 'a\ufffdb\ufffdc😀');
  });
  test('control characters are removed but for tab and newline', () => {
    assert.equal(withContent({ msg: '\u0000a\u0007\tb\nc\u007f\u0085\u009bd\u001b[0m' }).body, 'a\tb\ncd[0m');
    assert.equal(withContent({ msg: 'a\u2028b\u00a0c' }).body, 'a\u2028b\u00a0c');
  });
  test('CRLF becomes LF', () => assert.equal(withContent({ msg: 'a\r\nb\rc' }).body, 'a\nbc'));
  test('a title is one trimmed line', () => {
    assert.equal(withContent({ title: ' a\r\nBcc: x\t\ty \n' }).title, 'a Bcc: x y');
  });
  test('names of fields are lines, values keep theirs', () => {
    assert.deepEqual(withContent({ fields: [{ name: 'a\nb', value: 'c\r\nd' }] }).fields, [
      { name: 'a b', value: 'c\nd' },
    ]);
  });
});

describe('any input', () => {
  const clean = (text: string) => text.isWellFormed() && !/[^\P{Cc}\t\n]/u.test(text);
  const isClean = (value: unknown): boolean =>
    typeof value === 'string'
      ? clean(value)
      : typeof value !== 'object' || value === null || Object.values(value).every(isClean);

  test('JSON of any shape is judged without an exception', () => {
    fc.assert(fc.property(fc.jsonValue({ depthSize: 'medium' }), (body) => void parsePush(body)));
  });

  test('what is accepted is well-formed and free of control characters', () => {
    const text = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 40 })
      .chain((whole) => fc.constantFrom(whole, `${whole}\ud83d`, `\udc00\r\n${whole}`, `${whole}\u0000\u001b\u009f`));
    const odd = fc.option(fc.oneof(text, fc.jsonValue()), { nil: undefined });
    const body = fc.record({
      recipient_alias: text,
      type: fc.constantFrom('info', 'warning', 'error', '', null, undefined),
      platform: fc.option(text),
      content: fc.record({
        title: text,
        msg: text,
        fields: fc.option(fc.array(fc.record({ name: text, value: text }), { maxLength: 3 })),
        extra: odd,
      }),
      mentions: fc.option(fc.record({ ids: fc.array(text, { maxLength: 3 }) })),
      idempotency_key: fc.option(text),
      extra: odd,
    });
    let accepted = 0;
    fc.assert(
      fc.property(body, (input) => {
        const parsed = parsePush(input);
        if (!parsed.ok) return parsed.faults.length > 0;
        accepted += 1;
        const { message, platform = 'x' } = parsed.request;
        assert.ok(isClean({ ...parsed.request, warnings: parsed.warnings }));
        return message.title !== '' && !/[\t\n]/.test(message.title) && platform.trim() !== '';
      }),
    );
    assert.ok(accepted > 10, `only ${accepted} were accepted`);
  });

  test('what is accepted once, said again, is accepted and the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (msg) => {
        const once = parsePush({ ...VALID, content: { title: 't', msg } });
        if (!once.ok) return;
        const again = parsePush({ ...VALID, content: { title: 't', msg: once.request.message.body } });
        assert.deepEqual(again, once);
      }),
    );
  });
});
