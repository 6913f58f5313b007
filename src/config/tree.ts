import type { Path } from './fault.ts';

export type Value = string | number | boolean | null;

/** `where`: see Fault. Every path has nodes of its own (anchors are copied), so a node may be changed in place. */
export interface Scalar {
  readonly kind: 'scalar';
  readonly where: number | string;
  readonly value: Value;
}

export interface List {
  readonly kind: 'list';
  readonly where: number | string;
  readonly items: Node[];
}

/** Keys are the text as written (`007` stays `007`), in the order of the file. */
export interface Mapping {
  readonly kind: 'mapping';
  readonly where: number | string;
  readonly entries: Map<string, Entry>;
}

export interface Entry {
  /** Of the key. */
  readonly where: number | string;
  readonly value: Node;
}

export type Node = Scalar | List | Mapping;

/** The line (or variable) of the value at a path, or of the nearest thing above it that exists. */
export function locate(root: Node, path: Path): number | string | undefined {
  let node: Node | undefined = root;
  let where: number | string | undefined;
  for (const step of path) {
    if (node.kind === 'mapping') {
      const entry: Entry | undefined = node.entries.get(String(step));
      if (entry === undefined) return where;
      ({ where, value: node } = entry);
      // An overridden scalar stands under a key of the file: the variable is what people must look at.
      if (typeof node.where === 'string') where = node.where;
    } else {
      node = node.kind === 'list' ? node.items[Number(step)] : undefined;
      if (node === undefined) return where;
      where = node.where;
    }
  }
  return where;
}

/** The tree as plain JavaScript. Mappings have no prototype, so that `__proto__` is a key like any other. */
export function toPlain(node: Node): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toPlain);
  return toPlainMapping(node);
}

export function toPlainMapping(node: Mapping): Record<string, unknown> {
  const plain: Record<string, unknown> = Object.create(null);
  for (const [key, entry] of node.entries) plain[key] = toPlain(entry.value);
  return plain;
}
