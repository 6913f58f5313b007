import type { Span, Visible } from './visible.ts';

/** What each tag means; any other tag is refused, so no `<br>`, `<p>`, `<ul>` or `<h1>`. */
const TAGS: Readonly<Record<string, string>> = {
  b: 'bold',
  strong: 'bold',
  i: 'italic',
  em: 'italic',
  u: 'underline',
  ins: 'underline',
  s: 'strike',
  strike: 'strike',
  del: 'strike',
  'tg-spoiler': 'spoiler',
  span: 'spoiler',
  'tg-emoji': 'emoji',
  a: 'link',
  code: 'code',
  pre: 'pre',
  blockquote: 'quote',
};

const START_TAG = /<([^\s>/]+)((?:\s+[^\s=>]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[\w.-]+))?)*)\s*>/y;
const END_TAG = /<\/([^>]*)>/y;
const ATTRIBUTE = /([^\s=>]+)(\s*=\s*(?:"([^"]*)"|'([^']*)'|([\w.-]+)))?/g;
/** Only these four names are known; numbers work too. Anything else stays as it is written. */
const ENTITY = /&(?:(lt|gt|amp|quot)|#(\d{1,7})|#x([\da-f]{1,6}));?/gi;
const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' };

/** Reads `parse_mode` HTML: the visible text, or the fault in the platform's words. */
export function parseHtml(source: string): Visible | string {
  const open: { readonly tag: string; readonly from: number; readonly url?: string }[] = [];
  const spans: Span[] = [];
  let text = '';
  let at = 0;
  while (at < source.length) {
    if (source[at] !== '<') {
      const next = source.indexOf('<', at);
      const end = next === -1 ? source.length : next;
      text += decode(source.slice(at, end));
      at = end;
      continue;
    }
    const where = (): string => `at byte offset ${Buffer.byteLength(source.slice(0, at))}`;
    if (source[at + 1] === '/') {
      const top = open.pop();
      if (top === undefined) return `Unexpected end tag ${where()}`;
      const [whole, name = ''] = match(END_TAG, source, at) ?? [];
      if (whole === undefined) return `Unclosed end tag ${where()}`;
      const found = name.trim().toLowerCase();
      if (found !== '' && found !== top.tag)
        return `Unmatched end tag ${where()}, expected "</${top.tag}>", found "</${found}>"`;
      const { tag, from, url = text.slice(from) } = top;
      const kind = TAGS[tag]!;
      if (text.length > from) spans.push({ kind, from, to: text.length, ...(kind === 'link' ? { url } : {}) });
      at += whole.length;
      continue;
    }
    const [whole, name = '', rest = ''] = match(START_TAG, source, at) ?? [];
    const tag = name.toLowerCase();
    if (whole === undefined || !Object.hasOwn(TAGS, tag)) return `${startFault(source.slice(at))} ${where()}`;
    const attributes = readAttributes(rest);
    const fault = attributeFault(tag, attributes);
    if (fault !== undefined) return `${fault} ${where()}`;
    const url = attributes.get('href');
    open.push({ tag, from: text.length, ...(url === undefined ? {} : { url }) });
    at += whole.length;
  }
  const left = open.at(-1);
  return left === undefined ? { text, spans } : `Can't find end tag corresponding to start tag "${left.tag}"`;
}

function match(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(source);
}

/** What is wrong with a `<` that begins no start tag we know. */
function startFault(rest: string): string {
  const [, name = ''] = /^<([^\s>]*)/.exec(rest) ?? [];
  const tag = name.toLowerCase();
  if (rest.length === name.length + 1) return 'Unclosed start tag';
  if (!Object.hasOwn(TAGS, tag)) return `Unsupported start tag "${tag}"`;
  return `Unclosed start tag "${tag}"`;
}

/** Names in lower case; one without a value has an undefined one. */
function readAttributes(source: string): Map<string, string | undefined> {
  return new Map(
    [...source.matchAll(ATTRIBUTE)].map(([, name = '', equals, double, single, bare]) => [
      name.toLowerCase(),
      equals === undefined ? undefined : decode(double ?? single ?? bare ?? ''),
    ]),
  );
}

function attributeFault(tag: string, attributes: ReadonlyMap<string, string | undefined>): string | undefined {
  const bare = [...attributes].some(([name, value]) => value === undefined && name !== 'expandable');
  if (bare) return `Expected equal sign in declaration of an attribute of the tag "${tag}"`;
  if (tag === 'span' && attributes.get('class') !== 'tg-spoiler') return 'Tag "span" must have class "tg-spoiler"';
  if (tag === 'tg-emoji' && !/^\d+$/.test(attributes.get('emoji-id') ?? ''))
    return 'Invalid custom emoji identifier specified';
  return undefined;
}

function decode(text: string): string {
  return text.replaceAll(ENTITY, (whole, name?: string, decimal?: string, hex?: string) => {
    if (name !== undefined) return NAMED[name] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    return code > 0 && code <= 0x10_ff_ff ? String.fromCodePoint(code) : whole;
  });
}
