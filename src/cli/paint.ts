import { styleText } from 'node:util';

/** What a colour says. */
export type Tone = 'good' | 'bad' | 'warn' | 'quiet' | 'loud';

const STYLES = { good: 'green', bad: 'red', warn: 'yellow', quiet: 'dim', loud: 'bold' } as const;

/** Colours a text; only where stdout is a terminal and NO_COLOR is not set, which styleText looks up by itself. */
export function paint(tone: Tone, text: string): string {
  return styleText(STYLES[tone], text, { stream: process.stdout });
}
