import { type Fence, fencesOf } from './fences.ts';
import { BARE_URL, type Span, urlSpans } from './spans.ts';

/**
 * What a cut must not go through in Markdown: links, images, autolinks, tags, entities, bare URLs, code spans, escapes,
 * emphasis, and the first and last line of a fenced block. Wider than any one dialect, which costs nothing: a stretch
 * that a platform does not know as markup is merely not cut.
 * @returns spans by their start; they may nest and overlap
 */
export function markdownSpans(text: string): { spans: readonly Span[]; fences: readonly Fence[] } {
  const fences = fencesOf(text);
  const spans: Span[] = [];
  let from = 0;
  for (const fence of fences) {
    inlineSpans(text, from, fence.start, spans);
    for (const span of edgesOf(text, fence)) spans.push(span);
    for (const span of urlSpans(text.slice(fence.body, fence.shut), fence.body)) spans.push(span);
    from = fence.end;
  }
  inlineSpans(text, from, text.length, spans);
  return { spans: spans.toSorted((a, b) => a.start - b.start), fences };
}

/** The opening line goes with the first character of the code, the closing line with the last: no part ends or begins with an empty block. */
function edgesOf(text: string, { start, body, shut, end }: Fence): Span[] {
  let first = body;
  let last = Math.min(shut, text.length);
  while (first < last && text[first] === '\n') first++;
  while (last > first && text[last - 1] === '\n') last--;
  if (last - first < 2) return [{ start, end }];
  return [{ start, end: first + 1 }, ...(shut < end ? [{ start: last - 1, end }] : [])];
}

/** Markup does not reach across an empty line, so each block is read by itself. */
function inlineSpans(text: string, from: number, to: number, spans: Span[]): void {
  let start = from;
  for (const block of text.slice(from, to).split(/(\n[ \t]*\n\s*)/)) {
    if (block.trim() !== '') blockSpans(block, start, spans);
    start += block.length;
  }
}

const TOKEN = new RegExp(
  [
    /\\[!-/:-@[-`{-~]/, // an escape
    /`+/,
    /<[a-z/!@][^<>\n]*>/, // an autolink or a tag
    /&#?\w{1,31};/,
    BARE_URL,
    /!?\[/,
    /\]/,
    /\*{2,}|_{2,}|~{2,}/,
    /\n/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gi',
);

/** What follows the text of a link. Every repetition is bounded or ends at a character that it excludes. */
const DESTINATION =
  /\(\s{0,9}(?:<[^<>\n]*>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)(?:\s{1,9}(?:"[^"]*"|'[^']*'|\([^()]*\)))?\s{0,9}\)|\[[^[\]\n]*\]/y;

function blockSpans(block: string, offset: number, spans: Span[]): void {
  const add = (start: number, end: number) => spans.push({ start: offset + start, end: offset + end });
  const closing = codeEnds(block);
  let brackets: number[] = [];
  const emphasis = new Map<string, number>();
  TOKEN.lastIndex = 0;
  for (let found = TOKEN.exec(block); found !== null; found = TOKEN.exec(block)) {
    const { index, 0: token } = found;
    let end = index + token.length;
    if (token === '\n') emphasis.clear();
    else if (token.startsWith('`')) {
      const closed = closing(token.length, end);
      if (closed !== undefined) add(index, (end = closed + token.length));
    } else if (token.endsWith('[')) brackets.push(index);
    else if (token === ']') {
      const opened = brackets.pop();
      DESTINATION.lastIndex = end;
      const destination = opened === undefined ? null : DESTINATION.exec(block);
      if (destination !== null) {
        add(opened!, end + destination[0].length);
        // A link longer than a part is cut in its text, if that helps.
        add(end, (end += destination[0].length));
        // There is no link in a link, but there may be an image in one.
        brackets = block[opened!] === '!' ? brackets.slice(-1) : [];
      }
    } else {
      add(index, end);
      const mark = /^(?:\*\*|__|~~)/.exec(token)?.[0];
      const opened = emphasis.get(mark ?? '');
      if (opened !== undefined) add(opened, end);
      if (opened !== undefined) emphasis.delete(mark!);
      else if (mark !== undefined) emphasis.set(mark, index);
    }
    TOKEN.lastIndex = end;
  }
}

/** A code span ends at the next run of exactly as many backticks as it began with. Asked in the order of the text. */
function codeEnds(block: string): (ticks: number, from: number) => number | undefined {
  const runs = new Map<number, number[]>();
  for (const { index, 0: run } of Array.from(block.matchAll(/`+/g)).toReversed()) {
    const places = runs.get(run.length);
    if (places === undefined) runs.set(run.length, [index]);
    else places.push(index);
  }
  return (ticks, from) => {
    const places = runs.get(ticks) ?? [];
    while (places.length > 0 && places.at(-1)! < from) places.pop();
    return places.at(-1);
  };
}
