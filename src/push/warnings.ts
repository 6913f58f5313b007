import { cleanLine } from './text.ts';

/** Most unknown keys that are named one by one, and the longest part of a name that is shown: the caller chose both. */
const MOST = 20;
const LONGEST = 64;

/**
 * One warning per key of a request that the schema did not know, in the order of the request.
 * @param input what was parsed
 * @param data what the schema kept of it: the same tree without the unknown keys
 */
export function unknownKeys(input: unknown, data: unknown): string[] {
  const names: string[] = [];
  collect(input, data, '', names);
  const warnings = names.slice(0, MOST).map((name) => `未知字段 ${name} 已忽略`);
  if (names.length > MOST) warnings.push(`另有 ${names.length - MOST} 个未知字段已忽略`);
  return warnings;
}

function collect(input: unknown, data: unknown, path: string, names: string[]): void {
  if (typeof data !== 'object' || data === null) return;
  if (Array.isArray(data)) {
    data.forEach((item, i) => collect((input as unknown[])[i], item, `${path}[${i}]`, names));
    return;
  }
  for (const key of Object.keys(input as object)) {
    if (!Object.hasOwn(data, key)) names.push(join(path, cleanLine(key).slice(0, LONGEST).toWellFormed()));
    else collect((input as Json)[key], (data as Json)[key], join(path, key), names);
  }
}

type Json = Readonly<Record<string, unknown>>;

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);
