import { dirname } from 'node:path';
import type { Channel } from './channel/channel.ts';
import { ConfigError } from './config/fault.ts';
import { readText } from './config/file.ts';
import { applyOverrides } from './config/override.ts';
import { platformsOf, recipientsShape } from './config/platform.ts';
import type { Platform } from './config/platform.ts';
import { readRecipients } from './config/recipients.ts';
import { resolveReferences } from './config/reference.ts';
import { crossFaults } from './config/rules.ts';
import { SECTIONS } from './config/schema.ts';
import type { Settings } from './config/schema.ts';
import { isComplete, readSections, sectionsOfPlatforms } from './config/sections.ts';
import { networkOf, unreadable } from './config/network.ts';
import { collectSecrets, formsOf } from './config/secrets.ts';
import { shapeOf, shapeOfFields } from './config/shape.ts';
import type { Shape } from './config/shape.ts';
import { locate, toPlain } from './config/tree.ts';
import { parseYaml } from './config/yaml.ts';
import type { Network, Recipient, Target } from './model.ts';

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/**
 * The whole configuration, frozen. Keys keep their YAML names; durations are seconds, sizes bytes. A token is known by
 * its SHA-256 only.
 */
export type Config = DeepReadonly<Settings> & {
  readonly task: { readonly max_age: number };
  /** By alias, in the order of the file; so are their groups and targets. */
  readonly recipients: ReadonlyMap<string, Recipient>;
  /** The same targets by alias, platform and name. */
  readonly targets: ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, Target>>>;
  /** How requests leave that belong to no target: the section `http`. */
  readonly network?: Network;
  /** See secretsOf. */
  readonly secrets: readonly string[];
};

export interface ConfigOptions {
  /** Path of the YAML file, as the messages are to name it. Relative secret files are looked up in its folder. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly channels: ReadonlyMap<string, Channel>;
}

/** Reads and validates the file. Throws a ConfigError that names every fault. */
export function loadConfig(options: ConfigOptions): Config {
  return parseConfig(readText(options.file), options);
}

/** As loadConfig, with the file's text given. */
export function parseConfig(text: string, { file, env, channels }: ConfigOptions): Config {
  const { root, faults: unparsable } = parseYaml(text);
  if (root === undefined) throw new ConfigError(file, unparsable);

  const platforms = platformsOf(channels);
  const shape = rootShape(platforms);
  const referred = [
    ...applyOverrides(root, shape, env),
    ...resolveReferences(root, shape, { env, folder: dirname(file) }),
  ];
  const sections = readSections(root, shape);
  const common = sectionsOfPlatforms(root, platforms);
  const { recipients, faults } = readRecipients(root.entries.get('recipients')?.value, {
    platforms,
    sections: common.sections,
    http: sections.settings.http ?? {},
    folder: dirname(file),
  });

  // A value that could not be had is one fault, not also a wrong value.
  const unknown = new Set(referred.map((fault) => JSON.stringify(fault.path).replace(/_file"\]$/, '"]')));
  const wrong = [...sections.faults, ...common.faults, ...faults].filter(
    (one) => !unknown.has(JSON.stringify(one.path)),
  );
  const all = [
    ...unparsable,
    ...referred,
    ...wrong,
    ...crossFaults(sections.settings),
    ...unreadable(sections.settings.http ?? {}, dirname(file), ['http']),
  ];
  if (all.length > 0 || !isComplete(sections.settings))
    throw new ConfigError(
      file,
      all.map((one) => ({ ...one, where: one.where ?? locate(root, one.path) })),
    );

  const secrets = new Set<string>();
  collectSecrets(toPlain(root), shape, secrets);
  const network = networkOf({}, sections.settings.http, dirname(file));
  const { settings } = sections;
  return freeze({
    ...settings,
    task: { ...settings.task, max_age: settings.task.max_age ?? MAX_AGE[settings.store.driver] },
    ...(network && { network }),
    recipients,
    targets: indexOf(recipients),
    secrets: formsOf(secrets),
  });
}

/** Seconds that a finished task is kept unless the file says otherwise; memory is dearer than a disk. */
const MAX_AGE = { memory: 3600, sqlite: 604_800, postgres: 604_800 } as const;

/** One lookup per level; undefined when there is no such target. */
export function findTarget(
  config: Pick<Config, 'targets'>,
  alias: string,
  platform: string,
  name: string,
): Target | undefined {
  return config.targets.get(alias)?.get(platform)?.get(name);
}

/** The environment of the process: the only place that reads it. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

function rootShape(platforms: ReadonlyMap<string, Platform>): Shape {
  const shapes = new Map(Object.entries(SECTIONS).map(([name, schema]) => [name, shapeOf(schema)] as const));
  shapes.set('recipients', recipientsShape(platforms));
  for (const { name, section } of platforms.values())
    if (section !== undefined && !shapes.has(name)) shapes.set(name, section);
  return shapeOfFields(shapes);
}

function indexOf(recipients: ReadonlyMap<string, Recipient>): Config['targets'] {
  const index = new Map<string, Map<string, Map<string, Target>>>();
  for (const [alias, { groups }] of recipients) {
    const platforms = new Map<string, Map<string, Target>>();
    for (const { platform, targets } of groups) platforms.set(platform, new Map(targets.map((one) => [one.name, one])));
    index.set(alias, platforms);
  }
  return index;
}

/** Freezes plain objects and lists all the way down; a Map is read-only by its type. */
function freeze<T>(value: T): T {
  if (value instanceof Map) for (const item of value.values()) freeze(item);
  else if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) freeze(item);
  }
  return value;
}
