import type { Inline } from './dialect.ts';
import { escapeHtml } from './escape-html.ts';
import { inlineMarkdown } from './inline-markdown.ts';

/**
 * The Markdown that every platform of this server understands, as HTML: headings, lists, quotes, fenced and inline
 * code, rules, bold, italics, strike-through and links to http, https or mailto. Anything else, HTML above all, stays
 * visible text. Each expression is linear in the length of its input.
 */
export function markdownHtml(source: string): string {
  const html: string[] = [];
  let open: Block | undefined;
  let fenced: string[] | undefined;
  const close = () => {
    if (open) html.push(`</${open}>`);
    open = undefined;
  };
  for (const line of source.split('\n')) {
    if (/^\s*```/.test(line)) {
      close();
      if (fenced) html.push(`<pre ${PRE}>${escapeHtml(fenced.join('\n'))}</pre>`);
      fenced = fenced ? undefined : [];
      continue;
    }
    if (fenced) {
      fenced.push(line);
      continue;
    }
    const { block, text } = blockOf(line);
    if (block !== open) {
      close();
      if (block) html.push(block === 'blockquote' ? `<blockquote ${QUOTE}>` : `<${block}>`);
      open = block;
    }
    // An empty line makes a gap between paragraphs; lists, headings and the like have margins of their own.
    html.push(text === '' && html.at(-1)?.endsWith('<br>') ? '<br>' : text);
  }
  close();
  if (fenced) html.push(`<pre ${PRE}>${escapeHtml(fenced.join('\n'))}</pre>`);
  return html.join('\n');
}

type Block = 'ul' | 'ol' | 'blockquote';

const PRE = 'style="margin:8px 0;padding:8px;background:#f4f5f7;color:#1f2329;white-space:pre-wrap;font-size:13px"';
const HEADING = 'margin:12px 0 4px;font-weight:bold';
const QUOTE = 'style="margin:8px 0;padding:0 12px;border-left:3px solid #c9cdd4"';

function blockOf(line: string): { block?: Block; text: string } {
  // Nearly every line begins with something that begins no block.
  if (!/^\s*[#*+>\d-]/.test(line)) return { text: line.trim() === '' ? '' : `${inline(line)}<br>` };
  const [, marks, heading] = /^(#{1,6})[ \t]+(\S.*)$/.exec(line) ?? [];
  if (marks && heading)
    return { text: `<div style="${HEADING};font-size:${21 - marks.length}px">${inline(heading)}</div>` };
  if (/^(?:-{3,}|\*{3,})$/.test(line.trim())) return { text: '<hr>' };
  const bullet = /^\s*[-*+] (.*)$/.exec(line)?.[1];
  if (bullet !== undefined) return { block: 'ul', text: `<li>${inline(bullet)}</li>` };
  const numbered = /^\s*\d{1,9}[.)] (.*)$/.exec(line)?.[1];
  if (numbered !== undefined) return { block: 'ol', text: `<li>${inline(numbered)}</li>` };
  const quoted = /^> ?(.*)$/.exec(line)?.[1];
  if (quoted !== undefined) return { block: 'blockquote', text: `${inline(quoted)}<br>` };
  return { text: line.trim() === '' ? '' : `${inline(line)}<br>` };
}

const inline = (text: string): string => inlineMarkdown(text, HTML);

const HTML: Inline = {
  text: escapeHtml,
  code: (plain) => `<code>${escapeHtml(plain)}</code>`,
  bold: (inner) => `<b>${inner}</b>`,
  italic: (inner) => `<i>${inner}</i>`,
  strike: (inner) => `<s>${inner}</s>`,
  link: (label, url) => `<a href="${escapeHtml(url)}">${label}</a>`,
};
