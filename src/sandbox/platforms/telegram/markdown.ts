import type { Span, Visible } from './visible.ts';

const KINDS: Readonly<Record<string, string>> = { '*': 'bold', _: 'italic', '`': 'code', '```': 'pre', '[': 'link' };

/**
 * Reads `parse_mode` Markdown, the old mode: entities do not nest, and a backslash works only before `_`, `*`, a backtick
 * and `[`, and never inside an entity. Gives the visible text, or the fault in the platform's words.
 */
export function parseMarkdown(source: string): Visible | string {
  const spans: Span[] = [];
  let text = '';
  let at = 0;
  while (at < source.length) {
    const plain = /^(?:\\[_*`[]|[^_*`[])/u.exec(source.slice(at, at + 2));
    if (plain !== null) {
      const [found] = plain;
      text += found.length === 2 && found.startsWith('\\') ? found[1]! : found;
      at += found.length;
      continue;
    }
    const mark = source.startsWith('```', at) ? '```' : source[at]!;
    const begin = at + mark.length;
    const end = source.indexOf(mark === '[' ? ']' : mark, begin);
    if (end === -1)
      return `Can't find end of the entity starting at byte offset ${Buffer.byteLength(source.slice(0, at))}`;
    const inner = source.slice(begin, end);
    const shown = mark === '```' ? inner.replace(/^[^\s`]*\r?\n/, '') : inner;
    const from = text.length;
    text += shown;
    at = end + (mark === '```' ? 3 : 1);
    let url = shown;
    if (mark === '[' && source[at] === '(') {
      const close = source.indexOf(')', at);
      url = source.slice(at + 1, close === -1 ? source.length : close);
      at = close === -1 ? source.length : close + 1;
    }
    if (shown !== '') spans.push({ kind: KINDS[mark]!, from, to: text.length, ...(mark === '[' ? { url } : {}) });
  }
  return { text, spans };
}
