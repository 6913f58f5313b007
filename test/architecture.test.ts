import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** What a part of `src/` may import: parts by name, `(types)` for type-only imports. */
interface Row {
  readonly may: readonly string[];
  /** The packages and Node modules; absent: any. `node:fs` includes `node:fs/promises`. */
  readonly packages?: readonly string[];
}

/** The table of docs/architecture.md. A part is a folder, or the files of `src/` itself that share its name. */
const TABLE: Readonly<Record<string, Row>> = {
  main: { may: ['cli'] },
  // Beside the app it only asks what a configuration comes to: plans and limits.
  cli: { may: ['app', 'channel', 'clock', 'config', 'delivery', 'log', 'model', 'sandbox', 'store', 'strategy'] },
  app: {
    may: 'channel channels clock config delivery events http log metrics model push redact store strategy system'.split(
      ' ',
    ),
  },
  config: { may: ['channel', 'model'] },
  http: { may: ['push', 'channel(types)', 'store(types)', 'model'] },
  push: { may: ['strategy', 'store(types)', 'events', 'list', 'model'] },
  strategy: { may: ['model'] },
  delivery: { may: ['channel', 'store(types)', 'events', 'list', 'model'] },
  channels: { may: ['channel', 'model'], packages: ['zod', 'node:crypto'] },
  channel: { may: ['model'], packages: ['zod', 'node:crypto', 'node:fs'] },
  store: { may: ['model'] },
  system: { may: ['store(types)', 'events', 'model'] },
  log: { may: ['events', 'model'] },
  metrics: { may: ['events', 'model'] },
  events: { may: ['model'], packages: [] },
  clock: { may: ['model'], packages: [] },
  sandbox: { may: [], packages: ['zod', 'node:', 'smtp-server'] },
  redact: { may: [], packages: [] },
  list: { may: [], packages: [] },
  model: { may: [], packages: [] },
};

/** Everybody else may know the shape of the configuration. */
const WITHOUT_CONFIG_TYPES = ['model', 'channels', 'sandbox', 'redact', 'events', 'clock', 'list'];
/** More packages for one file. */
const MORE_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'channel/template/liquid.ts': ['liquidjs'],
  'channel/user-channels.ts': ['node:path', 'node:url'],
  'channels/email.ts': ['nodemailer'],
};
/** The files that load a folder's files by name. */
const LOADERS = ['channel/registry.ts', 'channel/user-channels.ts', 'sandbox/load.ts'];
/** Each says nothing about the file it names. */
const EMPTY_WORDS = /^(manager|handler|processor|provider|helper|util|utility|common|engine|misc|base)s?$/;

interface Import {
  readonly from: string;
  /** Path below `src/`, or the name of a package. */
  readonly to: string;
  readonly own: boolean;
  readonly typeOnly: boolean;
}

const SRC = fileURLToPath(new URL('../src/', import.meta.url));
const files = (await readdir(SRC, { recursive: true }))
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
  .toSorted();
const code = new Map(
  await Promise.all(
    files.map(async (file) => [file, withoutComments(await readFile(join(SRC, file), 'utf8'))] as const),
  ),
);
const imports = files.flatMap((file) => importsOf(file, code.get(file)!));

describe('architecture', () => {
  test('every part imports only what its row of the table allows', () => {
    assert.ok(imports.length > 100, 'the imports were found');
    assert.deepEqual(imports.flatMap(faultOf), []);
  });

  test('every part has a row, and every row a part', () => {
    const parts = new Set(files.map(partOf));
    assert.deepEqual(
      [...parts].filter((part) => TABLE[part] === undefined),
      [],
      'a new part needs a row in the table',
    );
    const gone = Object.keys(TABLE).filter((part) => !parts.has(part));
    assert.deepEqual(gone, [], 'a row without a part is out of date');
  });

  test('no file reaches itself through its imports', () => {
    assert.deepEqual(cyclesOf(imports.filter((one) => one.own)), []);
  });

  test('only the loaders import a file whose name they compute', () => {
    const computed = files.filter((file) => /\bimport\((?!\s*['"])/.test(code.get(file)!));
    assert.deepEqual(
      computed.filter((file) => !LOADERS.includes(file)),
      [],
    );
  });

  test('only config.ts reads the environment', () => {
    const readers = files.filter((file) =>
      /\bprocess\s*(?:\.\s*env\b|\[)|\bfrom ['"](?:node:)?process['"]/.test(code.get(file)!),
    );
    assert.deepEqual(readers, ['config.ts']);
  });

  test('file names say something', () => {
    const empty = files.filter((file) => file.split(/[/.-]/).some((word) => EMPTY_WORDS.test(word)));
    assert.deepEqual(empty, []);
  });

  test('the rules bite', () => {
    const faults = (from: string, text: string) => importsOf(from, withoutComments(text)).flatMap(faultOf);
    assert.deepEqual(faults('push/a.ts', "import { x } from '../delivery/b.ts';\n"), [
      'push/a.ts imports delivery/b.ts, but push may not import delivery',
    ]);
    assert.deepEqual(faults('channels/a.ts', "import {\n  type X,\n  y,\n} from './b.ts';\n").length, 1);
    assert.deepEqual(faults('channels/a.ts', "import type { Config } from '../config.ts';\n").length, 1);
    assert.deepEqual(faults('http/a.ts', "import { createMemoryStore } from '../store/memory.ts';\n").length, 1);
    assert.deepEqual(faults('http/a.ts', "import type { Store } from '../store/store.ts';\n"), []);
    assert.deepEqual(faults('http/a.ts', "import type { Config } from '../config.ts';\n"), []);
    assert.deepEqual(faults('channel/a.ts', "import { request } from 'undici';\n").length, 1);
    assert.deepEqual(faults('channel/a.ts', "export * from '../http/b.ts';\n").length, 1);
    assert.deepEqual(faults('model.ts', "// import { x } from './app.ts';\nimport './clock.ts';\n").length, 1);
    assert.deepEqual(faults('store/a.ts', "const x = await import('../http/server.ts');\n").length, 1);
    const edge = (from: string, to: string) => ({ from, to, own: true, typeOnly: false });
    assert.deepEqual(cyclesOf([edge('a', 'b'), edge('b', 'c'), edge('c', 'b')]), ['b -> c -> b']);
  });

  test('relative imports name their file whole', () => {
    const loose = imports.filter((one) => one.own && !files.includes(one.to));
    assert.deepEqual(
      loose.map((one) => `${one.from} imports ${one.to}, which is no file`),
      [],
    );
  });
});

/** The part a file belongs to: its folder, or for a file of `src/` itself the first word of its name. */
function partOf(file: string): string {
  const [head = ''] = file.split(/[/.]/);
  return file.includes('/') ? head : head.replace(/^log-.*/, 'log');
}

function faultOf({ from, to, own, typeOnly }: Import): string[] {
  const part = partOf(from);
  const row = TABLE[part];
  if (row === undefined) return [];
  if (!own) {
    const allowed = [...(row.packages ?? [to]), ...(MORE_PACKAGES[from] ?? [])];
    const fits = allowed.some((name) => to === name || to.startsWith(name.endsWith(':') ? name : `${name}/`));
    return fits ? [] : [`${from} imports the package ${to}`];
  }
  const target = partOf(to);
  // A driver stands for itself: what two of them share lives in channel/.
  if (target === part && part !== 'channels') return [];
  if (row.may.includes(target)) return [];
  if (typeOnly && row.may.includes(`${target}(types)`)) return [];
  if (typeOnly && target === 'config' && !WITHOUT_CONFIG_TYPES.includes(part)) return [];
  return [`${from} imports ${typeOnly ? 'types of ' : ''}${to}, but ${part} may not import ${target}`];
}

function importsOf(file: string, text: string): Import[] {
  const found = [
    ...text.matchAll(/^(?:import|export)\s+(?<type>type\s)?(?:[^;'"]*?\sfrom\s+)?['"](?<to>[^'"]+)['"]/gm),
    ...text.matchAll(/(?<type>typeof\s+)?\bimport\(\s*['"](?<to>[^'"]+)['"]/g),
  ];
  return found.map(({ groups }) => {
    const to = groups!['to']!;
    const own = to.startsWith('.');
    return {
      from: file,
      to: own ? normalize(join(dirname(file), to)).replaceAll('\\', '/') : to,
      own,
      typeOnly: groups!['type'] !== undefined,
    };
  });
}

/** Comments may name anything. Strings are kept whole, so that `//` in a URL begins none. */
function withoutComments(text: string): string {
  return text.replace(/('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '$1');
}

/** One line per cycle, `a -> b -> a`. */
function cyclesOf(edges: readonly Import[]): string[] {
  const targets = Map.groupBy(edges, (edge) => edge.from);
  const done = new Set<string>();
  const path: string[] = [];
  const cycles: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) cycles.push([...path.slice(at), file].join(' -> '));
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const { to } of targets.get(file) ?? []) visit(to);
    path.pop();
    done.add(file);
  };
  for (const file of targets.keys()) visit(file);
  return cycles;
}
