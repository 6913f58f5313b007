import { readdir } from 'node:fs/promises';
import type { Channel } from './channel.ts';

const CHANNELS = new URL('../channels/', import.meta.url);

/**
 * Finds the channels: every `.ts` file of the folder is one, named like its file, in alphabetical order.
 * @param folder ends with a slash
 * @throws Error that names the file and what is wrong with it
 */
export async function loadChannels(folder: URL = CHANNELS): Promise<ReadonlyMap<string, Channel>> {
  const files = (await readdir(folder)).filter((file) => SOURCE.test(file)).toSorted();
  const found = await Promise.all(
    files.map(async (file) => ({ file, channel: await load(new URL(file, folder), file) })),
  );
  const owners = new Map<string, string>();
  for (const { file, channel } of found) {
    const owner = owners.get(channel.name);
    if (owner !== undefined) throw new Error(`channels ${owner} and ${file} are both named '${channel.name}'`);
    owners.set(channel.name, file);
  }
  for (const { file, channel } of found) {
    const expected = file.replace(SOURCE, '');
    if (channel.name !== expected) {
      throw new Error(
        `channel ${file} is named '${channel.name}'; rename it '${expected}' or the file ${channel.name}.ts`,
      );
    }
  }
  return new Map(found.map(({ channel }) => [channel.name, channel]));
}

const SOURCE = /(?<!\.d)\.ts$/;

async function load(url: URL, file: string): Promise<Channel> {
  const module: { readonly default?: unknown } = await import(url.href);
  if (!isChannel(module.default)) {
    throw new Error(
      `channel ${file} has no channel as its default export; end it with: export default defineChannel({ … })`,
    );
  }
  return module.default;
}

function isChannel(value: unknown): value is Channel {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'render' in value &&
    'send' in value
  );
}
