/** Longer words are not compared: they are no keys of ours. */
const LONGEST = 64;

/**
 * The known word that was probably meant: the same but for case and separators, or at most a third of its letters
 * away (insert, delete, replace, or swap neighbours). Undefined when nothing is near.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > LONGEST) return undefined;
  let best: { word: string; distance: number } | undefined;
  for (const candidate of known) {
    const distance = plain(word) === plain(candidate) ? 0 : distanceOf(word.toLowerCase(), candidate.toLowerCase());
    const allowed = Math.max(1, Math.floor(Math.max(candidate.length, word.length) / 3));
    if (distance <= allowed && distance < candidate.length && distance < (best?.distance ?? Infinity))
      best = { word: candidate, distance };
  }
  return best?.word;
}

/** `; did you mean "x"?`, or the known words when nothing is near and they are few enough to help. */
export function hint(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  if (near !== undefined) return `; did you mean "${near}"?`;
  return known.length > 0 && known.length <= 40 ? `; known here: ${known.join(', ')}` : '';
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_.\s]/g, '');
}

/** Optimal string alignment distance (Levenshtein with swapped neighbours), three rows at a time. */
function distanceOf(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
