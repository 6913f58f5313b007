/**
 * How a platform writes what Markdown marks up within a line. `text` and `code` are given plain text, and `link` a plain
 * URL; everything else is given what is already in the dialect.
 */
export interface Inline {
  text(plain: string): string;
  code(plain: string): string;
  bold(inner: string): string;
  italic(inner: string): string;
  strike(inner: string): string;
  link(label: string, url: string): string;
}

/** Likewise of all that Markdown marks up; `pre` is given plain text. */
export interface Dialect extends Inline {
  /** One line, without bold pieces in it: a heading is bold already. */
  heading(inner: string): string;
  pre(plain: string): string;
  paragraph(lines: readonly string[]): string;
  quote(lines: readonly string[]): string;
  bullets(items: readonly Item[]): string;
  /** @param first the number of the first item */
  numbers(items: readonly Item[], first: number): string;
  readonly rule: string;
  /** What stands between two blocks; default: a line break. */
  readonly between?: string;
}

export interface Item {
  /** How deep the item is indented, from 0. */
  readonly depth: number;
  readonly inner: string;
}
