import { textOfHtml } from '../../html-text.ts';
import { decodeCharset, decodeQuoted, decodeWords } from '../../mail-words.ts';

/** A mail, read well enough to show it. */
export interface Mail {
  readonly subject: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  readonly html?: string;
  /** Lower-case names; unfolded, encoded words resolved; the first of each. */
  readonly headers: ReadonlyMap<string, string>;
}

interface Part {
  readonly type: string;
  readonly text: string;
}

/** Bounds against hostile nesting. */
const DEEPEST = 10;
const MOST_PARTS = 100;

/** Reads RFC 5322 and MIME: multipart of any kind, Base64, quoted-printable, any charset that TextDecoder knows. */
export function readMail(source: Buffer): Mail {
  const { headers, body } = split(source.toString('latin1'));
  const parts: Part[] = [];
  walk(headers, body, 0, parts);
  const html = parts.find((part) => part.type === 'text/html')?.text;
  const text = parts.find((part) => part.type === 'text/plain')?.text ?? textOfHtml(html ?? '');
  return {
    subject: headers.get('subject') ?? '',
    from: headers.get('from') ?? '',
    to: addresses(headers.get('to') ?? ''),
    text,
    headers,
    ...(html === undefined ? {} : { html }),
  };
}

/** The mail is handled as latin1, one character per byte, until the charset of a part is known. */
function split(part: string): { headers: Map<string, string>; body: string } {
  const end = /\r?\n\r?\n/.exec(part);
  const head = end === null ? part : part.slice(0, end.index);
  const headers = new Map<string, string>();
  for (const line of head.replaceAll(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const [, name, value] = /^([!-9;-~]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || headers.has(name.toLowerCase())) continue;
    headers.set(name.toLowerCase(), decodeWords(value!.trim()));
  }
  return { headers, body: end === null ? '' : part.slice(end.index + end[0].length) };
}

function walk(headers: ReadonlyMap<string, string>, body: string, depth: number, parts: Part[]): void {
  const [type, parameters] = contentType(headers.get('content-type') ?? 'text/plain');
  const boundary = parameters.get('boundary');
  if (type.startsWith('multipart/') && boundary !== undefined) {
    if (depth >= DEEPEST) return;
    for (const piece of pieces(body, boundary)) {
      if (parts.length >= MOST_PARTS) return;
      const inner = split(piece);
      walk(inner.headers, inner.body, depth + 1, parts);
    }
    return;
  }
  if (!type.startsWith('text/') || headers.get('content-disposition')?.startsWith('attachment')) return;
  const bytes = decodeTransfer(body, headers.get('content-transfer-encoding') ?? '');
  parts.push({ type, text: decodeCharset(bytes, parameters.get('charset') ?? 'utf-8').replaceAll('\r\n', '\n') });
}

function pieces(body: string, boundary: string): string[] {
  const [text = ''] = `\n${body}`.split(`\n--${boundary}--`);
  return text
    .split(`\n--${boundary}`)
    .slice(1)
    .map((piece) => piece.replace(/^[ \t]*\r?\n/, '').replace(/\r$/, ''));
}

function contentType(value: string): [type: string, parameters: Map<string, string>] {
  const [type = ''] = value.split(';');
  const parameters = new Map<string, string>();
  for (const [, name, quoted, plain] of value.matchAll(/;\s*([\w-]+)\s*=\s*(?:"([^"]*)"|([^\s;]+))/g)) {
    parameters.set(name!.toLowerCase(), quoted ?? plain!);
  }
  return [type.trim().toLowerCase(), parameters];
}

function decodeTransfer(body: string, encoding: string): Buffer {
  const kind = encoding.trim().toLowerCase();
  if (kind === 'base64') return Buffer.from(body, 'base64');
  if (kind !== 'quoted-printable') return Buffer.from(body, 'latin1');
  return decodeQuoted(body.replaceAll(/[ \t]+(?=\r?\n|$)/g, '').replaceAll(/=\r?\n/g, ''));
}

/** Splits at commas outside quotes. */
function addresses(value: string): string[] {
  return (value.match(/(?:"[^"]*"|[^,])+/g) ?? []).map((address) => address.trim()).filter((address) => address !== '');
}
