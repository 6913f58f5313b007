/** Signs of an id that stay: enough for its owner to know it, too few for anybody else. */
const HEAD = 3;
const TAIL = 2;

/** A telephone number or an id of a person, for results: `138******00`. Short ones keep only their first sign. */
export function maskId(id: string): string {
  const signs = Array.from(id);
  if (signs.length <= HEAD + TAIL + 1) return `${signs[0] ?? ''}***`;
  return `${signs.slice(0, HEAD).join('')}${'*'.repeat(signs.length - HEAD - TAIL)}${signs.slice(-TAIL).join('')}`;
}

/** From so many signs on an id is replaced wherever it stands; a shorter one may be part of another word. */
const SHORTEST_ANYWHERE = 6;

/**
 * A platform's answer without the people in it: those that are known, and whatever is shaped like a telephone number of
 * ten digits or more.
 */
export function maskPeople(text: string, people: readonly string[]): string {
  let masked = text;
  for (const person of people) {
    if (person.length >= SHORTEST_ANYWHERE) masked = masked.replaceAll(person, maskId(person));
    else if (person.length > 1) masked = masked.replace(wordOf(person), maskId(person));
  }
  return masked.replace(/(?<![\w.-])(?:\+\d{8,15}|1[3-9]\d{9})(?![\w-])/g, maskId);
}

const wordOf = (person: string): RegExp =>
  new RegExp(`(?<![\\p{L}\\p{N}_-])${person.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\p{L}\\p{N}_-])`, 'gu');
