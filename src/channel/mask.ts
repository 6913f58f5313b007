/** Signs of an id that stay: enough for its owner to know it, too few for anybody else. */
const HEAD = 3;
const TAIL = 2;

/** A telephone number or an id of a person, for results: `138******00`. Short ones keep only their first sign. */
export function maskId(id: string): string {
  const signs = [...id];
  if (signs.length <= HEAD + TAIL + 1) return `${signs[0] ?? ''}***`;
  return `${signs.slice(0, HEAD).join('')}${'*'.repeat(signs.length - HEAD - TAIL)}${signs.slice(-TAIL).join('')}`;
}

/** Eight signs and more: what is shorter is a word like any other. */
const SHORTEST = 6;

/**
 * A platform's answer without the people in it: those that are known, and whatever is shaped like a telephone number of
 * ten digits or more.
 */
export function maskPeople(text: string, people: readonly string[]): string {
  let masked = text;
  for (const person of people) {
    if (person.length >= SHORTEST) masked = masked.replaceAll(person, maskId(person));
  }
  return masked.replace(/(?<![\w.-])(?:\+\d{8,15}|1[3-9]\d{9})(?![\w-])/g, maskId);
}
