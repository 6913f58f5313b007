import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BROKEN, type BrokenChannel, CHANNEL_NAME } from './broken-channel.ts';
import type { Channel } from './channel.ts';
import { channelFault } from './channel-shape.ts';
import type { Kit } from './kit.ts';

export interface UserChannels {
  /** By name, in alphabetical order. */
  readonly channels: ReadonlyMap<string, Channel>;
  readonly broken: readonly BrokenChannel[];
}

/** Seconds that a file may take to become a channel. */
const LONGEST_LOAD = 10;
/** Characters of an error's message. */
const LONGEST_WORDS = 300;

/**
 * Loads the channels that users keep outside the project: every `.ts`, `.js` and `.mjs` file of the folders whose name
 * does not begin with `_` or `.` and has no further dot (`.d.ts`, `.test.js`). Never throws for their sake.
 * @param folders absolute paths
 * @param taken names that none of them may have
 */
export async function loadUserChannels(
  folders: readonly string[],
  { kit, taken }: { readonly kit: Kit; readonly taken: ReadonlySet<string> },
): Promise<UserChannels> {
  const found = await Promise.all([...new Set(folders)].map(filesIn));
  const files = Map.groupBy(
    found.flatMap((one) => one.files),
    ({ name }) => name,
  );
  const loaded = await Promise.all(
    [...files].map(([name, twins]) =>
      loadOne(
        name,
        twins.map(({ file }) => file),
        { kit, taken },
      ),
    ),
  );
  const channels = loaded.flatMap(({ channel }) => (channel === undefined ? [] : [[channel.name, channel] as const]));
  return {
    channels: new Map(channels.toSorted(([a], [b]) => (a < b ? -1 : 1))),
    broken: [...found.flatMap((one) => one.broken), ...loaded.flatMap((one) => one.broken)],
  };
}

const SOURCE = /^([^_.][^.]*)\.(?:ts|js|mjs)$/;

async function filesIn(
  folder: string,
): Promise<{ files: readonly { readonly name: string; readonly file: string }[]; broken: readonly BrokenChannel[] }> {
  try {
    const names = (await readdir(folder)).toSorted();
    const files = names.flatMap((entry) => {
      const name = SOURCE.exec(entry)?.[1];
      return name === undefined ? [] : [{ name, file: join(folder, entry) }];
    });
    return { files, broken: [] };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { files: [], broken: [{ file: folder, ...BROKEN.folder(code) }] };
  }
}

async function loadOne(
  name: string,
  files: readonly string[],
  { kit, taken }: { readonly kit: Kit; readonly taken: ReadonlySet<string> },
): Promise<{ channel?: Channel; broken: readonly BrokenChannel[] }> {
  const broken = (say: (file: string) => Pick<BrokenChannel, 'fault' | 'remedy'>) => ({
    broken: files.map((file) => ({ name, file, ...say(file) })),
  });
  if (!CHANNEL_NAME.test(name)) return broken(() => BROKEN.name(name));
  if (taken.has(name)) return broken(() => BROKEN.taken(name));
  // Nobody can say which of them was meant.
  if (files.length > 1) return broken((file) => BROKEN.twins(files.filter((other) => other !== file).join(', ')));

  const [file] = files as readonly [string];
  const module = await settled(file, import(pathToFileURL(file).href) as Promise<{ readonly default?: unknown }>);
  if ('error' in module) return broken(() => BROKEN.unloadable(module.error));
  const make = module.value.default;
  if (typeof make !== 'function') return broken(() => BROKEN.noFunction());
  const made = await settled(file, (async (): Promise<unknown> => await make(kit))());
  if ('error' in made) return broken(() => BROKEN.throws(made.error));
  const fault = channelFault(made.value);
  if (fault !== undefined) return broken(() => BROKEN.noChannel(fault));
  const channel = made.value as Channel;
  if (channel.name !== name) return broken(() => BROKEN.otherName(channel.name, name));
  return { channel: withSafeKeys(channel), broken: [] };
}

/** These are asked while the configuration is read: an error in them must not stop the start. */
function withSafeKeys(channel: Channel): Channel {
  const { account } = channel;
  // Then every configuration is a bot, or an account, of its own.
  const safely = (key: (config: unknown) => string) => (config: unknown) => {
    try {
      return key(config);
    } catch {
      return JSON.stringify(config);
    }
  };
  return {
    ...channel,
    credential: safely((config) => channel.credential(config)),
    ...(account && { account: { ...account, key: safely((config) => account.key(config)) } }),
  };
}

/** What a promise comes to within the time, as a value. */
async function settled<T>(
  file: string,
  promise: Promise<T>,
): Promise<{ readonly value: T } | { readonly error: string }> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took more than ${LONGEST_LOAD} seconds`)), LONGEST_LOAD * 1000);
  });
  try {
    return { value: await Promise.race([promise, late]) };
  } catch (error) {
    return { error: wordsOf(error, file) };
  } finally {
    clearTimeout(timer);
  }
}

/** One line, and where in the file it is; a syntax error has its place in the stack alone. */
function wordsOf(error: unknown, file: string): string {
  if (!(error instanceof Error)) return String(error).slice(0, LONGEST_WORDS);
  const words = `${error.name}: ${error.message}`.trim().split('\n')[0]!.slice(0, LONGEST_WORDS);
  const stack = error.stack ?? '';
  const at = stack.indexOf(pathToFileURL(file).href);
  const line = at < 0 ? undefined : /^[^\s:)]*:(\d+)/.exec(stack.slice(at + 'file:'.length))?.[1];
  return line === undefined ? words : `${words} (line ${line})`;
}
