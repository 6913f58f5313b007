import { breakTags, linkTarget } from '../text/markdown.ts';
import type { Dialect, Item } from '../text/dialect.ts';
import { inDialect } from '../text/in-dialect.ts';
import { escapeMarkdown } from '../text/markdown-escape.ts';

/** Text of others in an Adaptive Card, shown as it was written: neither markup nor `<at>`. One line break is none there. */
export function teamsPlain(text: string): string {
  const words = escapeMarkdown(text);
  return /[<\n]/.test(words) ? breakTags(words).replace(/\n+/g, PARAGRAPH) : words;
}

/**
 * Markdown of the caller in that of an Adaptive Card, which has bold, italics, lists and links, and no headings, quotes
 * or code: learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format.
 */
export function teamsMarkdown(source: string): string {
  const words = inDialect(source, DIALECT);
  return words.includes('\n\n\n') ? words.replace(/\n{3,}/g, PARAGRAPH) : words;
}

/** What looks like a link and is none of ours (`javascript:`, an image) stays text. It looks first: most pieces have neither. */
function breakLinks(plain: string): string {
  const words = plain.includes('<') ? breakTags(plain) : plain;
  return words.includes('](') ? words.replaceAll('](', '\\](') : words;
}

const PARAGRAPH = '\n\n';

const joined = (lines: readonly string[]) => lines.filter((line) => line.trim() !== '').join(PARAGRAPH);

const listed = (items: readonly Item[], mark: (i: number) => string) =>
  items.map(({ depth, inner }, i) => `${'  '.repeat(depth)}${mark(i)} ${inner}`).join('\n');

const DIALECT: Dialect = {
  text: breakLinks,
  code: teamsPlain,
  bold: (inner) => `**${inner}**`,
  italic: (inner) => `_${inner}_`,
  strike: (inner) => inner,
  link: (label, url) => `[${label}](${linkTarget(url)})`,
  heading: (inner) => `**${inner}**`,
  pre: teamsPlain,
  paragraph: joined,
  quote: joined,
  bullets: (items) => listed(items, () => '-'),
  numbers: (items, first) => listed(items, (i) => `${first + i}.`),
  rule: '──────────',
  between: PARAGRAPH,
};
