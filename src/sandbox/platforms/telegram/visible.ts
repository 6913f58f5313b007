/** A run of the visible text that is drawn in another way. Offsets in UTF-16 units. */
export interface Span {
  /** `bold`, `code`, `link` …; the same words for every markup. */
  readonly kind: string;
  readonly from: number;
  readonly to: number;
  /** Of a link; `tg://user?id=1` is a mention. */
  readonly url?: string;
}

/** What is left of a text when its markup has been read. */
export interface Visible {
  readonly text: string;
  readonly spans: readonly Span[];
}
