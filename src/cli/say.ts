/** Prints lines for the person at the terminal. */
export function say(...lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** One line of text that may come from anywhere: nothing in it can move the cursor or recolour the screen. */
export function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').trim();
}
