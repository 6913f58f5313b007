const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'", nbsp: ' ' };

/** What a reader sees of simple HTML: line ends where blocks end, no tags, entities resolved once. */
export function textOfHtml(html: string): string {
  const text = html
    .replaceAll(/<(style|script|head)\b[\s\S]*?<\/\1\s*>/gi, '')
    .replaceAll(/<br\s*\/?>|<\/(?:p|div|li|tr|h[1-6]|blockquote)\s*>/gi, '\n')
    .replaceAll(/<\/?[a-z][^>]*>/gi, '');
  return resolveEntities(text)
    .replaceAll(/[ \t]*\n\s*\n+/g, '\n\n')
    .trim();
}

/** `&lt;`, `&#60;`, `&#x3c;` as the characters they stand for, once; a name that is not known stays. */
export function resolveEntities(text: string): string {
  return text.replaceAll(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));/gi,
    (whole, dec?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole;
      const point = dec === undefined ? Number.parseInt(hex ?? '', 16) : Number(dec);
      return point <= 0x10_ff_ff ? String.fromCodePoint(point) : whole;
    },
  );
}

/** The links of simple HTML, in order. */
export function linksOfHtml(html: string): { text: string; url: string }[] {
  return [...html.matchAll(/<a\s[^>]*href\s*=\s*["']([^"']+)["'][^>]*>([\s\S]*?)<\/a\s*>/gi)].map(
    ([, url = '', text = '']) => ({ text: textOfHtml(text) || textOfHtml(url), url: textOfHtml(url) }),
  );
}
