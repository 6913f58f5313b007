import type { Dialect } from './dialect.ts';
import { inlineMarkdown } from './inline-markdown.ts';

/**
 * The Markdown that every platform of this server understands, in a dialect of it: headings, lists, quotes, fenced and
 * inline code, rules, bold, italics, strike-through and links to http, https or mailto. Anything else goes through
 * `text`. Each expression is linear in the length of its input.
 */
export function inDialect(source: string, dialect: Dialect): string {
  const blocks: string[] = [];
  let group: Group | undefined;
  const close = () => {
    if (group) blocks.push(written(group, dialect));
    group = undefined;
  };
  for (const line of source.split('\n')) {
    const { kind, text, depth = 0, first = 1 } = blockOf(line);
    if (group?.kind === 'fence') {
      if (kind === 'fence') close();
      else group.lines.push(line);
      continue;
    }
    if (kind === 'heading' || kind === 'rule') {
      close();
      blocks.push(kind === 'rule' ? dialect.rule : dialect.heading(inlineMarkdown(text, { ...dialect, bold: same })));
      continue;
    }
    if (group?.kind !== kind) {
      close();
      group = { kind, lines: [], depths: [], first };
    }
    if (kind === 'fence') continue;
    group.lines.push(text);
    group.depths.push(depth);
  }
  close();
  return blocks.join(dialect.between ?? '\n');
}

const same = (inner: string) => inner;

type Kind = 'paragraph' | 'quote' | 'bullets' | 'numbers' | 'fence';

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

/** Most lines are text, which their first sign tells. */
function blockOf(line: string): Block {
  let margin = 0;
  while (line[margin] === ' ' || line[margin] === '\t') margin++;
  return READERS.get(line[margin] ?? '')?.(line, margin) ?? { kind: 'paragraph', text: line };
}

type Reader = (line: string, margin: number) => Block | undefined;

const bulleted: Reader = (line, margin) => {
  if (line[margin + 1] === ' ') return { kind: 'bullets', text: line.slice(margin + 2), depth: depthOf(margin) };
  return /^(?:-{3,}|\*{3,})\s*$/.test(line.slice(margin)) ? { kind: 'rule', text: '' } : undefined;
};

const numbered: Reader = (line, margin) => {
  const found = /^(\d{1,9})[.)] (.*)$/.exec(line.slice(margin));
  return found ? { kind: 'numbers', text: found[2] ?? '', depth: depthOf(margin), first: Number(found[1]) } : undefined;
};

/** By the first sign of a line. */
const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  [
    '#',
    (line) => {
      const text = /^#{1,6}[ \t]+(\S.*)$/.exec(line)?.[1];
      return text === undefined ? undefined : { kind: 'heading', text };
    },
  ],
  ['`', (line, margin) => (line.startsWith('```', margin) ? { kind: 'fence', text: '' } : undefined)],
  ['>', (line, margin) => (margin === 0 ? { kind: 'quote', text: line.replace(/^> ?/, '') } : undefined)],
  ['-', bulleted],
  ['*', bulleted],
  ['+', bulleted],
  ...Array.from({ length: 10 }, (_, digit) => [String(digit), numbered] as const),
]);

/** Deeper lists than this are no lists any more. */
const DEEPEST = 5;

const depthOf = (margin: number) => Math.min(Math.floor(margin / 2), DEEPEST);

/** No span goes over the end of a line, so all lines are read at once, which is several times faster. */
function written({ kind, lines, depths, first }: Group, dialect: Dialect): string {
  const text = lines.join('\n');
  if (kind === 'fence') return dialect.pre(text);
  const inner = inlineMarkdown(text, dialect).split('\n');
  if (kind === 'paragraph' || kind === 'quote') return dialect[kind](inner);
  const items = inner.map((item, i) => ({ inner: item, depth: depths[i] ?? 0 }));
  return kind === 'bullets' ? dialect.bullets(items) : dialect.numbers(items, first);
}
