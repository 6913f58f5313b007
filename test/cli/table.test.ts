import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { styleText } from 'node:util';
import { table, widthOf } from '../../src/cli/table.ts';

describe('table', () => {
  test('knows how wide a text is on a terminal', () => {
    const widths = [
      ['', 0],
      ['abc', 3],
      ['告警', 4],
      ['A告B', 4],
      ['：，（）', 8],
      ['한글', 4],
      ['カナ', 4],
      ['é', 1],
      ['e\u0301', 1],
      ['🚨', 2],
      ['👩‍💻', 2],
      ['ℹ️', 2],
      ['…–·', 3],
      ['𠮷', 2],
    ] as const;
    for (const [text, width] of widths) assert.equal(widthOf(text), width, JSON.stringify(text));
  });

  test('columns stand below each other, colours and Chinese included', () => {
    const red = styleText('red', '失败', { validateStream: false });
    assert.deepEqual(
      table(
        [
          ['target', 'result', 'reason'],
          ['告警群', red, 'x'],
          ['d1', 'ok', ''],
        ],
        '  ',
      ),
      ['  target  result  reason', `  告警群  ${red}    x`, '  d1      ok'],
    );
  });
});
