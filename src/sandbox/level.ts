import type { Level } from './stand-in.ts';

/** The sign that a person would go by, at the head of a title or text. */
const MARKS: readonly (readonly [Level, RegExp])[] = [
  ['error', /[🔴🟥❌🚨⛔🆘❗🛑🔥]/u],
  ['warning', /[🟠🟡🟧🟨⚠🔶🔔]/u],
  ['info', /[🔵🟢🟦🟩ℹ✅📢🔷]/u],
];

/** How many characters from the start are looked at. */
const HEAD = 40;

/** The level that the first coloured sign (🔴 ⚠ ✅ …) near the start of these texts tells. */
export function levelOfMarks(...texts: readonly string[]): Level | undefined {
  const head = texts.map((text) => text.slice(0, HEAD)).join('\n');
  const found = MARKS.map(([level, pattern]) => ({ level, at: head.search(pattern) })).filter(({ at }) => at >= 0);
  return found.toSorted((a, b) => a.at - b.at)[0]?.level;
}

const WORDS: readonly (readonly [Level, RegExp])[] = [
  ['error', /^(?:error|err|critical|fatal|failure|failed|danger|emergency|alert|high|错误|严重|故障|紧急)$/i],
  ['warning', /^(?:warning|warn|medium|警告|告警)$/i],
  ['info', /^(?:info|information|notice|success|ok|debug|low|normal|信息|通知|恢复)$/i],
];

/** The level that a whole value names: `critical`, `警告` … */
export function levelOfWord(value: string): Level | undefined {
  return WORDS.find(([, pattern]) => pattern.test(value.trim()))?.[0];
}

/** The first colour written as `#rrggbb` or `#rgb`, not counting greys, in lower case. */
export function firstColour(text: string): string | undefined {
  for (const [, hex = ''] of text.matchAll(/#([0-9a-f]{6}|[0-9a-f]{3})\b/gi)) {
    const long = hex.length === 3 ? hex.replaceAll(/./g, '$&$&') : hex;
    if (hue(long) !== undefined) return `#${long.toLowerCase()}`;
  }
  return undefined;
}

/** Red is an error, orange to yellow a warning, everything else an info. */
export function levelOfColour(colour: string | undefined): Level | undefined {
  const angle = colour === undefined ? undefined : hue(colour.replace('#', ''));
  if (angle === undefined) return undefined;
  if (angle < 18 || angle > 335) return 'error';
  return angle < 65 ? 'warning' : 'info';
}

/** The hue of `rrggbb` in degrees; undefined for something near grey. */
function hue(hex: string): number | undefined {
  const [r = 0, g = 0, b = 0] = [0, 2, 4].map((i) => Number.parseInt(hex.slice(i, i + 2), 16));
  const max = Math.max(r, g, b);
  const spread = max - Math.min(r, g, b);
  if (spread < 60) return undefined;
  const sixth = max === r ? ((g - b) / spread + 6) % 6 : max === g ? (b - r) / spread + 2 : (r - g) / spread + 4;
  return sixth * 60;
}
