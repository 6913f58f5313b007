import type { z } from 'zod';
import type { Fault, Path } from './fault.ts';
import { hint, nearest } from '../channel/nearest.ts';
import { fileKey, shapeAt } from './shape.ts';
import type { Shape } from './shape.ts';

/**
 * Parses a value and turns zod's issues into words. A schema's own messages are kept; ours begin with "expected" and
 * say what was there instead, unless that is secret.
 * @param path where the value stands in the file
 * @param shape of the schema, for secrets and for the keys that were probably meant
 */
export function check<S extends z.ZodType>(
  schema: S,
  value: unknown,
  path: Path,
  shape: Shape,
): { readonly data: z.output<S> } | { readonly faults: readonly Fault[] } {
  const parsed = schema.safeParse(value, { error: words, reportInput: true });
  if (parsed.success) return { data: parsed.data };
  return { faults: parsed.error.issues.flatMap((issue) => faultsOf(issue, path, shape)) };
}

/** A value for an error message; long text is cut. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value;
}

function faultsOf(issue: z.core.$ZodIssue, base: Path, shape: Shape): Fault[] {
  const inside = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  const path = [...base, ...inside];
  if (issue.code === 'unrecognized_keys') {
    const holder = shapeAt(shape, inside);
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, holder) }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0 && issue.input !== undefined) {
    const nearestOption = issue.errors.find((option) => option.every((one) => one.path.length > 0));
    if (nearestOption !== undefined)
      return nearestOption.flatMap((one) => faultsOf(one, path, shapeAt(shape, inside) ?? shape));
  }
  return [{ path, message: explain(issue, shapeAt(shape, inside)) }];
}

/** "unknown key", with the one that was probably meant. */
export function unknownKey(key: string, holder: Shape | undefined): string {
  const known = [...(holder?.fields?.keys() ?? [])];
  const base = key.endsWith('_file') ? key.slice(0, -'_file'.length) : '';
  if (holder?.fields?.has(base) === true) return `unknown key; only a secret can be read from a file, ${base} is none`;
  const files = known.map((name) => `${name}_file`).filter((name) => fileKey(name, holder!) !== undefined);
  const near = nearest(key, [...known, ...files]);
  return `unknown key${near === undefined ? hint(key, known) : `; did you mean "${near}"?`}`;
}

function explain(issue: z.core.$ZodIssue, shape: Shape | undefined): string {
  if (!issue.message.startsWith('expected ')) return issue.message;
  if (issue.input === undefined) return `missing; ${issue.message}`;
  // A rule of ours between the keys of a mapping: that it is a mapping is not what is wrong with it.
  if (issue.code === 'custom' && typeof issue.input === 'object') return issue.message;
  const quote = typeof issue.input === 'number' && shape?.scalars.has('text') === true ? ' (put it in quotes)' : '';
  // Text where a mapping or an unknown key stands may be a secret in the wrong place.
  const hidden = shape === undefined || shape.secret || shape.scalars.size === 0;
  return `${issue.message}, got ${hidden ? kindOf(issue.input) : show(issue.input)}${quote}`;
}

/** A value for an error message that must not show it. */
export function kindOf(value: unknown): string {
  if (value === '') return 'empty text';
  const kinds: Readonly<Record<string, string>> = {
    string: 'other text',
    number: 'a number',
    boolean: 'a truth value',
  };
  return kinds[typeof value] ?? show(value);
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'a mapping (key: value)',
  record: 'a mapping (key: value)',
  array: 'a list',
};

const FORMATS: Readonly<Record<string, string>> = {
  url: 'a URL',
  email: 'an e-mail address',
  regex: 'text of another form',
};

/** zod asks this for every issue whose schema has no message of its own. */
function words(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${TYPES[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `expected ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map((value) => String(value) || 'nothing').join(', ')}`;
    case 'invalid_format':
      return `expected ${FORMATS[issue.format] ?? `text of the form ${issue.format}`}`;
    case 'too_small':
      return `expected ${amount(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum)}`;
    case 'too_big':
      return `expected ${amount(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum)}`;
    case 'not_multiple_of':
      return `expected a multiple of ${issue.divisor}`;
    case 'invalid_union':
      return 'expected a value of another form';
    default:
      return 'expected another value';
  }
}

function amount(origin: string, bound: string, count: number | bigint): string {
  const units: Readonly<Record<string, readonly [string, string]>> = {
    string: ['character', 'characters'],
    array: ['entry', 'entries'],
  };
  const unit = units[origin]?.[Number(count) === 1 ? 0 : 1];
  return unit === undefined ? `a number of ${bound} ${count}` : `${bound} ${count} ${unit}`;
}
