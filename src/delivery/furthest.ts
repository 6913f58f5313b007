/** What is aimed at, and what is enough: a part this full is not worth another look. */
const AIM = 0.985;
const ENOUGH = 0.97;

/**
 * The furthest place in `(from, end]` whose load is at most 1, or one that is nearly as full; `from` when there is none.
 * Load grows with the place, and about evenly, so that a few looks will do; it is never more than about twice as many
 * as bisection takes, and never looked for far beyond what fits.
 * @param guess the first place to look at
 * @param base the load at `from`
 */
export function furthest(from: number, end: number, guess: number, base: number, load: (at: number) => number): number {
  let low = from;
  let high = end + 1;
  let at = guess;
  for (let look = 1; high - low > 1; look++) {
    at = Math.min(Math.max(Math.round(at), low + 1), high - 1);
    const found = load(at);
    if (found <= 1) low = at;
    else high = at;
    // What else the part carries may fill one of its limits by itself: then the text has not yet made use of its own.
    if (found <= 1 && found >= ENOUGH && found - base >= (1 - base) / 2) break;
    const even = from + ((at - from) * Math.max(AIM - base, 0)) / Math.max(found - base, Number.EPSILON);
    if (high > end) at = even > low ? even : from + 2 * (low - from);
    else at = look % 2 === 0 ? (low + high) / 2 : even;
  }
  return low;
}
