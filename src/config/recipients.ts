import { hash } from 'node:crypto';
import type { Group, Recipient, Target } from '../model.ts';
import { check, kindOf, unknownKey } from './check.ts';
import type { Fault, Path } from './fault.ts';
import { hint } from '../channel/nearest.ts';
import { type NetworkKeys, networkOf, unreadable } from './network.ts';
import { commonSchema } from './platform.ts';
import type { Platform } from './platform.ts';
import { label } from './schema.ts';
import { shapeOf } from './shape.ts';
import { toPlain, toPlainMapping } from './tree.ts';
import type { Entry, Mapping, Node } from './tree.ts';

export interface RecipientsInput {
  readonly platforms: ReadonlyMap<string, Platform>;
  /** The sections named like a channel, as they stand in the file. */
  readonly sections: ReadonlyMap<string, Mapping>;
  /** The section `http`. */
  readonly http: NetworkKeys;
  /** Of the configuration. */
  readonly folder: string;
}

/**
 * Reads `recipients`. Aliases and platforms stay in the order of the file.
 * @returns every recipient that could be read, and everything that is wrong with the others
 */
export function readRecipients(
  node: Node | undefined,
  input: RecipientsInput,
): { recipients: Map<string, Recipient>; faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const recipients = new Map<string, Recipient>();
  const read = createReader(input, faults);
  for (const [alias, entry] of read.entries(node, ['recipients']))
    recipients.set(alias, read.recipient(alias, entry.value));
  return { recipients, faults };
}

interface Reader {
  entries(node: Node | undefined, path: Path): Iterable<[string, Entry]>;
  recipient(alias: string, node: Node): Recipient;
}

const LABEL = shapeOf(label);

function createReader({ platforms, sections, http, folder }: RecipientsInput, faults: Fault[]): Reader {
  const sectionValues = new Map(
    [...sections].map(([name, node]) => [name, Object.entries(toPlainMapping(node))] as const),
  );
  const fault = (path: Path, message: string): void => void faults.push({ path, message });

  return { entries, recipient };

  /** Of a mapping; nothing at all is an empty one. */
  function entries(node: Node | undefined, path: Path): Iterable<[string, Entry]> {
    if (node?.kind === 'mapping') return node.entries;
    if (node !== undefined && !isNothing(node))
      fault(path, `expected a mapping (key: value), got ${kindOf(toPlain(node))}`);
    return [];
  }

  function recipient(alias: string, node: Node): Recipient {
    const path = ['recipients', alias];
    read(label, alias, path, (message) => `an alias must be ${message.replace(/^expected |, got .*$/g, '')}`);
    let name = alias;
    let groups: Group[] = [];
    for (const [key, { value }] of entries(node, path)) {
      if (key === 'name') name = read(label, toPlain(value), [...path, key]) ?? alias;
      else if (key === 'platforms') groups = groupsOf(alias, value, [...path, key]);
      else fault([...path, key], `unknown key${hint(key, ['name', 'platforms'])}`);
    }
    return { alias, name, groups };
  }

  function groupsOf(alias: string, node: Node, path: Path): Group[] {
    const groups: Group[] = [];
    for (const [name, { value }] of entries(node, path)) {
      const platform = platforms.get(name);
      if (platform === undefined) fault([...path, name], `unknown platform${hint(name, [...platforms.keys()])}`);
      else groups.push(groupOf(alias, platform, value, [...path, name]));
    }
    return groups;
  }

  function groupOf(alias: string, platform: Platform, node: Node, path: Path): Group {
    let enabled = true;
    let listed: string | undefined;
    let targets: Target[] = [];
    for (const [key, { value }] of entries(node, path)) {
      const at = [...path, key];
      if (key === 'enabled') enabled = booleanOf(value, at);
      else if (!platform.lists.includes(key)) fault(at, unknownKey(key, platform.group));
      else if (listed !== undefined) fault(at, `give either ${listed} or ${key}, not both`);
      else {
        listed = key;
        targets = targetsOf(alias, platform, value, at);
      }
    }
    // A reload may disable a platform while messages wait for its targets: they must see it on the target itself.
    if (!enabled) targets = targets.map((target) => ({ ...target, enabled: false }));
    return { platform: platform.name, enabled, targets };
  }

  function targetsOf(alias: string, platform: Platform, node: Node, path: Path): Target[] {
    if (node.kind !== 'list') {
      if (!isNothing(node)) fault(path, `expected a list (lines that begin with "-"), got ${kindOf(toPlain(node))}`);
      return [];
    }
    const names = new Map<string, number>();
    return node.items.flatMap((item, i) => {
      const target = targetOf(alias, platform, item, [...path, i], `${platform.name}#${i + 1}`);
      if (target === undefined) return [];
      const first = names.get(target.name);
      if (first !== undefined) {
        const named = item.kind === 'mapping' && item.entries.has('name');
        fault(
          named ? [...path, i, 'name'] : [...path, i],
          `the name ${JSON.stringify(target.name)} is already that of entry ${first + 1}`,
        );
      }
      names.set(target.name, first ?? i);
      return [target];
    });
  }

  function targetOf(alias: string, platform: Platform, node: Node, path: Path, unnamed: string): Target | undefined {
    if (node.kind !== 'mapping') {
      fault(path, `expected a mapping (key: value), got ${kindOf(toPlain(node))}`);
      return undefined;
    }
    const common: Record<string, unknown> = Object.create(null);
    const config: Record<string, unknown> = Object.create(null);
    const put = (key: string, value: unknown): void => void ((platform.common.has(key) ? common : config)[key] = value);
    for (const [key, value] of sectionValues.get(platform.name) ?? []) put(key, value);
    for (const [key, { value }] of node.entries) put(key, toPlain(value));

    const own = check(commonSchema, common, path, platform.target);
    const rest = check(platform.config, config, path, platform.target);
    for (const result of [own, rest])
      if ('faults' in result)
        faults.push(...result.faults.flatMap((one) => inSection(one, node, platform.name, path.length)));
    if ('faults' in own || 'faults' in rest) return undefined;
    faults.push(
      ...unreadable(own.data, folder, path).flatMap((one) => inSection(one, node, platform.name, path.length)),
    );
    const { name = unnamed, enabled, rate_limit, account_rate_limit } = own.data;
    const key = (text: string) => hash('sha256', `${platform.name}\n${text}`);
    const account = platform.account?.(rest.data);
    const network = platform.common.has('proxy') ? networkOf(own.data, http, folder) : undefined;
    return {
      alias,
      platform: platform.name,
      name,
      enabled,
      config: rest.data,
      // A lane shares the limit of one account.
      lane: key(`${platform.credential(rest.data)}${account === undefined ? '' : `\n${account}`}`),
      ...(rate_limit !== undefined && { rate_limit }),
      ...(account_rate_limit !== undefined && { account_rate_limit }),
      ...(account !== undefined && { account: key(account) }),
      ...(network && { network }),
    };
  }

  /** A value that came from the section was judged there, once, and not at each of its targets. */
  function inSection(one: Fault, node: Mapping, name: string, depth: number): Fault[] {
    const section = sections.get(name);
    const key = one.path[depth];
    if (section === undefined || typeof key !== 'string' || node.entries.has(key)) return [one];
    if (section.entries.has(key)) {
      // Its list of known keys would be another one here.
      if (one.message.startsWith('unknown key')) return [];
      return [{ ...one, path: [name, ...one.path.slice(depth)] }];
    }
    const missing = one.message.startsWith('missing;');
    return [missing ? { ...one, message: `${one.message} (here, or for all targets in the section ${name})` } : one];
  }

  function booleanOf(node: Node, path: Path): boolean {
    const value = toPlain(node);
    if (typeof value === 'boolean') return value;
    fault(
      path,
      `expected true or false, got ${typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : kindOf(value)}`,
    );
    return true;
  }

  function read(
    schema: typeof label,
    value: unknown,
    path: Path,
    say = (message: string): string => message,
  ): string | undefined {
    const result = check(schema, value, path, LABEL);
    if ('data' in result) return result.data;
    faults.push(...result.faults.map((one) => ({ ...one, message: say(one.message) })));
    return undefined;
  }
}

/** `recipients:` with every line below it commented out. */
function isNothing(node: Node): boolean {
  return node.kind === 'scalar' && node.value === null;
}
