import type { Level } from '../model.ts';

/** The colour of a level, for platforms that take any: blue, orange and red that stand out on white and on black. */
export const LEVEL_COLOURS: Readonly<Record<Level, `#${string}`>> = {
  info: '#2F6FED',
  warning: '#F08C00',
  error: '#D92D20',
};
