import { stripVTControlCharacters } from 'node:util';

/**
 * Rows as lines whose columns stand below each other on a terminal, where a Chinese character is two columns wide.
 * The last column is not padded. Colours are kept and count nothing.
 */
export function table(rows: readonly (readonly string[])[], indent = ''): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => void (widths[i] = Math.max(widths[i] ?? 0, widthOf(cell))));
  return rows.map((row) => {
    const last = row.findLastIndex((cell) => cell !== '');
    const cells = row.slice(0, last + 1);
    return (
      indent + cells.map((cell, i) => (i === last ? cell : cell + ' '.repeat(widths[i]! - widthOf(cell)))).join('  ')
    );
  });
}

/** Columns that a text takes on a terminal. */
export function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(stripVTControlCharacters(text))) {
    if (WIDE.test(segment)) width += 2;
    else if (!NOTHING.test(segment)) width += 1;
  }
  return width;
}

const GRAPHEMES = new Intl.Segmenter('zh', { granularity: 'grapheme' });

/** Unicode's East Asian Wide and Fullwidth, and what is drawn as an emoji. */
const WIDE =
  /^[\u{1100}-\u{115f}\u{2e80}-\u{303e}\u{3041}-\u{a4cf}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe30}-\u{fe6f}\u{ff01}-\u{ff60}\u{ffe0}-\u{ffe6}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]|\u{fe0f}/u;
const NOTHING = /^[\p{M}\p{Cc}\p{Cf}]+$/u;
