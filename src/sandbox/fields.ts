import type { Draft } from './stand-in.ts';

/** The fields that have a value, in the order of their names here. */
export function filled(values: Readonly<Record<string, string | undefined>>): NonNullable<Draft['fields']> {
  return Object.entries(values).flatMap(([name, value = '']) => (value === '' ? [] : [{ name, value }]));
}
