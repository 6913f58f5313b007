import type { Message } from '../../model.ts';
import { escapeHtml } from '../text/escape-html.ts';
import { LEVEL_COLOURS } from '../level-colours.ts';
import type { Dialect, Item } from '../text/dialect.ts';
import { inDialect } from '../text/in-dialect.ts';
import { markedTitle } from '../text/marked-title.ts';

/**
 * The message as HTML, of the tags that Matrix clients show: spec.matrix.org, "m.room.message msgtypes".
 * @param calls of people, already HTML; empty = none
 */
export function matrixHtml(message: Message, calls: string): string {
  const { body, style, level, format, fields = [], url } = message;
  const head = escapeHtml(markedTitle(message));
  const rows = fields.map(({ name, value }) => `<li><b>${escapeHtml(name)}</b>：${lines(value)}</li>`);
  const parts = [
    style === 'card'
      ? `<h4><font data-mx-color="${LEVEL_COLOURS[level]}">${head}</font></h4>`
      : `<p><b>${head}</b></p>`,
    format === 'markdown' ? inDialect(body, DIALECT) : paragraph(lines(body)),
    rows.length > 0 ? `<ul>${rows.join('')}</ul>` : '',
    url === undefined ? '' : `<p><a href="${escapeHtml(url)}">查看详情</a></p>`,
    paragraph(calls),
  ];
  return parts.join('');
}

const lines = (text: string) => escapeHtml(text).replaceAll('\n', '<br>');

const paragraph = (html: string) => (html === '' ? '' : `<p>${html}</p>`);

const broken = (block: string) => paragraph(block.replaceAll('\n', '<br>'));

/** Deeper items are indented with hard spaces, which every client keeps. */
const listed = (items: readonly Item[]) =>
  items.map(({ depth, inner }) => `<li>${'&nbsp;&nbsp;&nbsp;&nbsp;'.repeat(depth)}${inner}</li>`).join('');

const DIALECT: Dialect = {
  text: escapeHtml,
  code: (plain) => `<code>${escapeHtml(plain)}</code>`,
  bold: (inner) => `<b>${inner}</b>`,
  italic: (inner) => `<i>${inner}</i>`,
  strike: (inner) => `<del>${inner}</del>`,
  link: (label, url) => `<a href="${escapeHtml(url)}">${label}</a>`,
  heading: (inner) => `<h5>${inner}</h5>`,
  pre: (plain) => `<pre><code>${escapeHtml(plain)}</code></pre>`,
  paragraph: (all) =>
    all
      .map((line) => line.trim())
      .join('\n')
      .trim()
      .split(/\n{2,}/)
      .map(broken)
      .join(''),
  quote: (all) => `<blockquote>${all.join('<br>')}</blockquote>`,
  bullets: (items) => `<ul>${listed(items)}</ul>`,
  numbers: (items, first) => `<ol start="${first}">${listed(items)}</ol>`,
  rule: '<hr>',
  between: '',
};
