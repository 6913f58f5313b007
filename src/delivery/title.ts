import type { SizeUnit } from '../channel/channel.ts';
import { sizeOf } from './measure.ts';
import { prefixOf } from './prefix.ts';

export interface TitleLimit {
  readonly max: number;
  readonly unit: SizeUnit;
}

/** The title within its limit: a longer one is cut and ends in an ellipsis; where not even that has room, it is empty. */
export function cutTitle(title: string, { max, unit }: TitleLimit): string {
  if (sizeOf(title, unit) <= max) return title;
  let low = -1;
  let high = title.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (sizeOf(`${prefixOf(title, middle)}…`, unit) <= max) low = middle;
    else high = middle;
  }
  return low < 0 ? '' : `${prefixOf(title, low)}…`;
}

/** The mark of a part, e.g. `(2/3)`: of one, none. */
export const markOf = (part: number, parts: number): string => (parts > 1 ? `(${part}/${parts})` : '');

/** The title with the mark of its part. */
export const withMark = (title: string, mark: string): string => [title, mark].filter((word) => word !== '').join(' ');
