import type { BrokenChannel } from '../channel/broken-channel.ts';
import { paint } from './paint.ts';

/** What could not be loaded of `channels.path`, and what to do about it. */
export const brokenLines = (broken: readonly BrokenChannel[]): string[] =>
  broken.flatMap(({ file, fault, remedy }) => [paint('warn', `${file}: not loaded: ${fault.en}`), `  ${remedy.en}`]);
