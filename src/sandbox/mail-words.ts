const WORD = /=\?([\w.-]+)(?:\*[\w-]*)?\?([bq])\?([^?\s]*)\?=/gi;

/**
 * Resolves RFC 2047 encoded words. The value holds one character per byte; bytes outside encoded words are UTF-8
 * (RFC 6532). Blanks between two encoded words vanish, and neighbours of one charset are decoded together, because
 * senders split in the middle of a character although they should not.
 */
export function decodeWords(value: string): string {
  let result = '';
  let end = 0;
  let pending: { charset: string; bytes: Buffer[] } | undefined;
  const flush = (): void => {
    if (pending !== undefined) result += decode(Buffer.concat(pending.bytes), pending.charset);
    pending = undefined;
  };
  for (const match of value.matchAll(WORD)) {
    const [whole, charset = '', encoding = '', text = ''] = match;
    const between = value.slice(end, match.index);
    if (pending === undefined || between.trim() !== '') {
      flush();
      result += utf8(between);
    }
    if (pending !== undefined && pending.charset !== charset.toLowerCase()) flush();
    pending ??= { charset: charset.toLowerCase(), bytes: [] };
    pending.bytes.push(encoding.toLowerCase() === 'b' ? Buffer.from(text, 'base64') : unquote(text));
    end = match.index + whole.length;
  }
  flush();
  return result + utf8(value.slice(end));
}

function unquote(text: string): Buffer {
  const plain = text
    .replaceAll('_', ' ')
    .replaceAll(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(plain, 'latin1');
}

function decode(bytes: Buffer, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}

const utf8 = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');
