import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { sizeOf } from '../../src/delivery/measure.ts';
import { prefixOf } from '../../src/delivery/prefix.ts';
import { cutTitle } from '../../src/delivery/title.ts';

const graphemes = new Intl.Segmenter('zh', { granularity: 'grapheme' });
const ends = (text: string) =>
  new Set(Array.from(graphemes.segment(text), ({ index, segment }) => index + segment.length));

describe('a prefix', () => {
  test('never ends inside a character', () => {
    const family = '👨‍👩‍👧‍👦';
    for (let i = 0; i < family.length; i++) assert.equal(prefixOf(`ab${family}`, 2 + i), 'ab');
    for (let i = 0; i < family.length; i++) assert.equal(prefixOf(family, i), '');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.nat(300), (text, max) => {
        const prefix = prefixOf(text, max);
        assert.ok(prefix.length <= max && text.startsWith(prefix) && prefix.isWellFormed());
        assert.ok(prefix === '' || ends(text).has(prefix.length));
      }),
    );
  });

  test('never ends inside a flag, however many flags there are', () => {
    const flags = `航班：${'🇨🇳🇫🇷'.repeat(200)}`;
    const whole = ends(flags);
    for (let max = 3; max < flags.length; max++) {
      const { length } = prefixOf(flags, max);
      assert.ok(whole.has(length) && max - length < 4, `${max}: ${length}`);
    }
  });

  test('ends inside a character only when that is endless', () => {
    const zalgo = `z${'\u0301'.repeat(1000)}`;
    assert.equal(prefixOf(zalgo, 500).length, 500);
    assert.ok(prefixOf(`${'a'.repeat(100)}${'\u{1d165}'.repeat(500)}`, 501).isWellFormed());
  });
});

describe('a title', () => {
  test('is cut with an ellipsis, in the unit of its limit', () => {
    assert.equal(cutTitle('磁盘将满', { max: 4, unit: 'chars' }), '磁盘将满');
    assert.equal(cutTitle('磁盘将满', { max: 3, unit: 'chars' }), '磁盘…');
    assert.equal(cutTitle('磁盘将满', { max: 9, unit: 'bytes' }), '磁盘…');
    assert.equal(cutTitle('🔥🔥🔥🔥', { max: 3, unit: 'code_points' }), '🔥🔥…');
    assert.equal(cutTitle('🔥🔥🔥🔥', { max: 4, unit: 'code_points' }), '🔥🔥🔥🔥');
    assert.equal(cutTitle('磁盘', { max: 1, unit: 'chars' }), '…');
    assert.equal(cutTitle('磁盘', { max: 0, unit: 'chars' }), '');
    assert.equal(cutTitle('磁盘', { max: -5, unit: 'chars' }), '');
  });

  test('is as long as its limit allows, and never longer', () => {
    const units = fc.constantFrom('bytes' as const, 'chars' as const, 'code_points' as const);
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 60 }),
        fc.integer({ min: 3, max: 80 }),
        units,
        (title, max, unit) => {
          const cut = cutTitle(title, { max, unit });
          assert.ok(sizeOf(cut, unit) <= max);
          if (cut === title) return;
          const next = title.slice(0, Math.min(...[...ends(title)].filter((end) => end >= cut.length)));
          assert.ok(sizeOf(`${next}…`, unit) > max, `${cut} could be longer`);
        },
      ),
    );
  });
});
