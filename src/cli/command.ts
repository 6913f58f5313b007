import { type Command, InvalidArgumentError } from 'commander';

/**
 * Adds a command with its help.
 * @param words the summary, and what its own help says beside
 * @param lines examples of its use
 */
export function addCommand(
  program: Command,
  name: string,
  [summary, more]: readonly [string, string?],
  lines: readonly string[],
): Command {
  return program
    .command(name)
    .summary(summary)
    .description(more === undefined ? summary : `${summary}: ${more}`)
    .addHelpText('after', examples(...lines));
}

/** The examples at the end of a help; `npm run pushserver -- …` is the same as `pushserver …`. */
export function examples(...lines: readonly string[]): string {
  const shown = lines.map((line) => (line.includes('pushserver ') ? `  ${line}` : `  pushserver ${line}`));
  return ['', 'Examples:', ...shown].join('\n');
}

/** Reads an option that is a whole number. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}
