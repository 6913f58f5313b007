import type { HttpReply } from './channel.ts';

/**
 * The number in a header of an answer; NaN where there is none.
 * @param name in lower case
 */
export const headerNumber = ({ headers }: Pick<HttpReply, 'headers'>, name: string): number =>
  Number([headers[name]].flat()[0] || Number.NaN);
