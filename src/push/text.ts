/** Lone surrogates and control characters other than tab and newline: text without them is passed on as it is. */
const DIRTY = /[^\P{Cc}\t\n]|\p{Cs}/u;
const CONTROL = /[^\P{Cc}\t\n]/gu;
const BREAKS = /[\t\n]+/g;

/**
 * Makes text safe to render, log and print: CRLF becomes LF, a lone surrogate becomes U+FFFD, and control characters
 * (C0, DEL, C1) other than tab and newline are removed.
 */
export const cleanText = (text: string): string =>
  DIRTY.test(text) ? text.replaceAll('\r\n', '\n').replace(CONTROL, '').toWellFormed() : text;

/** As `cleanText`, folded to one line: newlines and tabs become a space, the ends are trimmed. */
export const cleanLine = (text: string): string => cleanText(text).replace(BREAKS, ' ').trim();
