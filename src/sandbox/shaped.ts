import type { z } from 'zod';
import { issueWords } from './issue.ts';

/**
 * Makes the readers of one platform's message types. Each checks a value with its schema and reads what comes out;
 * `fault` says in the platform's way that one does not fit.
 */
export function createShaped<R>(fault: (words: string) => R) {
  return <S extends z.ZodType>(schema: S, read: (value: z.output<S>) => R) =>
    (value: unknown): R => {
      const parsed = schema.safeParse(value);
      return parsed.success ? read(parsed.data) : fault(issueWords(parsed.error));
    };
}
