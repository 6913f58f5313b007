/** A stretch of text that a cut should not go through: from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * A bare URL, as a reader would take it: up to white space, quotes, brackets, or the punctuation of Chinese text.
 * Parentheses belong to it in pairs; a `**` behind it is emphasis.
 */
export const BARE_URL =
  /[a-z][a-z0-9+.-]{1,15}:\/\/(?:\[[0-9a-f:.]+\])?(?:(?!\*\*)[^\s<>"`|[\]()\u2000-\u206f\u3000-\u303f\uff00-\uff65]|\([^\s<>()]*\))+/gi;

/** The bare URLs in a text. */
export function urlSpans(text: string, offset = 0): Span[] {
  return Array.from(text.matchAll(BARE_URL), ({ index, 0: url }) => ({
    start: offset + index,
    end: offset + index + url.length,
  }));
}
