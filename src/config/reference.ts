import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Fault, Path } from './fault.ts';
import { coerce, fileKey } from './shape.ts';
import type { Shape } from './shape.ts';
import type { Entry, Mapping, Node, Scalar } from './tree.ts';

export interface ReferenceOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative paths of `<key>_file` start here. */
  readonly folder: string;
}

/** A secret is a line, or a PEM file; more is a mistake. */
const LONGEST_SECRET = 65_536;

/**
 * Replaces `${NAME}` in every text by the environment variable (`$${NAME}` stays `${NAME}`), and `<key>_file: path` by
 * `<key>` with the file's content, for secret keys. What comes from the environment or a file is taken as it is.
 * Changes the tree.
 */
export function resolveReferences(root: Mapping, shape: Shape, options: ReferenceOptions): Fault[] {
  const faults: Fault[] = [];
  resolveIn(root, shape, [], { ...options, faults });
  return faults;
}

type Context = ReferenceOptions & { readonly faults: Fault[] };

function resolveIn(node: Node, shape: Shape, path: Path, context: Context): Node {
  if (node.kind === 'scalar') return substitute(node, shape, path, context);
  if (node.kind === 'list') {
    const { item } = shape;
    if (item !== undefined)
      node.items.forEach((value, i) => void (node.items[i] = resolveIn(value, item, [...path, i], context)));
    return node;
  }
  const entries = [...node.entries];
  node.entries.clear();
  for (const [key, entry] of entries) {
    const base = fileKey(key, shape);
    const field = shape.fields?.get(base ?? key) ?? shape.each;
    const at = [...path, key];
    if (field === undefined) node.entries.set(key, entry);
    else if (base === undefined) node.entries.set(key, { ...entry, value: resolveIn(entry.value, field, at, context) });
    else if (entries.some(([other]) => other === base))
      context.faults.push({ where: entry.where, path: at, message: `give either ${base} or ${key}, not both` });
    else node.entries.set(base, readSecret(entry, field, at, context));
  }
  return node;
}

function readSecret(entry: Entry, shape: Shape, path: Path, context: Context): Entry {
  const named = resolveIn(entry.value, { secret: false, scalars: new Set(['text']) }, path, context);
  const file = named.kind === 'scalar' ? named.value : undefined;
  const where = typeof named.where === 'string' ? named.where : entry.where;
  const fault = (message: string): Entry => {
    context.faults.push({ where, path, message });
    // Some text, so that the missing secret is not a second fault.
    return { where, value: { kind: 'scalar', where, value: '?' } };
  };
  if (typeof file !== 'string' || file === '') return fault('expected the path of a file that holds the secret');
  try {
    const content = readFileSync(resolve(context.folder, file), 'utf8').replace(/[\r\n]+$/, '');
    if (content === '') return fault(`the file ${JSON.stringify(file)} is empty`);
    if (content.length > LONGEST_SECRET) return fault(`the file ${JSON.stringify(file)} is too long for a secret`);
    return { where, value: { kind: 'scalar', where, value: coerce(content, shape) } };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: 'does not exist',
      EACCES: 'may not be read',
      EISDIR: 'is a folder',
    };
    return fault(`the file ${JSON.stringify(file)} ${reasons[code] ?? `cannot be read (${code})`}`);
  }
}

function substitute(node: Scalar, shape: Shape, path: Path, { env, faults }: Context): Scalar {
  // A string `where` is the environment's own value.
  if (typeof node.value !== 'string' || typeof node.where === 'string' || !node.value.includes('${')) return node;
  let whole = false;
  const text = node.value.replaceAll(/(\$?)\$\{([^}]*)\}/g, (match, escape: string, name: string) => {
    if (escape !== '') return match.slice(1);
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      const message =
        'between "${" and "}" must stand the name of an environment variable; write "$${" for a plain "${"';
      faults.push({ where: node.where, path, message });
      return '?';
    }
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value === undefined || value === '') {
      const state = value === undefined ? 'not set' : 'empty';
      faults.push({ where: node.where, path, message: `the environment variable ${name} is ${state}` });
      return '?';
    }
    whole = match === node.value;
    return value;
  });
  return { ...node, value: whole ? coerce(text, shape) : text };
}
