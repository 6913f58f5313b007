import type { z } from 'zod';

/** Where the first fault of a value is and what it is, as `path` and `reason`. */
export function firstIssue(error: z.ZodError): { path: string; reason: string } {
  const [issue] = error.issues;
  return { path: issue?.path.join('.') ?? '', reason: issue?.message ?? 'invalid' };
}

/** The same in one line: `path: reason`. */
export function issueWords(error: z.ZodError): string {
  const { path, reason } = firstIssue(error);
  return `${path}: ${reason}`;
}
