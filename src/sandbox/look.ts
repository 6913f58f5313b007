import type { Draft, Level } from './stand-in.ts';

/** The part of a draft that says how it looks; what is not known is left out. */
export function look(level: Level | undefined, colour?: string): Pick<Draft, 'level' | 'colour'> {
  return { ...(level === undefined ? {} : { level }), ...(colour === undefined ? {} : { colour }) };
}
