import { ZERO_WIDTH_SPACE } from '../text/markdown.ts';
import type { Dialect, Item } from '../text/dialect.ts';
import { inDialect } from '../text/in-dialect.ts';

/**
 * Text of others in Slack's `mrkdwn`, shown as it was written: the three signs that its documentation names are escaped,
 * which takes mentions and links apart; an invisible break takes bold, italics and code apart, for which there is no
 * escape. Source: docs.slack.dev, "Formatting text for app surfaces".
 */
export const slackPlain = (text: string): string =>
  slackEscape(text).replace(/(?<![\p{L}\p{N}])[*_~`](?=\S)/gu, `$&${ZERO_WIDTH_SPACE}`);

/** `&`, `<` and `>`: all that can be escaped. */
export const slackEscape = (text: string): string =>
  /[&<>]/.test(text) ? text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;') : text;

/** Markdown of the caller in `mrkdwn`, which has no headings and other signs for bold, italics and links. */
export const slackMarkdown = (source: string): string => inDialect(source, DIALECT);

/** @param label already escaped */
const slackLink = (label: string, url: string): string =>
  `<${slackEscape(url.search(ENDS) < 0 ? url : url.replace(ENDS, encodeURIComponent))}|${label}>`;

/** What would end the address. */
const ENDS = /[|<>]/g;

/** Beside a letter, Chinese ones included, Slack takes the sign for a letter too: an invisible break parts them. */
function marks(sign: string): (inner: string) => string {
  const open = `${ZERO_WIDTH_SPACE}${sign}`;
  const close = `${sign}${ZERO_WIDTH_SPACE}`;
  return (inner) => open + inner + close;
}

const listed = (items: readonly Item[], mark: (i: number) => string) =>
  items.map(({ depth, inner }, i) => `${'    '.repeat(depth)}${mark(i)} ${inner}`).join('\n');

const DIALECT: Dialect = {
  text: slackEscape,
  code: (plain) => `\`${slackEscape(plain)}\``,
  bold: marks('*'),
  italic: marks('_'),
  strike: marks('~'),
  link: slackLink,
  heading: (inner) => `*${inner}*`,
  pre: (plain) => `\`\`\`\n${slackEscape(plain).replaceAll('```', `\`\`${ZERO_WIDTH_SPACE}\``)}\n\`\`\``,
  paragraph: (lines) => lines.join('\n'),
  quote: (lines) => lines.map((line) => `> ${line}`).join('\n'),
  bullets: (items) => listed(items, () => '•'),
  numbers: (items, first) => listed(items, (i) => `${first + i}.`),
  rule: '──────────',
};
