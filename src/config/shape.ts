import { z } from 'zod';
import type { Path } from './fault.ts';

/** `text`: any text; `word`: only certain words. */
export type ScalarKind = 'text' | 'word' | 'number' | 'boolean';

/**
 * What a schema says about keys and kinds, without its checks: enough to find a key by an environment variable's name,
 * to turn that variable's text into the kind of value wanted, and to know which values are secret.
 */
export interface Shape {
  readonly secret: boolean;
  readonly scalars: ReadonlySet<ScalarKind>;
  /** Of a mapping with known keys. */
  readonly fields?: ReadonlyMap<string, Shape>;
  /** Of a list. */
  readonly item?: Shape;
  /** Of a mapping whose keys are free (aliases). */
  readonly each?: Shape;
}

export const NO_SHAPE: Shape = { secret: false, scalars: new Set() };

/** Nothing is known of what stands there: any keys, lists and values, all of them secret. */
export const ANYTHING: Shape = {
  secret: true,
  scalars: new Set(['text']),
  get item() {
    return ANYTHING;
  },
  get each() {
    return ANYTHING;
  },
};

/** A mapping with these keys. */
export function shapeOfFields(fields: Iterable<readonly [string, Shape]>): Shape {
  return { ...NO_SHAPE, fields: new Map(fields) };
}

/** Reads a schema through its wrappers (optional, default, pipe …); a union has the fields of all its options. */
export function shapeOf(schema: z.core.$ZodType, depth = 0): Shape {
  // A recursive schema has no end; no configuration is that deep.
  if (depth > 20 || !(schema instanceof z.ZodType)) return NO_SHAPE;
  const shape = ownShape(schema, (inner) => shapeOf(inner, depth + 1));
  return z.globalRegistry.get(schema)?.['secret'] === true ? { ...shape, secret: true } : shape;
}

const SCALARS: Readonly<Record<string, ScalarKind>> = {
  string: 'text',
  template_literal: 'text',
  enum: 'word',
  number: 'number',
  boolean: 'boolean',
};

function ownShape(schema: z.ZodType, inner: (schema: z.core.$ZodType) => Shape): Shape {
  const kind = SCALARS[schema.def.type];
  if (kind !== undefined) return scalar(kind);
  if (schema instanceof z.ZodLiteral)
    return [...schema.values]
      .map((value) => scalar(SCALARS[typeof value === 'string' ? 'enum' : typeof value] ?? 'word'))
      .reduce(union, NO_SHAPE);
  if (schema instanceof z.ZodObject)
    return shapeOfFields(Object.entries(schema.shape).map(([key, field]) => [key, inner(field)] as const));
  if (schema instanceof z.ZodRecord) return { ...NO_SHAPE, each: inner(schema.valueType) };
  if (schema instanceof z.ZodArray) return { ...NO_SHAPE, item: inner(schema.element) };
  if (schema instanceof z.ZodUnion) return schema.options.map(inner).reduce(union, NO_SHAPE);
  if (schema instanceof z.ZodIntersection) return union(inner(schema.def.left), inner(schema.def.right));
  if (schema instanceof z.ZodPipe) return union(inner(schema.in), inner(schema.out));
  if (schema instanceof z.ZodLazy) return inner(schema.unwrap());
  // Every other wrapper: optional, nullable, default, prefault, nonoptional, readonly, catch.
  const wrapped: unknown = 'innerType' in schema.def ? schema.def.innerType : undefined;
  return wrapped instanceof z.ZodType ? inner(wrapped) : NO_SHAPE;
}

/** Undefined where the path leaves the known keys. */
export function shapeAt(shape: Shape, path: Path): Shape | undefined {
  let at: Shape | undefined = shape;
  for (const step of path) at = typeof step === 'number' ? at?.item : (at?.fields?.get(step) ?? at?.each);
  return at;
}

/** Text from outside (an environment variable) as the kind of value that is wanted there; text if it cannot be that. */
export function coerce(text: string, { scalars }: Shape): string | number | boolean {
  if (scalars.has('text')) return text;
  if (scalars.has('number') && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim())) return Number(text);
  if (scalars.has('boolean') && /^(true|false)$/i.test(text.trim())) return text.trim().toLowerCase() === 'true';
  return text;
}

/** The key whose value `<key>_file` reads, if this is such a key: only secrets may stand in a file of their own. */
export function fileKey(key: string, shape: Shape): string | undefined {
  if (!key.endsWith('_file') || shape.fields?.has(key) === true) return undefined;
  const base = key.slice(0, -'_file'.length);
  return shape.fields?.get(base)?.secret === true ? base : undefined;
}

function scalar(kind: ScalarKind): Shape {
  return { secret: false, scalars: new Set([kind]) };
}

function union(a: Shape, b: Shape): Shape {
  const fields = new Map(a.fields);
  for (const [key, shape] of b.fields ?? []) fields.set(key, union(fields.get(key) ?? NO_SHAPE, shape));
  const item = both(a.item, b.item);
  const each = both(a.each, b.each);
  return {
    secret: a.secret || b.secret,
    scalars: new Set([...a.scalars, ...b.scalars]),
    ...(fields.size > 0 ? { fields } : {}),
    ...(item === undefined ? {} : { item }),
    ...(each === undefined ? {} : { each }),
  };
}

function both(a: Shape | undefined, b: Shape | undefined): Shape | undefined {
  return a === undefined || b === undefined ? (a ?? b) : union(a, b);
}
