import { boundary } from './boundary.ts';

/**
 * A text within so many UTF-16 units: a longer one ends in an ellipsis, and no character (grapheme) is split.
 * @param max at least 1
 */
export function shorten(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, boundary(text, max - 1))}…`;
}
