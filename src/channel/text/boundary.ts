/** UTF-16 units looked at around a cut; the longest emoji sequence in Unicode 16 has 35. */
const CLUSTER = 64;

/**
 * The last place up to `at` that lies between two characters (graphemes).
 * @param after a place that is known to lie between two characters; what is before it is not looked at
 */
export function boundary(text: string, at: number, after = 0): number {
  if (at >= text.length) return text.length;
  if (at > after && BETWEEN.test(text.slice(at - 1, at + 1))) return at;
  const start = segmentable(text, at - CLUSTER, after);
  let end = start;
  for (const { index, segment } of graphemes.segment(text.slice(start, at + CLUSTER))) {
    if (start + index + segment.length > at) break;
    end = start + index + segment.length;
  }
  // A "character" longer than the window (endless combining marks) is cut between code points.
  if (end === start && at - start >= CLUSTER) return isLowSurrogate(text, at) ? at - 1 : at;
  return end;
}

/** Two signs that join nothing: there is always a boundary between them, and this is many times faster to tell. */
const BETWEEN = /^[\x20-\x7e\u2013-\u2026\u3000-\u3029\u30a1-\u30fa\u4e00-\u9fff\uff01-\uff60]{2}$/;

const graphemes = new Intl.Segmenter('zh', { granularity: 'grapheme' });

/** A place at or before `from` from which segmenting is not misled: no half of a pair, and the first of a row of flags. */
function segmentable(text: string, from: number, after: number): number {
  if (from <= after) return after;
  let start = isLowSurrogate(text, from) ? from - 1 : from;
  // A flag is two regional indicators; which two belong together is counted from the beginning of their row.
  while (start >= after + 2 && isRegionalIndicator(text, start - 2)) start -= 2;
  return start;
}

function isLowSurrogate(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function isRegionalIndicator(text: string, index: number): boolean {
  const low = text.charCodeAt(index + 1);
  return text.charCodeAt(index) === 0xd83c && low >= 0xdde6 && low <= 0xddff;
}
