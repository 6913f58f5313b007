import { boundary } from '../channel/text/boundary.ts';

/** The longest prefix of at most `max` UTF-16 units that ends between two characters; the whole text when it is short. */
export function prefixOf(text: string, max: number): string {
  if (max >= text.length) return text;
  return max <= 0 ? '' : text.slice(0, boundary(text, max));
}
