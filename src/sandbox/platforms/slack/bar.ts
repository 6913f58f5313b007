import { firstColour, levelOfColour, levelOfMarks } from '../../level.ts';
import { look } from '../../look.ts';
import type { Draft, Level } from '../../stand-in.ts';

const NAMED: Readonly<Record<string, Level>> = { good: 'info', warning: 'warning', danger: 'error' };

/** The bar beside an attachment, in Slack and those who copied it: `#rrggbb`, one of three names, or ''. */
export function lookOfBar(bar: string, ...texts: readonly string[]): Pick<Draft, 'level' | 'colour'> {
  const named = Object.hasOwn(NAMED, bar) ? NAMED[bar] : undefined;
  const colour = firstColour(bar);
  return look(named ?? levelOfColour(colour) ?? levelOfMarks(...texts), named === undefined ? colour : bar);
}
