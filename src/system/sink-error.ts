import type { Remedy } from '../model.ts';

/** A sink did not take a notice. The words are our own and free of secrets. */
export class SinkError extends Error {
  readonly words: Remedy;
  readonly timed_out: boolean;
  constructor(words: Remedy, timed_out = false) {
    super(words.en);
    this.name = 'SinkError';
    this.words = words;
    this.timed_out = timed_out;
  }
}

/** The code of a system error (`ENOSPC`, `ECONNREFUSED`, `UND_ERR_SOCKET`), if it has one. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return codeOf(error.cause);
}

/** What may be said of any failure: our own words or its code, never a text that may quote a URL. */
export function sinkFault(error: unknown): Remedy {
  if (error instanceof SinkError) return error.words;
  const word = codeOf(error) ?? (error instanceof Error ? error.name : 'failed');
  return { en: word, zh: word };
}
