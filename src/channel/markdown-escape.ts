import { ZERO_WIDTH_SPACE } from './markdown.ts';

/**
 * Plain text inside Markdown, shown as it was written: a backslash before what would be markup. A URL is left alone: it
 * would not lead to the same place any more.
 */
export const escapeMarkdown = (plain: string): string =>
  plain
    .split(URLS)
    .map((piece, i) => (i % 2 === 1 ? piece : escape(piece)))
    .join('');

/** Keeps `@all` and `@name` in text of others from calling anybody; `a@b.example` and `/@name` call nobody. */
export const breakCalls = (text: string): string => text.replace(/(?<![\w/])@(?=[\w-])/g, `@${ZERO_WIDTH_SPACE}`);

const URLS = /(https?:\/\/[^\s<>]+)/;

/** The second and third: marks that count at the beginning of a line only. */
const escape = (text: string) =>
  text
    .replace(/[\\`*_~|[\]]/g, '\\$&')
    .replace(/^([ \t]*)([#>+-])/gm, '$1\\$2')
    .replace(/^([ \t]*\d+)([.)])(?=\s)/gm, '$1\\$2');
