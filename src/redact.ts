/** Replaces secrets in a text by `***`. */
export type Redact = (text: string) => string;

/**
 * Makes a function that removes every known secret, and everything shaped like one, from a text.
 * One pass over the text whatever the number of secrets: they are found by their last characters in a map.
 * @param secrets the configuration's secret values (bot URLs are secrets); compiled again when the array is another one
 */
export function createRedactor(secrets: () => readonly string[]): Redact {
  let known: readonly string[] | undefined;
  let index: Index = new Map();
  const recent = new Map<string, string>();
  return (text) => {
    const current = secrets();
    if (current !== known) {
      known = current;
      index = compile(current);
      recent.clear();
    }
    const cached = recent.get(text);
    if (cached !== undefined) return cached;
    let clean = mask(text, index);
    for (const [shape, replacement] of SHAPES) clean = clean.replace(shape, replacement);
    if (text.length <= LONGEST_CACHED) {
      if (recent.size >= MOST_CACHED) recent.clear();
      recent.set(text, clean);
    }
    return clean;
  };
}

const MASK = '***';
/** Failures repeat themselves: in a storm almost every text has been seen. 512 × 512 characters are half a megabyte. */
const MOST_CACHED = 512;
const LONGEST_CACHED = 512;
/** How many of its last characters find a secret; heads would not do, bot URLs differ only at their end. */
const TAIL = 8;
/** A secret shorter than this is only replaced as a whole word, or a password `1` would eat every digit. */
const SHORTEST_ANYWHERE = 4;
/** The tail of a URL's path or a value of its query counts as a token of its own from this length. */
const SHORTEST_TOKEN = 8;

/**
 * What a credential looks like, for values that no configuration names. Each is linear: it starts at a mark of its own
 * and no quantifier can match what its neighbour matches.
 */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/(\/\/)[^\s/@?#"'<>]+@/g, `$1${MASK}@`],
  [/(\/(?:hook|services|webhooks)\/)[^\s?#&"'<>]+/g, `$1${MASK}`],
  [/(\bbot)\d+:[\w-]+/g, `$1${MASK}`],
  [/(\b(?:Bearer|Basic)[ \t])[\w+/=.~-]{8,}/gi, `$1${MASK}`],
  [/((?:token|key|sign|signature|secret|passw(?:or)?d|pwd)=)[^\s&#"'<>,;]+/gi, `$1${MASK}`],
  [/((?:token|key|sign|signature|secret|passw(?:or)?d|pwd)":[ ]?")[^"]+/gi, `$1${MASK}`],
  [/(\bpassw(?:or)?d:[ ]?)\S+/gi, `$1${MASK}`],
];

/** By length of the tail, by tail: the secrets that end so. */
type Index = Map<number, Map<string, string[]>>;

function compile(secrets: readonly string[]): Index {
  const index: Index = new Map();
  for (const secret of new Set(secrets.flatMap(variants))) {
    const length = Math.min(TAIL, secret.length);
    const tails = index.get(length) ?? new Map<string, string[]>();
    const tail = secret.slice(-length);
    tails.set(tail, [...(tails.get(tail) ?? []), secret]);
    index.set(length, tails);
  }
  return index;
}

/** A secret as it may be met: whole, in parts (of a URL), percent-encoded, or inside JSON. */
function variants(secret: string): string[] {
  const found = [secret, ...tokensOf(secret)];
  return found
    .flatMap((text) => [text, encodeURIComponent(text.toWellFormed()), JSON.stringify(text).slice(1, -1)])
    .filter((text) => text !== '');
}

function tokensOf(secret: string): string[] {
  const url = URL.parse(secret);
  if (url === null || !secret.includes('://')) return [];
  const last = url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
  const tokens = [last, decoded(last), ...url.searchParams.values(), url.password, decoded(url.password)];
  return tokens.filter((token) => token.length >= SHORTEST_TOKEN);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Places that overlap become one mask. */
function mask(text: string, index: Index): string {
  const places: [start: number, end: number][] = [];
  for (const [length, tails] of index) {
    for (let end = length; end <= text.length; end += 1) {
      for (const secret of tails.get(text.slice(end - length, end)) ?? []) {
        const start = end - secret.length;
        if (start < 0 || !text.startsWith(secret, start)) continue;
        if (secret.length >= SHORTEST_ANYWHERE || isWord(text, start, end)) places.push([start, end]);
      }
    }
  }
  if (places.length === 0) return text;
  places.sort((a, b) => a[0] - b[0]);
  let clean = '';
  let done = 0;
  for (const [start, end] of places) {
    if (start >= done) clean += text.slice(done, start) + MASK;
    done = Math.max(done, end);
  }
  return clean + text.slice(done);
}

const LETTER = /[\p{L}\p{N}_]/u;

function isWord(text: string, start: number, end: number): boolean {
  return !LETTER.test(text.charAt(start - 1)) && !LETTER.test(text.charAt(end));
}
