/**
 * A URL that can stand between the parentheses of a Markdown link: what would end the link, or open a tag, is
 * percent-encoded; nothing else is touched.
 */
export const linkTarget = (url: string): string => (url.search(UNSAFE) < 0 ? url : url.replace(UNSAFE, encoded));

const UNSAFE = /[\s()<>"'\\[\]]/g;

/** Of the parentheses and the apostrophe too, which `encodeURIComponent` leaves as they are. */
function encoded(c: string): string {
  const code = encodeURIComponent(c);
  return code === c ? `%${c.charCodeAt(0).toString(16).toUpperCase()}` : code;
}

/**
 * Makes tags in user text inert, whatever the platform's renderer does with entities: an invisible break after the
 * `<`. The reader sees the text as it was written.
 */
export const breakTags = (text: string): string => text.replace(TAG, `<${ZERO_WIDTH_SPACE}`);

export const ZERO_WIDTH_SPACE = '\u200b';

/** `<font`, `</at>`, `<@userid>`, `<!--`; not the `<` of "a < b" or of "5<6". */
const TAG = /<(?=[@/!a-z])/gi;
