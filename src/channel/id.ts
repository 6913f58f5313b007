import { z } from 'zod';

/**
 * An id that may be written as text or as a number in YAML, as text. A number that JavaScript cannot hold exactly would be
 * another id: it is refused.
 * @param description for the operator
 */
export const idText = (description: string) =>
  z
    .union(
      [
        z.string().min(1, { error: 'expected an id' }),
        z.int({ error: 'expected an id; a number this long must stand in quotes' }),
      ],
      { error: 'expected an id, as text or as a whole number' },
    )
    .transform(String)
    .meta({ description });

/** One id or several. */
export const idList = (description: string) =>
  z
    .union([idText(description), z.array(idText(description)).min(1, { error: 'expected at least one id' })], {
      error: 'expected an id or a list of ids; a number longer than 15 digits must stand in quotes',
    })
    .transform((ids) => [ids].flat())
    .meta({ description });
