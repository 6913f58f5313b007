import { maskPeople } from '../channel/mask.ts';
import type { Failure, Success } from '../model.ts';

/** Takes secrets and people out of a platform's words, which may repeat what they were told. */
export type Clean = (text: string) => string;

/** Characters. */
const LONGEST_CODE = 100;

/**
 * @param redact takes the configuration's secrets out
 * @param tokens what the platform gave: no configuration knows them
 * @param people telephone numbers and ids, which are masked
 */
export function cleaned(
  text: string,
  redact: Clean,
  tokens: readonly string[],
  people: readonly string[] = [],
): string {
  const without = tokens.reduce((rest, token) => rest.replaceAll(token, '***'), text);
  return maskPeople(redact(without), people);
}

export const cleanFailure = (failure: Failure, clean: Clean): Failure => ({
  ...failure,
  message: clean(failure.message),
  ...(failure.code !== undefined && { code: cleanCode(failure.code, clean) }),
});

export function cleanSuccess(success: Success, clean: Clean): Success {
  const { refused, note } = success;
  if (refused === undefined && note === undefined) return success;
  return {
    ok: true,
    ...(refused && {
      refused: refused.map((one) => ({
        ...one,
        message: clean(one.message),
        ...(one.code !== undefined && { code: cleanCode(one.code, clean) }),
      })),
    }),
    ...(note !== undefined && { note: clean(note) }),
  };
}

/** A platform's code is a word; what is longer is its text in the wrong place. */
const cleanCode = (code: string, clean: Clean): string => clean(code).slice(0, LONGEST_CODE);
