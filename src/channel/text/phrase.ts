import { shorten } from './shorten.ts';

/** What some platforms refuse in a variable of a template. */
export type Forbidden = 'links' | 'addresses' | 'emoji';

/**
 * A text that can stand as a variable in a sentence which the platform has approved: one line, without what the platform
 * refuses. A link and an address of a machine leave a word in their place, so that the reader knows of them; what is
 * left without a sign becomes 无, since an empty variable is refused.
 * @param kept UTF-16 units that will be kept of it: of a text much longer, only the beginning is looked at
 */
export function phrase(text: string, forbidden: readonly Forbidden[], kept: number): string {
  const most = kept + LOOKED_AT;
  let said = text.length <= most ? text : `${text.slice(0, most)}…`;
  for (const [kind, pattern, word] of REPLACED) if (forbidden.includes(kind)) said = said.replace(pattern, word);
  // A half of a pair is left where a filter of a template, or this one, cut within a character.
  if (!said.isWellFormed()) said = said.replace(/\p{Cs}/gu, '');
  return said.replace(/\s\s+|[^\S ]/g, ' ').trim() || '无';
}

/**
 * Values that together stay within so many UTF-16 units: the longest are shortened, to one length, and the others stay
 * whole.
 */
export function shortenTogether(values: readonly string[], max: number): string[] {
  let room = max;
  let left = values.length;
  let length = max;
  for (const value of values.toSorted((a, b) => a.length - b.length)) {
    length = Math.floor(room / left--);
    if (value.length > length) break;
    room -= value.length;
    length = max;
  }
  return values.map((value) => shorten(value, Math.max(1, length)));
}

/** How much more is looked at than is kept, since links and emoji may take up the most of it. */
const LOOKED_AT = 300;

/** Ends at a space, at quotes and brackets, and where Chinese begins; round brackets within it are pairs. */
const LINK = /(?:\b\w[\w+.-]*:\/\/|www\.)(?:\([^\s<>"'()]*\)|[^\s<>"'()\u3000-\u303f\u4e00-\u9fff\uff00-\uffef])*/gi;

/** A host without a scheme, under the domains that are usual in China; `java.io.File` is none. */
const HOST =
  /(?<![\w.@-])(?:[a-z\d-]{1,63}\.){1,8}(?:com|net|org|cn|io|cc|top|xyz|vip|hk)(?!\.?[\w-])(?::\d{1,5})?(?:[/?#][\w./?#&=%+~:;,@!$*-]*)?/gi;

/** Anything of four numbers: a filter does not know versions either. */
const ADDRESS = /(?<!\d)(?:\d{1,3}\.){3}\d{1,3}(?!\d)(?::\d{1,5})?/g;

const EMOJI = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}]|\u200d|\ufe0f|\u20e3/gu;

/** In this order: an address within a link goes with it. */
const REPLACED: readonly (readonly [Forbidden, RegExp, string])[] = [
  ['links', LINK, '[链接]'],
  ['links', HOST, '[链接]'],
  ['addresses', ADDRESS, '[IP]'],
  ['emoji', EMOJI, ''],
];
