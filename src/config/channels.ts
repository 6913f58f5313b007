import { dirname, resolve } from 'node:path';
import { BROKEN, type BrokenChannel } from '../channel/broken-channel.ts';
import type { Channel } from '../channel/channel.ts';
import { kit } from '../channel/kit.ts';
import { placeholderOf } from '../channel/placeholder.ts';
import { loadChannels } from '../channel/registry.ts';
import { loadUserChannels } from '../channel/user-channels.ts';
import { applyOverrides } from './override.ts';
import { resolveReferences } from './reference.ts';
import { SECTIONS } from './schema.ts';
import { shapeOf, shapeOfFields } from './shape.ts';
import { toPlain } from './tree.ts';
import type { Mapping, Node } from './tree.ts';
import { parseYaml } from './yaml.ts';

export interface Catalogue {
  /** All of them, and placeholders for those that could not be loaded. */
  readonly channels: ReadonlyMap<string, Channel>;
  /** Names of those that `channels.path` brought. */
  readonly own: readonly string[];
  readonly broken: readonly BrokenChannel[];
}

export interface CatalogueOptions {
  /** Path of the configuration: `channels.path` is relative to its folder. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Loads the channels that a configuration can name. It must come before the configuration is validated, since that needs
 * them; so only `channels.path` is read here, and whatever else is wrong is left for then.
 * @param text of the configuration
 * @throws Error for a broken built-in channel; one of the user's is told in `broken`
 */
export async function loadCatalogue(text: string, { file, env }: CatalogueOptions): Promise<Catalogue> {
  const builtIn = await loadChannels();
  const { root } = parseYaml(text);
  const folders = root === undefined ? [] : pathsIn(root, { file, env });
  if (root === undefined || folders.length === 0) return { channels: builtIn, own: [], broken: [] };

  const taken = reservedNames(builtIn);
  const user = await loadUserChannels(folders, { kit, taken });
  const channels = new Map([...builtIn, ...user.channels]);
  for (const broken of user.broken)
    if (broken.name !== undefined && !taken.has(broken.name) && !channels.has(broken.name))
      channels.set(broken.name, placeholderOf(broken.name, broken));
  // What a folder that cannot be read would have held, its recipients know.
  const lost = user.broken.find(({ name }) => name === undefined)?.file;
  for (const name of lost === undefined ? [] : platformsNamedIn(root))
    if (!channels.has(name) && name !== 'system')
      channels.set(name, placeholderOf(name, { name, file: lost!, ...BROKEN.absent(name, lost!) }));
  return { channels, own: [...user.channels.keys()], broken: user.broken };
}

/** Names that no channel of a user may have: sections of the configuration and platforms that there are. */
export const reservedNames = (channels: ReadonlyMap<string, Channel>): ReadonlySet<string> =>
  new Set([...channels.keys(), ...Object.keys(SECTIONS), 'recipients', 'system']);

/** Absolute. Changes the tree. */
function pathsIn(root: Mapping, { file, env }: CatalogueOptions): string[] {
  const shape = shapeOfFields([['channels', shapeOf(SECTIONS.channels)]]);
  // Of everything else nothing is known here, so its faults are none.
  applyOverrides(root, shape, env);
  resolveReferences(root, shape, { env, folder: dirname(file) });
  const section = root.entries.get('channels');
  const parsed = SECTIONS.channels.safeParse((section && toPlain(section.value)) ?? {});
  return parsed.success ? parsed.data.path.map((path) => resolve(dirname(file), path)) : [];
}

function platformsNamedIn(root: Mapping): string[] {
  const mappingAt = (node: Node | undefined, key: string): Mapping | undefined => {
    const value = node?.kind === 'mapping' ? node.entries.get(key)?.value : undefined;
    return value?.kind === 'mapping' ? value : undefined;
  };
  const recipients = mappingAt(root, 'recipients');
  return [...(recipients?.entries.values() ?? [])].flatMap(({ value }) => [
    ...(mappingAt(value, 'platforms')?.entries.keys() ?? []),
  ]);
}
