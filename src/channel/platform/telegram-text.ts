import { escapeHtml } from '../text/escape-html.ts';
import { ZERO_WIDTH_SPACE } from '../text/markdown.ts';
import type { Dialect, Item } from '../text/dialect.ts';
import { inDialect } from '../text/in-dialect.ts';
import { breakCalls } from '../text/markdown-escape.ts';

export type ParseMode = 'none' | 'HTML' | 'Markdown' | 'MarkdownV2';

/** How text is written in one of Telegram's parse modes. */
export interface TelegramText {
  /** Shown as it was written. */
  readonly plain: (text: string) => string;
  readonly bold: (text: string) => string;
  /** Markdown of the caller. Where the mode has no markup it stays as it was written. */
  readonly markdown: (source: string) => string;
  /** A person without a name of their own in the chat. Undefined: the mode cannot say it. */
  readonly person?: (id: string) => string;
}

/**
 * The parse modes: core.telegram.org/bots/api#formatting-options. What a mode cannot express loses its markup, never its
 * text, so that Telegram finds no entity that it cannot parse.
 */
export const TELEGRAM_TEXT: Readonly<Record<ParseMode, TelegramText>> = {
  none: { plain: breakCalls, bold: breakCalls, markdown: breakCalls },
  HTML: textOf({
    text: (plain) => escapeHtml(breakCalls(plain)),
    code: (plain) => `<code>${escapeHtml(plain)}</code>`,
    bold: (inner) => `<b>${inner}</b>`,
    italic: (inner) => `<i>${inner}</i>`,
    strike: (inner) => `<s>${inner}</s>`,
    link: (label, url) => `<a href="${escapeHtml(url)}">${label}</a>`,
    heading: (inner) => `<b>${inner}</b>`,
    pre: (plain) => `<pre>${escapeHtml(plain)}</pre>`,
    paragraph: joined,
    quote: (lines) => `<blockquote>${joined(lines)}</blockquote>`,
    bullets: (items) => listed(items, () => '•'),
    numbers: (items, first) => listed(items, (i) => `${first + i}.`),
    rule: '──────────',
  }),
  MarkdownV2: textOf({
    text: (plain) => escapeV2(breakCalls(plain)),
    code: (plain) => `\`${escapeCode(plain)}\``,
    bold: (inner) => `*${inner}*`,
    italic: (inner) => `_${inner}_`,
    strike: (inner) => `~${inner}~`,
    link: (label, url) => `[${label}](${url.replace(/[)\\]/g, '\\$&')})`,
    heading: (inner) => `*${inner}*`,
    pre: (plain) => `\`\`\`\n${escapeCode(plain)}\n\`\`\``,
    paragraph: joined,
    quote: (lines) => lines.map((line) => `>${line}`).join('\n'),
    bullets: (items) => listed(items, () => '•'),
    numbers: (items, first) => listed(items, (i) => `${first + i}\\.`),
    rule: '──────────',
  }),
  Markdown: textOf({
    text: (plain) => escapeLegacy(breakCalls(plain)),
    // A code span holds no backtick. Nothing can be escaped inside an entity, and entities do not nest.
    code: (plain) => `\`${plain}\``,
    bold: (inner) => legacy('*', inner),
    italic: (inner) => legacy('_', inner),
    strike: (inner) => inner,
    link: (label, url) => (LEGACY_SIGNS.test(label) ? `${label} ${escapeLegacy(url)}` : `[${label}](${url})`),
    heading: (inner) => legacy('*', inner),
    pre: (plain) => `\`\`\`\n${plain.replaceAll('`', `\`${ZERO_WIDTH_SPACE}`)}\n\`\`\``,
    paragraph: joined,
    quote: (lines) => lines.map((line) => `> ${line}`).join('\n'),
    bullets: (items) => listed(items, () => '•'),
    numbers: (items, first) => listed(items, (i) => `${first + i}.`),
    rule: '──────────',
  }),
};

function textOf(dialect: Dialect): TelegramText {
  return {
    plain: (text) => dialect.text(text),
    bold: (text) => dialect.bold(dialect.text(text)),
    markdown: (source) => inDialect(source, dialect),
    person: (id) => dialect.link(`@${id}`, `tg://user?id=${id}`),
  };
}

/** Inside code nothing but these two has a meaning. */
const escapeCode = (plain: string) => plain.replace(/[`\\]/g, '\\$&');

/** The eighteen signs of the documentation, and the backslash itself. */
const escapeV2 = (plain: string) => plain.replace(/[_*[\]()~`>#+\-=|{}.!\\]/g, '\\$&');

/**
 * The old mode knows an escape for these four alone; a backslash before anything else is a backslash. One at the end is
 * kept from escaping the entity that may follow.
 */
const escapeLegacy = (plain: string) => plain.replace(/[_*`[]/g, '\\$&').replace(/\\$/, `\\${ZERO_WIDTH_SPACE}`);

const LEGACY_SIGNS = /[_*`[\]]/;

const legacy = (sign: string, inner: string) =>
  inner === '' || LEGACY_SIGNS.test(inner) ? inner : `${sign}${inner}${sign}`;

function joined(lines: readonly string[]): string {
  return lines.join('\n');
}

function listed(items: readonly Item[], mark: (i: number) => string): string {
  return items.map(({ depth, inner }, i) => `${'  '.repeat(depth)}${mark(i)} ${inner}`).join('\n');
}
