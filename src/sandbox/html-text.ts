const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'", nbsp: ' ' };

/** What a reader sees of simple HTML: line ends where blocks end, no tags, entities resolved once. */
export function textOfHtml(html: string): string {
  return html
    .replaceAll(/<(style|script)\b[\s\S]*?<\/\1\s*>/gi, '')
    .replaceAll(/<br\s*\/?>|<\/(?:p|div|li|tr|h[1-6]|blockquote)\s*>/gi, '\n')
    .replaceAll(/<\/?[a-z][^>]*>/gi, '')
    .replaceAll(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));/gi, (whole, dec?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole;
      const point = dec === undefined ? Number.parseInt(hex ?? '', 16) : Number(dec);
      return point <= 0x10_ff_ff ? String.fromCodePoint(point) : whole;
    })
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}

/** The links of simple HTML, in order. */
export function linksOfHtml(html: string): { text: string; url: string }[] {
  return [...html.matchAll(/<a\s[^>]*href\s*=\s*["']([^"']+)["'][^>]*>([\s\S]*?)<\/a\s*>/gi)].map(
    ([, url = '', text = '']) => ({ text: textOfHtml(text) || textOfHtml(url), url: textOfHtml(url) }),
  );
}
