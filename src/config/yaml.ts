import {
  boolCoreTag,
  EVENT_ID,
  floatCoreTag,
  getScalarValue,
  intCoreTag,
  NOT_RESOLVED,
  nullCoreTag,
  parseEvents,
  SCALAR_STYLE,
  YAMLException,
} from 'js-yaml';
import type { Event, ScalarEvent } from 'js-yaml';
import type { Fault, Path } from './fault.ts';
import type { Entry, List, Mapping, Node, Value } from './tree.ts';

/** Nodes that anchors may add by being copied: ends the "billion laughs". */
const MOST_COPIES = 1_000_000;

const ODD_KEY = 'not valid YAML: a key must be a single word or text; a value that begins with { must stand in quotes';

/**
 * Reads one YAML 1.2 document (core schema, with anchors and `<<`) into a tree that knows its lines. js-yaml's own
 * loaders give values without places and turn the key `1.10` into the number 1.1; so the tree is built from its events.
 * @returns `root` undefined when the text cannot be read or is not a mapping; then `faults` says why. Duplicate keys
 *   are faults too, and the first one stands.
 */
export function parseYaml(text: string): { root: Mapping | undefined; faults: readonly Fault[] } {
  const faults: Fault[] = [];
  try {
    const root = createBuilder(text, parseEvents(text, {}), faults).build();
    if (root.kind === 'mapping') return { root, faults };
    faults.push({ where: root.where, path: [], message: 'expected a mapping (key: value) at the top' });
  } catch (error) {
    faults.push(syntaxFault(error));
  }
  return { root: undefined, faults };
}

class SyntaxFault extends Error {
  readonly line: number;
  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

function syntaxFault(error: unknown): Fault {
  if (error instanceof SyntaxFault) return { where: error.line, path: [], message: error.message };
  if (!(error instanceof YAMLException)) throw error;
  // Only the reason: the exception's message quotes the line, which may hold a secret; so may a "tag" that is a value.
  const reason = /\btag\b/.test(error.reason) ? 'a value that begins with "!" must stand in quotes' : error.reason;
  const { mark } = error;
  const line = mark?.buffer.split(/\r\n|\r|\n/)[mark.line] ?? '';
  const tip = /[{[].*\$\{/.test(line) ? ' (between { } or [ ], "${NAME}" must stand in quotes)' : '';
  return { where: mark && mark.line + 1, path: [], message: `not valid YAML: ${reason}${tip}` };
}

function createBuilder(text: string, events: readonly Event[], faults: Fault[]): { build(): Node } {
  const lineAt = lineCounter(text);
  const anchors = new Map<string, Node | undefined>();
  let at = 0;
  let line = 1;
  let copies = 0;

  return {
    build() {
      if (events.length === 0) throw new SyntaxFault(1, 'the file is empty');
      at = 1;
      const root = events[at]?.type === EVENT_ID.POP ? undefined : node([]);
      if (root === undefined || (root.kind === 'scalar' && root.value === null))
        throw new SyntaxFault(1, 'the file is empty');
      at++;
      if (at < events.length) throw new SyntaxFault(line, 'more than one YAML document ("---") in one file');
      return root;
    },
  };

  function node(path: Path): Node {
    const event = events[at++]!;
    if (event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.POP) throw new SyntaxFault(line, 'not valid YAML');
    if (event.type === EVENT_ID.ALIAS) return fromAnchor(text.slice(event.anchorStart, event.anchorEnd));
    const start = event.type === EVENT_ID.SCALAR ? event.valueStart : event.start;
    if (start >= 0) line = lineAt(start);
    const anchor = event.anchorStart < 0 ? undefined : text.slice(event.anchorStart, event.anchorEnd);
    if (anchor !== undefined) anchors.set(anchor, undefined);
    const tag = event.tagStart < 0 ? undefined : text.slice(event.tagStart, event.tagEnd);
    let built: Node;
    if (event.type === EVENT_ID.SCALAR) built = { kind: 'scalar', where: line, value: valueOf(event, tag) };
    else if (tag !== undefined && tag !== (event.type === EVENT_ID.MAPPING ? '!!map' : '!!seq')) throw unknownTag();
    else built = event.type === EVENT_ID.MAPPING ? mapping(path, line) : list(path, line);
    if (anchor !== undefined) anchors.set(anchor, built);
    return built;
  }

  function list(path: Path, where: number): List {
    const items: Node[] = [];
    while (events[at]!.type !== EVENT_ID.POP) items.push(node([...path, items.length]));
    at++;
    return { kind: 'list', where, items };
  }

  function mapping(path: Path, where: number): Mapping {
    const entries = new Map<string, Entry>();
    const merged: { readonly where: number; readonly value: Node }[] = [];
    while (events[at]!.type !== EVENT_ID.POP) {
      const event = events[at]!;
      if (event.type !== EVENT_ID.SCALAR && event.type !== EVENT_ID.ALIAS) throw new SyntaxFault(line, ODD_KEY);
      const named = node(path);
      if (named.kind !== 'scalar') throw new SyntaxFault(line, ODD_KEY);
      const key = event.type === EVENT_ID.SCALAR ? getScalarValue(text, event) : String(named.value);
      const keyLine = line;
      const value = node([...path, key]);
      if (key === '<<' && event.type === EVENT_ID.SCALAR && event.style === SCALAR_STYLE.PLAIN)
        merged.push({ where: keyLine, value });
      else if (!entries.has(key)) entries.set(key, { where: keyLine, value });
      else {
        const message = `this key is already given in line ${entries.get(key)!.where}`;
        faults.push({ where: keyLine, path: [...path, key], message });
      }
    }
    at++;
    for (const source of merged) merge(entries, source.value, source.where);
    return { kind: 'mapping', where, entries };
  }

  function fromAnchor(name: string): Node {
    if (!anchors.has(name))
      throw new SyntaxFault(
        line,
        'not valid YAML: an alias (*name) without its anchor (&name); a value that begins with "*" must stand in quotes',
      );
    const found = anchors.get(name);
    if (found === undefined) throw new SyntaxFault(line, 'not valid YAML: an anchor that contains itself');
    return copy(found);
  }

  function copy(source: Node): Node {
    if (++copies > MOST_COPIES) throw new SyntaxFault(line, `anchors repeat more than ${MOST_COPIES} values`);
    if (source.kind === 'scalar') return source;
    if (source.kind === 'list') return { ...source, items: source.items.map(copy) };
    const entries = new Map<string, Entry>();
    for (const [key, entry] of source.entries) entries.set(key, { where: entry.where, value: copy(entry.value) });
    return { ...source, entries };
  }

  function valueOf(event: ScalarEvent, tag: string | undefined): Value {
    const source = getScalarValue(text, event);
    if (tag === '!!str' || tag === '!') return source;
    if (tag !== undefined) throw unknownTag();
    return event.style === SCALAR_STYLE.PLAIN ? plainValue(source) : source;
  }

  function unknownTag(): SyntaxFault {
    return new SyntaxFault(
      line,
      'YAML tags ("!name") are not used here; a value that begins with "!" must stand in quotes',
    );
  }
}

/** `<<: *base`, `<<: [*a, *b]`: keys of the mapping itself win, then the earlier source. */
function merge(into: Map<string, Entry>, source: Node, where: number): void {
  const sources = source.kind === 'list' ? source.items : [source];
  for (const from of sources) {
    if (from.kind !== 'mapping') throw new SyntaxFault(where, 'not valid YAML: "<<" takes mappings only');
    for (const [key, entry] of from.entries) if (!into.has(key)) into.set(key, entry);
  }
}

/** An unquoted scalar as YAML 1.2's core schema reads it. */
function plainValue(source: string): Value {
  for (const tag of [nullCoreTag, boolCoreTag, intCoreTag, floatCoreTag]) {
    const value = tag.resolve(source, false, tag.tagName);
    if (value !== NOT_RESOLVED) return value;
  }
  return source;
}

/** Offsets come in ascending order, so one pass over the text counts its lines. */
function lineCounter(text: string): (offset: number) => number {
  const ends = /\r\n|\r|\n/g;
  let line = 1;
  let next = ends.exec(text);
  return (offset) => {
    while (next !== null && ends.lastIndex <= offset) {
      line++;
      next = ends.exec(text);
    }
    return line;
  };
}
