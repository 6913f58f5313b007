import type { Outcome } from '../model.ts';

/**
 * Where nothing tells a repeat from a second message, and each one rings or costs: a fault that the platform told of
 * itself is worth one more try, no more, since the message may have been taken all the same.
 */
export const oneRetry = (outcome: Outcome): Outcome =>
  !outcome.ok && outcome.kind === 'unavailable' ? { ...outcome, max_retries: 1 } : outcome;
