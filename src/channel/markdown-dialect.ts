/**
 * How a platform writes what Markdown marks up. `text`, `code` and `pre` are given plain text, and `link` a plain URL;
 * everything else is given what is already in the dialect.
 */
export interface Dialect {
  text(plain: string): string;
  code(plain: string): string;
  bold(inner: string): string;
  italic(inner: string): string;
  strike(inner: string): string;
  link(label: string, url: string): string;
  /** One line, without bold pieces in it: a heading is bold already. */
  heading(inner: string): string;
  pre(plain: string): string;
  paragraph(lines: readonly string[]): string;
  quote(lines: readonly string[]): string;
  bullets(items: readonly Item[]): string;
  /** @param first the number of the first item */
  numbers(items: readonly Item[], first: number): string;
  readonly rule: string;
}

export interface Item {
  /** How deep the item is indented, from 0. */
  readonly depth: number;
  readonly inner: string;
}

/**
 * The Markdown that every platform of this server understands, in a dialect of it: headings, lists, quotes, fenced and
 * inline code, rules, bold, italics, strike-through and links to http, https or mailto. Anything else goes through
 * `text`. Each expression is linear in the length of its input.
 */
export function inDialect(source: string, dialect: Dialect): string {
  const within: Dialect = { ...dialect, bold: (inner) => inner };
  const blocks: string[] = [];
  let group: Group | undefined;
  const close = () => {
    if (group) blocks.push(written(group, dialect));
    group = undefined;
  };
  for (const line of source.split('\n')) {
    const isFence = /^\s*```/.test(line);
    if (group?.kind === 'pre') {
      if (isFence) close();
      else group.lines.push(line);
      continue;
    }
    const { kind, text, depth = 0, first = 1 } = isFence ? { kind: 'pre' as const, text: '' } : blockOf(line);
    if (kind === 'heading' || kind === 'rule') {
      close();
      blocks.push(kind === 'rule' ? dialect.rule : dialect.heading(inline(text, within)));
      continue;
    }
    if (group?.kind !== kind) {
      close();
      group = { kind, lines: [], depths: [], first };
    }
    if (kind === 'pre') continue;
    group!.lines.push(inline(text, dialect));
    group!.depths.push(depth);
  }
  close();
  return blocks.join('\n');
}

type Kind = 'paragraph' | 'quote' | 'bullets' | 'numbers' | 'pre';

/** Lines of one kind that follow each other. */
interface Group {
  readonly kind: Kind;
  readonly lines: string[];
  readonly depths: number[];
  readonly first: number;
}

interface Block {
  readonly kind: Kind | 'heading' | 'rule';
  readonly text: string;
  readonly depth?: number;
  readonly first?: number;
}

function blockOf(line: string): Block {
  const heading = /^#{1,6}[ \t]+(\S.*)$/.exec(line)?.[1];
  if (heading !== undefined) return { kind: 'heading', text: heading };
  if (/^(?:-{3,}|\*{3,})$/.test(line.trim())) return { kind: 'rule', text: '' };
  const [, indent = '', bullet] = /^(\s*)[-*+] (.*)$/.exec(line) ?? [];
  if (bullet !== undefined) return { kind: 'bullets', text: bullet, depth: depthOf(indent) };
  const [, margin = '', first, numbered] = /^(\s*)(\d{1,9})[.)] (.*)$/.exec(line) ?? [];
  if (numbered !== undefined) return { kind: 'numbers', text: numbered, depth: depthOf(margin), first: Number(first) };
  const quoted = /^> ?(.*)$/.exec(line)?.[1];
  if (quoted !== undefined) return { kind: 'quote', text: quoted };
  return { kind: 'paragraph', text: line };
}

/** Deeper lists than this are no lists any more. */
const DEEPEST = 5;

const depthOf = (indent: string) => Math.min(Math.floor(indent.length / 2), DEEPEST);

function written({ kind, lines, depths, first }: Group, dialect: Dialect): string {
  if (kind === 'pre') return dialect.pre(lines.join('\n'));
  if (kind === 'paragraph' || kind === 'quote') return dialect[kind](lines);
  const items = lines.map((inner, i) => ({ inner, depth: depths[i] ?? 0 }));
  return kind === 'bullets' ? dialect.bullets(items) : dialect.numbers(items, first);
}

/** A code span, a link, bold, italics, struck-through: whichever begins first. */
const INLINE =
  /`([^`]+)`|\[([^[\]]{1,500})\]\(((?:https?:\/\/|mailto:)[^\s()]{1,2000})\)|\*\*([^*]{1,2000})\*\*|(?<!\*)\*([^*\s][^*]{0,2000})\*(?!\*)|~~([^~]{1,2000})~~/g;

function inline(text: string, dialect: Dialect): string {
  const pieces: string[] = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > from) pieces.push(dialect.text(text.slice(from, match.index)));
    pieces.push(span(match, dialect));
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push(dialect.text(text.slice(from)));
  return pieces.join('');
}

/** What a span holds is without the sign that made it, so this ends. */
function span([, code, label, url, bold, italic, struck]: RegExpExecArray, dialect: Dialect): string {
  if (code !== undefined) return dialect.code(code);
  if (label !== undefined && url !== undefined) return dialect.link(inline(label, dialect), url);
  if (bold !== undefined) return dialect.bold(inline(bold, dialect));
  if (italic !== undefined) return dialect.italic(inline(italic, dialect));
  return dialect.strike(inline(struck ?? '', dialect));
}
