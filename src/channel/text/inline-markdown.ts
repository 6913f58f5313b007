import type { Inline } from './dialect.ts';

/**
 * Code spans, links, bold, italics and struck-through in a dialect; no span goes over the end of a line, and what is
 * between them is `text`. Read sign by sign and not by one expression, which would take most of the time of a render. Linear
 * in the length of the text: a search for the sign that closes a span ends at the next sign of its kind.
 */
export function inlineMarkdown(text: string, dialect: Inline): string {
  let said = '';
  let from = 0;
  let line = 0;
  for (let at = nextSign(text, 0); at < text.length; at = nextSign(text, at)) {
    if (line <= at) line = endOfLine(text, at);
    const span = READERS[text[at]!]!(text, at, line);
    if (span === undefined) {
      at++;
      continue;
    }
    if (at > from) said += dialect.text(text.slice(from, at));
    said +=
      span.url === undefined ? written(span, dialect) : dialect.link(inlineMarkdown(span.inner, dialect), span.url);
    from = at = span.end;
  }
  return from < text.length ? said + dialect.text(text.slice(from)) : said;
}

interface Span {
  readonly kind: 'code' | 'link' | 'bold' | 'italic' | 'strike';
  readonly inner: string;
  /** Where the text goes on. */
  readonly end: number;
  readonly url?: string;
}

/** What a span holds is without the sign that made it, so this ends. */
const written = ({ kind, inner }: Span, dialect: Inline) =>
  kind === 'code' || kind === 'link' ? dialect.code(inner) : dialect[kind](inlineMarkdown(inner, dialect));

/** What begins at this place, if anything does. `line`: the end of the line. */
const READERS: Readonly<Record<string, (text: string, at: number, line: number) => Span | undefined>> = {
  '`': (text, at, line) => between(text, at + 1, '`', line, 'code'),
  '[': (text, at) => {
    LINK.lastIndex = at;
    const found = LINK.exec(text);
    return found ? { kind: 'link', inner: found[1]!, url: found[2]!, end: LINK.lastIndex } : undefined;
  },
  '*': (text, at, line) => {
    if (text[at + 1] === '*') return between(text, at + 2, '**', line, 'bold');
    if (text[at - 1] === '*' || /\s/.test(text[at + 1] ?? ' ')) return undefined;
    const span = between(text, at + 1, '*', line, 'italic');
    return span && text[span.end] !== '*' ? span : undefined;
  },
  '~': (text, at, line) => (text[at + 1] === '~' ? between(text, at + 2, '~~', line, 'strike') : undefined),
};

/** Up to the sign that closes it, where the next one of its kind does. */
function between(text: string, from: number, sign: string, line: number, kind: Span['kind']): Span | undefined {
  const close = text.indexOf(sign[0]!, from);
  if (close <= from || close >= line || !text.startsWith(sign, close)) return undefined;
  return { kind, inner: text.slice(from, close), end: close + sign.length };
}

const LINK = /\[([^[\]\n]{1,500})\]\(((?:https?:\/\/|mailto:)[^\s()]{1,2000})\)/y;

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}

/** The first place from here on where a span may begin. */
function nextSign(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === STAR || code === TICK || code === BRACKET || code === TILDE) return i;
  }
  return text.length;
}

const STAR = 0x2a;
const TICK = 0x60;
const BRACKET = 0x5b;
const TILDE = 0x7e;
