import type { Failure } from '../model.ts';

/** Our own reason, followed by what the last failure said. */
export const withLastWords = (reason: string, last: Failure): string => `${reason}；最近一次情况：${last.message}`;

/** Where it is we who say that it was throttled: with the platform's own words for that, if it has spoken. */
export function inTheirWords(failure: Failure, last: Failure | undefined): Failure {
  if (failure.code !== undefined || failure.kind !== 'rate_limited' || last?.kind !== 'rate_limited') return failure;
  // It is their answer, without a code.
  if (failure === last) return failure;
  const { code, remedy = failure.remedy } = last;
  return {
    ...failure,
    message: withLastWords(failure.message, last),
    ...(code !== undefined && { code }),
    ...(remedy !== undefined && { remedy }),
  };
}
