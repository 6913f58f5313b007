/**
 * A text within so many UTF-16 units: a longer one ends in an ellipsis, and no character (grapheme) is split.
 * @param max at least 1
 */
export function shorten(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, boundary(text, max - 1))}…`;
}

/** The last place up to `at` that lies between two characters. */
function boundary(text: string, at: number): number {
  if (BETWEEN.test(text.slice(at - 1, at + 1))) return at;
  let end = 0;
  for (const { index, segment } of graphemes.segment(text.slice(0, at + CLUSTER))) {
    if (index + segment.length > at) break;
    end = index + segment.length;
  }
  return end;
}

/** Two signs that join nothing: there is always a boundary between them, and this is many times faster to tell. */
const BETWEEN = /^[\x20-\x7e\u2013-\u2026\u3000-\u3029\u30a1-\u30fa\u4e00-\u9fff\uff01-\uff60]{2}$/;

const graphemes = new Intl.Segmenter('zh', { granularity: 'grapheme' });

/** UTF-16 units looked at behind a cut; the longest emoji sequence in Unicode 16 has 35. */
const CLUSTER = 64;
