import { levelOfMarks } from '../../level.ts';
import { look } from '../../look.ts';
import type { Draft, Level } from '../../stand-in.ts';

/** `warning` and `highlight` are drawn orange, `info` green, `comment` and `gray` grey. */
const COLOURS: Readonly<Record<string, Level>> = { warning: 'warning', highlight: 'warning', info: 'info' };

/** The level that a sign tells, or the `<font color="…">` of a Markdown or the `<div class="…">` of a text card. */
export function looks(...texts: readonly string[]): Pick<Draft, 'level' | 'colour'> {
  const colour = /<(?:font\s+color|div\s+class)\s*=\s*"(\w+)"/.exec(texts.join('\n'))?.[1];
  return look(levelOfMarks(...texts) ?? COLOURS[colour ?? ''], colour);
}
