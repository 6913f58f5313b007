import { ZERO_WIDTH_SPACE } from '../channel/text/markdown.ts';
import type { Format } from '../model.ts';
import { type Fence, fencesOf } from './fences.ts';
import { markdownSpans } from './markdown-spans.ts';
import { boundary } from '../channel/text/boundary.ts';
import { type Span, urlSpans } from './spans.ts';

/** Where a text may be cut. Places are indexes into it. */
export interface Cutter {
  /**
   * The best place for a cut up to `at`, seen from the beginning of the piece: between two characters, outside of links
   * and the like, at the end of a line or a word when one is near. What is longer than the piece is cut all the same.
   * It grows with `at`; it is `from` when not one character ends by `at`.
   */
  cut(from: number, at: number): number;
  /** Where the next piece begins: line breaks at a cut are dropped. */
  next(cut: number): number;
  /** The piece as its part shows it: a code block that goes on in the next part is closed and opened again. */
  piece(from: number, to: number): string;
}

/** How far back from the hard limit a line or word break is worth looking for, as a share of the piece. */
const BREAK_WITHIN = 0.25;

/** Harmless in the middle of a line; at the beginning of a part it would open or close a code block. */
const LIKE_FENCE = /^[ \t>]*(?:`{3}|~{3})/;

export function cutterOf(text: string, format: Format): Cutter {
  const { spans, fences } = format === 'markdown' ? markdownSpans(text) : { spans: urlSpans(text), fences: [] };
  return {
    cut(from, at) {
      const hard = boundary(text, at, from);
      if (hard <= from || hard === text.length) return Math.max(hard, from);
      const whole = wholes(spans, from, hard);
      const last = whole.at(-1);
      const end = last !== undefined && hard < last.end ? last.start : hard;
      return breakBefore(text, from, end, whole);
    },
    next(cut) {
      let next = cut;
      while (text[next] === '\n') next++;
      return next;
    },
    piece(from, to) {
      const raw = text.slice(from, to);
      if (format !== 'markdown') return raw;
      const entered = fenceAt(fences, from);
      const torn = from > 0 && text[from - 1] !== '\n' && LIKE_FENCE.test(raw);
      const head = entered ? `${entered.again}\n` : '';
      const piece = `${head}${torn ? ZERO_WIDTH_SPACE : ''}${raw}`;
      const left = fencesOf(piece).at(-1);
      return left?.until === piece.length ? `${piece}\n${left.close}` : piece;
    },
  };
}

/** The spans that a piece from here on could leave to the next one; those that overlap are one. */
function wholes(spans: readonly Span[], from: number, at: number): readonly Span[] {
  const found: Span[] = [];
  for (let i = after(spans, from); i < spans.length && spans[i]!.start < at; i++) {
    const span = spans[i]!;
    const last = found.at(-1);
    if (last === undefined || span.start >= last.end) found.push(span);
    else if (span.end > last.end) found[found.length - 1] = { start: last.start, end: span.end };
  }
  return found;
}

/** The end of the last line, else of the last word, within the last quarter of the piece; else where it ends. */
function breakBefore(text: string, from: number, end: number, whole: readonly Span[]): number {
  const floor = end - (end - from) * BREAK_WITHIN;
  let word = end;
  let k = whole.length - 1;
  for (let at = end; at > floor; at--) {
    while (k >= 0 && whole[k]!.start >= at) k--;
    const span = whole[k];
    if (span !== undefined && at < span.end) {
      at = span.start + 1;
      continue;
    }
    if (text[at] === '\n' && text[at - 1] !== '\n') return at;
    if (word === end && text[at - 1] === ' ' && boundary(text, at, from) === at) word = at;
  }
  return word;
}

function fenceAt(fences: readonly Fence[], place: number): Fence | undefined {
  const fence = fences[after(fences, place) - 1];
  // From the end of its first line on.
  return fence !== undefined && fence.body - 1 <= place && place <= fence.until ? fence : undefined;
}

/** The index of the first that starts after this place; they are in the order of their starts. */
function after(spans: readonly { readonly start: number }[], place: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (spans[middle]!.start <= place) low = middle + 1;
    else high = middle;
  }
  return low;
}
