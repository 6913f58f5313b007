/** A fenced code block. Places are indexes into the text. */
export interface Fence {
  readonly start: number;
  /** Where the code begins. */
  readonly body: number;
  /** Where the code ends: the beginning of the closing line, if there is one. */
  readonly shut: number;
  readonly end: number;
  /** The last place at which a cut would be a cut in the code; without a closing line that is the end of the text. */
  readonly until: number;
  /** A line that opens it again. */
  readonly again: string;
  /** A line that closes it. */
  readonly close: string;
}

type Opened = Pick<Fence, 'start' | 'body' | 'again' | 'close'>;

/** Indented and quoted fences count: platforms disagree about how far a fence may stand from the margin. */
const OPENING = /^([ \t>]{0,12})(`{3,12}(?!.*`)|~{3,12}(?!~))(.*)$/s;

/** Bytes of an info string (`ts`, `js title="a"`) that are repeated in every part; a longer one is left out there. */
const INFO = 24;

/** The fenced code blocks of a Markdown text, in order. */
export function fencesOf(text: string): readonly Fence[] {
  const fences: Fence[] = [];
  let open: Opened | undefined;
  let at = 0;
  for (const line of text.split('\n')) {
    const next = Math.min(at + line.length + 1, text.length);
    if (open !== undefined && closes(line, open.close)) {
      fences.push({ ...open, shut: at, end: at + line.length, until: at });
      open = undefined;
    } else {
      // The quote ends, and its code block with it.
      if (open !== undefined && isQuoted(open.close) && !isQuoted(line)) {
        fences.push({ ...open, shut: at, end: at, until: at - 1 });
        open = undefined;
      }
      open ??= opened(line, at, next);
    }
    at = next;
  }
  if (open !== undefined) fences.push({ ...open, shut: at, end: at, until: at });
  return fences;
}

function opened(line: string, start: number, body: number): Opened | undefined {
  const [, margin, marks, info] = OPENING.exec(line) ?? [];
  if (margin === undefined || marks === undefined || info === undefined) return undefined;
  const close = margin + marks;
  return { start, body, again: Buffer.byteLength(info) <= INFO ? close + info : close, close };
}

/** At least as many of the same marks, and nothing else. */
function closes(line: string, close: string): boolean {
  const marks = close.replace(/^[ \t>]+/, '');
  const said = line.replace(isQuoted(close) ? /^[ \t>]+/ : /^[ \t]+/, '').trimEnd();
  return said.length >= marks.length && said === marks[0]!.repeat(said.length);
}

const isQuoted = (line: string) => /^[ \t]*>/.test(line);
