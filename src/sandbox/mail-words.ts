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
    if (pending !== undefined) result += decodeCharset(Buffer.concat(pending.bytes), pending.charset);
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
    const bytes =
      encoding.toLowerCase() === 'b' ? Buffer.from(text, 'base64') : decodeQuoted(text.replaceAll('_', ' '));
    pending.bytes.push(bytes);
    end = match.index + whole.length;
  }
  flush();
  return result + utf8(value.slice(end));
}

/** The bytes that `=3D` and the characters between stand for. */
export function decodeQuoted(text: string): Buffer {
  const plain = text.replaceAll(/=([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(plain, 'latin1');
}

/** An unknown charset is read as latin1, so that the ASCII in it stays readable. */
export function decodeCharset(bytes: Buffer, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}

const utf8 = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');
