import { z } from 'zod';

/** A text of at most `max` UTF-16 units. zod's own `max` counts code points, which is laxer for emoji. */
export function units(max: number, words = `is longer than ${max} characters`, type?: string) {
  return z.string(type).refine((text) => text.length <= max, words);
}
