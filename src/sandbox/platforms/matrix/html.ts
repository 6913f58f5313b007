import { resolveEntities } from '../../html-text.ts';

/** What a reader sees of `formatted_body`. */
export interface MatrixText {
  /** The first heading, or a bold first line. */
  readonly title: string;
  /** Markdown. */
  readonly text: string;
  readonly links: readonly { readonly text: string; readonly url: string }[];
}

/** A link to a user: a mention as people see it. */
const PILL = /^https:\/\/matrix\.to\/#\/[^/?]+$/;

/** spec.matrix.org/latest/client-server-api/#mroommessage-msgtypes: a safe subset of HTML; the rest is left out of sight. */
export function readMatrixHtml(html: string): MatrixText {
  const links: { text: string; url: string }[] = [];
  const anchored = html
    .replaceAll(/<(script|style|mx-reply)\b[^]*?<\/\1>/gi, '')
    .replaceAll(/<a\b[^>]*\bhref="([^"]*)"[^>]*>([^]*?)<\/a>/gi, (_, href: string, inner: string) => {
      const [url, text] = [resolveEntities(href), strip(inner)];
      if (PILL.test(url)) return `@${text.replace(/^@/, '')}`;
      if (/^https?:/i.test(url)) links.push({ text, url });
      return inner;
    });
  const [, heading, rest] =
    /^\s*(?:<p>)?\s*<(?:h[1-6]|strong|b)\b[^>]*>([^]*?)<\/(?:h[1-6]|strong|b)>([^]*)$/i.exec(anchored) ?? [];
  const isTitle = heading !== undefined && /^\s*(<br|<\/p|<p|<h|<t|<u|<o|<b|<d|\n|$)/i.test(rest ?? '');
  return { title: isTitle ? strip(heading) : '', text: markdown(isTitle ? rest! : anchored), links };
}

/** Enough of Markdown for the inbox. */
function markdown(html: string): string {
  const text = html
    .replaceAll(/(>?)\n+(<?)/g, (whole, before: string, after: string) => before + after || whole)
    .replaceAll(/<br\s*\/?>/gi, '\n')
    .replaceAll(/<li\b[^>]*>/gi, '\n- ')
    .replaceAll(/<h[1-6]\b[^>]*>/gi, '\n\n### ')
    .replaceAll(/<\/?(strong|b)\b[^>]*>/gi, '**')
    .replaceAll(/<\/?code\b[^>]*>/gi, '`')
    .replaceAll(/<\/(t[dh])>\s*<t[dh]\b[^>]*>/gi, '：')
    .replaceAll(/<\/(tr|ul|ol)>/gi, '\n')
    .replaceAll(/<hr\s*\/?>/gi, '\n\n---\n\n')
    .replaceAll(/<\/(p|h[1-6]|blockquote|table|pre|div|details)>/gi, '\n\n');
  return strip(text).replaceAll(/\n{3,}/g, '\n\n');
}

const strip = (html: string): string => resolveEntities(html.replaceAll(/<[^>]*>/g, '')).trim();
