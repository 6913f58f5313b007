import { ZERO_WIDTH_SPACE } from './markdown.ts';

/**
 * Plain text inside Markdown, shown as it was written: a backslash before what would be markup. A URL is left alone: it
 * would not lead to the same place any more.
 */
export const escapeMarkdown = (plain: string): string => (SIGNS.test(plain) ? besideUrls(plain, escape) : plain);

/** Whatever `escape` may touch: most short texts have nothing of it. */
const SIGNS = /[\\`*_~|[\]#>+\-\d]/;

/** Keeps `@all` and `@name` in text of others from calling anybody; `a@b.example` and what is in a URL call nobody. */
export const breakCalls = (text: string): string =>
  text.includes('@')
    ? besideUrls(text, (piece) => piece.replace(/(?<![\w/])@(?=[\w-])/g, `@${ZERO_WIDTH_SPACE}`))
    : text;

/** Every second piece of the split is a URL. */
const besideUrls = (text: string, change: (piece: string) => string) =>
  text.includes('://')
    ? text
        .split(URLS)
        .map((piece, i) => (i % 2 === 1 ? piece : change(piece)))
        .join('')
    : change(text);

const URLS = /(https?:\/\/[^\s<>]+)/;

/** The mark of a list, a heading or a quote counts at the beginning of a line only. This runs on every render, so it looks first. */
function escape(text: string): string {
  const signs = text.replace(/[\\`*_~|[\]]/g, '\\$&');
  if (!/^[ \t]*[#>+\-\d]/m.test(signs)) return signs;
  return signs.replace(/^([ \t]*)([#>+-])/gm, '$1\\$2').replace(/^([ \t]*\d+)([.)])(?=\s)/gm, '$1\\$2');
}
