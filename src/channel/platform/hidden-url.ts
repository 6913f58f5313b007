/**
 * A URL template in two: `shape` keeps what a message puts in, and `hidden` the text around it, which may hold a
 * credential. A payload can so hold the rendered shape without a secret in it.
 */
export interface HiddenUrl {
  /** The template, with a number in braces for each piece of text: no output is ever written with braces. */
  readonly shape: string;
  readonly hidden: readonly string[];
}

/** Outputs, tags and whole raw blocks stay; so do slashes and dots, by which a path is read, and blanks, which may be trimmed. */
const PIECES =
  /(\{%-?\s*raw\s*-?%\}.*?\{%-?\s*endraw\s*-?%\}|\{\{.*?\}\}|\{%.*?%\})|(?:(?!\{\{|\{%|%2e)[^\s/\\?#.])+/gis;

/** @param template mode `url` */
export function hideUrl(template: string): HiddenUrl {
  const hidden: string[] = [];
  const shape = template.replace(PIECES, (piece, liquid?: string) => liquid ?? `{${hidden.push(piece) - 1}}`);
  return { shape, hidden };
}

/** The URL of a rendered shape. */
export const revealUrl = (made: string, { hidden }: HiddenUrl): string =>
  made.replace(/\{(\d+)\}/g, (number, index: string) => hidden[Number(index)] ?? number);
