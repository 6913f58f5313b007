import type { Span, Visible } from './visible.ts';

/** Outside of code every one of these needs a backslash unless it is markup; the line feed ends a quotation. */
const RESERVED = '_*[]()~`>#+-=|{}.!\n';

interface Mark {
  readonly open: string;
  readonly close: string;
  readonly kind: string;
  /** As the platform calls it in a fault. */
  readonly word: string;
}

/** The first that fits counts, so the longer marks come first. */
const MARKS: readonly Mark[] = [
  { open: '```', close: '```', kind: 'pre', word: 'Pre' },
  { open: '`', close: '`', kind: 'code', word: 'Code' },
  { open: '||', close: '||', kind: 'spoiler', word: 'Spoiler' },
  { open: '__', close: '__', kind: 'underline', word: 'Underline' },
  { open: '_', close: '_', kind: 'italic', word: 'Italic' },
  { open: '*', close: '*', kind: 'bold', word: 'Bold' },
  { open: '~', close: '~', kind: 'strike', word: 'Strikethrough' },
  { open: '![', close: ']', kind: 'emoji', word: 'CustomEmoji' },
  { open: '[', close: ']', kind: 'link', word: 'TextUrl' },
];
const QUOTE: Mark = { open: '>', close: '\n', kind: 'quote', word: 'BlockQuote' };

interface Open extends Mark {
  readonly from: number;
  readonly at: number;
}

/** Reads `parse_mode` MarkdownV2: the visible text, or the fault in the platform's words. */
export function parseMarkdownV2(source: string): Visible | string {
  const open: Open[] = [];
  const spans: Span[] = [];
  let text = '';
  let at = 0;
  const bytes = (index: number): number => Buffer.byteLength(source.slice(0, index));
  const unended = ({ word, at: begin }: Open): string =>
    `Can't find end of ${word} entity at byte offset ${bytes(begin)}`;
  const start = (mark: Mark): void => {
    open.push({ ...mark, from: text.length, at });
    at += mark.open.length;
  };
  const finish = ({ kind, from }: Open, url?: string): void => {
    if (text.length > from) spans.push({ kind, from, to: text.length, ...(url === undefined ? {} : { url }) });
    open.pop();
  };

  while (at < source.length) {
    const top = open.at(-1);
    const c = source[at]!;
    if (c === '\\' && isEscapable(source.charCodeAt(at + 1))) {
      text += source[at + 1];
      at += 2;
    } else if (!(isCode(top) ? '`' : RESERVED).includes(c)) {
      text += c;
      at += 1;
    } else if (c === '\n') {
      const quote = open.some(({ kind }) => kind === 'quote');
      const goesOn = source[at + 1] === '>';
      if (quote && !goesOn) {
        if (top!.kind !== 'quote') return unended(top!);
        finish(top!);
      }
      text += '\n';
      at += 1;
      if (goesOn && quote) at += 1;
      else if (goesOn) start(QUOTE);
    } else if (top !== undefined && closes(top, source, at)) {
      at += top.close.length;
      const hasUrl = top.close === ']' && source[at] === '(';
      const target = hasUrl ? readUrl(source, at + 1) : undefined;
      if (hasUrl && target === undefined) return `Can't find end of a URL at byte offset ${bytes(at + 1)}`;
      if (top.kind === 'emoji' && !/^tg:\/\/emoji\?id=\d+$/.test(target?.url ?? ''))
        return 'Custom emoji entity must contain a tg://emoji URL';
      finish(top, top.kind === 'link' ? (target?.url ?? text.slice(top.from)) : undefined);
      at = target?.end ?? at;
    } else {
      const mark = c === '>' && at === 0 ? QUOTE : MARKS.find((one) => source.startsWith(one.open, at));
      if (mark === undefined) return `Character '${c}' is reserved and must be escaped with the preceding '\\'`;
      start(mark);
      // The name of the language and one line feed after the opening fence are not shown.
      if (mark.kind === 'pre') at += /^(?:[^\s`]*(?=\s))?(?:\r?\n)?/.exec(source.slice(at))![0].length;
    }
  }
  if (open.at(-1)?.kind === 'quote') finish(open.at(-1)!);
  const left = open.at(-1);
  return left === undefined ? { text, spans } : unended(left);
}

/** "Any character with code between 1 and 126 inclusively"; NaN beyond the end. */
const isEscapable = (code: number): boolean => code >= 1 && code <= 126;

const isCode = (top: Open | undefined): boolean => top?.kind === 'code' || top?.kind === 'pre';

/** A single `_` does not close where two stand: they begin or end an underline. */
function closes(top: Open, source: string, at: number): boolean {
  if (top.kind === 'quote') return false;
  return source.startsWith(top.close, at) && (top.kind !== 'italic' || source[at + 1] !== '_');
}

/** The address up to the closing parenthesis, unescaped, and where it ends. */
function readUrl(source: string, from: number): { readonly url: string; readonly end: number } | undefined {
  const [whole, url] = /^((?:\\[^]|[^)\\])*)\)/.exec(source.slice(from)) ?? [];
  return whole === undefined ? undefined : { url: url!.replaceAll(/\\([^])/g, '$1'), end: from + whole.length };
}
