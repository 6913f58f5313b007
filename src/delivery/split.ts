import type { Format } from '../model.ts';
import { cutterOf } from './cut.ts';
import { furthest } from './furthest.ts';

export interface Pieces {
  readonly pieces: readonly string[];
  /** Text was left out: it would have needed more pieces than allowed. */
  readonly cut: boolean;
}

/** What else goes with the piece: mentions go with the first part, fields and link with the last. */
export interface Place {
  readonly first: boolean;
  readonly last: boolean;
}

export interface SplitOptions {
  readonly format: Format;
  readonly maxPieces: number;
  /** Ends the last piece if text is left out. */
  readonly note: string;
  /** Times that the whole is as large as a part may be. */
  readonly excess: number;
  /** How full a part with this body is; 1 is exactly full. */
  readonly load: (body: string, place: Place) => number;
}

/** Cuts a text into pieces, each as long as its part allows. */
export function split(text: string, options: SplitOptions): Pieces {
  const { format, maxPieces, note, load } = options;
  const cutter = cutterOf(text, format);
  const base = load('', { first: false, last: false });
  const pieces: string[] = [];
  let from = 0;
  let length = text.length / options.excess;
  do {
    const first = pieces.length === 0;
    const isMost = pieces.length === maxPieces - 1;
    const start = from;
    const isEnd = (to: number) => cutter.next(to) >= text.length;
    const bodyTo = (to: number) => cutter.piece(start, to) + (isMost && !isEnd(to) ? note : '');
    const loads = new Map<number, number>();
    const loadTo = (to: number) => {
      const found = loads.get(to) ?? load(bodyTo(to), { first, last: isMost || isEnd(to) });
      loads.set(to, found);
      return found;
    };
    // A rest that is little more than a piece may well be one.
    const guess = text.length - from < 1.2 * length ? text.length : from + length;
    const at = furthest(from, text.length, guess, base, (place) => loadTo(cutter.cut(start, place)));
    const to = cutter.cut(from, at);
    if (to === from && text !== '') {
      // What opens and closes a code block may be more than a very short part has room for.
      if (format === 'markdown') return split(text, { ...options, format: 'text' });
      // Not one character fits beside title and fields: say so rather than loop.
      pieces.push(note.trim());
      return { pieces, cut: true };
    }
    pieces.push(bodyTo(to));
    if (isMost && !isEnd(to)) return { pieces, cut: true };
    length = Math.max(at - from, 1);
    from = cutter.next(to);
  } while (from < text.length);
  return { pieces, cut: false };
}
