/** Replaces secrets in a text by `***`. */
export type Redact = (text: string) => string;

/**
 * Makes a function that removes every known secret, and everything shaped like one, from a text.
 * One pass over the text whatever the number of secrets: they are found by their last characters in a map.
 * @param secrets the configuration's secret values (bot URLs are secrets); compiled again when the array is another one
 */
export function createRedactor(secrets: () => readonly string[]): Redact {
  let known: readonly string[] | undefined;
  let index: Index = compile([]);
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
/** How much of a secret must be left where the text was cut off for it to be known by. */
const HEAD = 8;
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
  [/((?:token|key|sign?|signature|secret|passw(?:or)?d|pwd)=)[^\s&#"'<>,;]+/gi, `$1${MASK}`],
  // A header: what is short is a word, not a credential.
  [/((?:token|key|signature|secret):[ ]?)[\w+/=.,~-]{16,}/gi, `$1${MASK}`],
  // Standard Webhooks 1.0.
  [/(\bv1a?,)[\w+/]{40,}={0,2}/g, `$1${MASK}`],
  [/((?:token|key|sign|signature|secret|passw(?:or)?d|pwd)":[ ]?")[^"]+/gi, `$1${MASK}`],
  [/(\bpassw(?:or)?d:[ ]?)\S+/gi, `$1${MASK}`],
];

interface Index {
  /** By length of the tail, by tail: the secrets that end so. */
  readonly tails: Map<number, Map<string, string[]>>;
  /** By their first characters, for a text that was cut off in the middle of one. */
  readonly heads: Map<string, string[]>;
  /** Characters of the longest. */
  readonly longest: number;
}

function compile(secrets: readonly string[]): Index {
  const all = new Set(secrets.flatMap(variants));
  const tails: Index['tails'] = new Map();
  const heads: Index['heads'] = new Map();
  let longest = 0;
  for (const secret of all) {
    const length = Math.min(TAIL, secret.length);
    const same = tails.get(length) ?? new Map<string, string[]>();
    tails.set(length, same);
    put(same, secret.slice(-length), secret);
    if (secret.length > HEAD) put(heads, secret.slice(0, HEAD), secret);
    longest = Math.max(longest, secret.length);
  }
  return { tails, heads, longest };
}

function put(lists: Map<string, string[]>, key: string, secret: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [secret]);
  else list.push(secret);
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
  for (const [length, same] of index.tails) {
    for (let end = length; end <= text.length; end += 1) {
      for (const secret of same.get(text.slice(end - length, end)) ?? []) {
        const start = end - secret.length;
        if (start < 0 || !text.startsWith(secret, start)) continue;
        if (secret.length >= SHORTEST_ANYWHERE || isWord(text, start, end)) places.push([start, end]);
      }
    }
  }
  const cut = cutOff(text, index);
  if (cut !== undefined) places.push([cut, text.length]);
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

/** Where the text ends in the beginning of a secret: answers of platforms are cut before they come here. */
function cutOff(text: string, { heads, longest }: Index): number | undefined {
  for (let start = Math.max(0, text.length - longest); start <= text.length - HEAD; start += 1) {
    const begun = heads.get(text.slice(start, start + HEAD));
    if (begun?.some((secret) => secret.startsWith(text.slice(start)))) return start;
  }
  return undefined;
}

const LETTER = /[\p{L}\p{N}_]/u;

function isWord(text: string, start: number, end: number): boolean {
  return !LETTER.test(text.charAt(start - 1)) && !LETTER.test(text.charAt(end));
}
