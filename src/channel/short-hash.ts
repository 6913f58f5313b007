import { createHash } from 'node:crypto';

/** The first half of a text's SHA-256, 32 hexadecimal digits: an id for platforms that take only short ones. */
export const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);
