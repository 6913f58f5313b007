import type { Fault, Path } from './fault.ts';
import { hint } from '../channel/nearest.ts';
import { ANYTHING, coerce, fileKey } from './shape.ts';
import type { Shape } from './shape.ts';
import type { Entry, List, Mapping, Node } from './tree.ts';

const PREFIX = 'PUSHSERVER_';

/**
 * Puts the environment's values into the tree: `PUSHSERVER_SERVER__PORT=9000` is `server.port: 9000`. Two underscores
 * separate levels; case does not count, and `_` stands for any sign that a variable's name cannot hold (`ops-alert` is
 * OPS_ALERT). List entries go by index from 0; the index after the last adds one. A name without two underscores is
 * not ours (PUSHSERVER_CONFIG); any other must name something that exists, or it is a fault. Changes `root`.
 */
export function applyOverrides(
  root: Mapping,
  shape: Shape,
  env: Readonly<Record<string, string | undefined>>,
): Fault[] {
  const faults: Fault[] = [];
  // Sorted, so that list entries are added in their order: 9 before 10.
  const names = Object.keys(env)
    .filter((name) => name.toUpperCase().startsWith(PREFIX) && name.includes('__', PREFIX.length))
    .toSorted(new Intl.Collator('en', { numeric: true }).compare);
  for (const name of names) {
    const text = env[name];
    if (text === undefined) continue;
    const steps = name.slice(PREFIX.length).split('__');
    const fault = (path: Path, message: string): undefined => void faults.push({ where: name, path, message });
    place(root, shape, steps, [], { name, text, fault });
  }
  return faults;
}

interface Setting {
  readonly name: string;
  readonly text: string;
  fault(path: Path, message: string): undefined;
}

/** The node with the value put below it; undefined after a fault. */
function place(
  node: Node | undefined,
  shape: Shape,
  steps: readonly string[],
  path: Path,
  setting: Setting,
): Node | undefined {
  const [step, ...rest] = steps;
  if (step === undefined) {
    if (shape.scalars.size === 0) return setting.fault(path, 'is not a single value, so no variable can set it');
    return { kind: 'scalar', where: setting.name, value: coerce(setting.text, shape) };
  }
  if (shape.item !== undefined && !(shape === ANYTHING && /\D/.test(step)))
    return placeInList(node, shape.item, step, rest, path, setting);
  if (shape.fields === undefined && shape.each === undefined)
    return setting.fault(path, `has no levels below it (nothing is called "${step.toLowerCase()}" there)`);

  const mapping: Mapping =
    node?.kind === 'mapping' ? node : { kind: 'mapping', where: setting.name, entries: new Map() };
  const found = keysNamed(step, mapping, shape);
  if (found.length > 1) return setting.fault(path, `"${step}" fits more than one key: ${found.join(', ')}`);
  const [key = shape.each === ANYTHING ? step.toLowerCase() : undefined] = found;
  if (key === undefined) {
    const known = shape.each === undefined ? [...shape.fields!.keys()] : [...mapping.entries.keys()];
    return setting.fault(path, `nothing is called "${step.toLowerCase()}" here${hint(step.toLowerCase(), known)}`);
  }
  const base = fileKey(key, shape);
  const below = shape.fields?.get(base ?? key) ?? shape.each!;
  const value = place(mapping.entries.get(key)?.value, below, rest, [...path, key], setting);
  if (value === undefined) return undefined;
  // The environment decides between a secret and its file, whichever the file of configuration has.
  if (base !== undefined) mapping.entries.delete(base);
  else if (below.secret && shape.fields !== undefined) mapping.entries.delete(`${key}_file`);
  const entry: Entry = { where: mapping.entries.get(key)?.where ?? setting.name, value };
  mapping.entries.set(key, entry);
  return mapping;
}

function placeInList(
  node: Node | undefined,
  shape: Shape,
  step: string,
  rest: readonly string[],
  path: Path,
  setting: Setting,
): List | undefined {
  const list: List = node?.kind === 'list' ? node : { kind: 'list', where: setting.name, items: [] };
  const index = /^\d{1,6}$/.test(step) ? Number(step) : NaN;
  if (!(index <= list.items.length))
    return setting.fault(path, `expected the number of an entry from 0 to ${list.items.length}, got "${step}"`);
  const value = place(list.items[index], shape, rest, [...path, index], setting);
  if (value === undefined) return undefined;
  list.items[index] = value;
  return list;
}

/** Exact first, then without regard to case, then with `_` for every other sign. */
function keysNamed(step: string, mapping: Mapping, shape: Shape): string[] {
  const known = new Set([...(shape.fields?.keys() ?? []), ...mapping.entries.keys()]);
  for (const [key, field] of shape.fields ?? []) if (field.secret) known.add(`${key}_file`);
  const keys = [...known].filter(
    (key) => shape.each !== undefined || shape.fields?.has(key) === true || fileKey(key, shape) !== undefined,
  );
  for (const alike of [(word: string) => word, lower, folded]) {
    const found = keys.filter((key) => alike(key) === alike(step));
    if (found.length > 0) return found;
  }
  return [];
}

function lower(word: string): string {
  return word.toLowerCase();
}

function folded(word: string): string {
  return word.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '_');
}
