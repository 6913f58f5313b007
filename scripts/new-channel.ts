/**
 * Writes the three files of a channel, which pass the conformance suite as they are; docs/adding-a-channel.md goes on
 * from there. Overwrites nothing.
 *
 *   npm run new-channel NAME
 */
import { access, readFile, writeFile } from 'node:fs/promises';
import { CHANNEL_NAME, NAME_RULE } from '../src/channel/broken-channel.ts';
import { reservedNames } from '../src/config/channels.ts';

const ROOT = new URL('../', import.meta.url);
const SKELETON = new URL('skeleton/', import.meta.url);

/** From which file each is made. */
const filesOf = (name: string): Readonly<Record<string, string>> => ({
  [`src/channels/${name}.ts`]: 'channel.ts',
  [`test/channels/${name}.yaml`]: 'fixture.yaml',
  [`src/sandbox/platforms/${name}.ts`]: 'stand-in.ts',
});

const [name, ...more] = process.argv.slice(2);
if (name === undefined || more.length > 0) end(2, 'usage: npm run new-channel NAME');
else if (!CHANNEL_NAME.test(name)) end(1, `"${name}" cannot be the name of a channel: ${NAME_RULE}`);
else await write(name);

async function write(channel: string): Promise<void> {
  const files = Object.entries(filesOf(channel));
  const there = (await Promise.all(files.map(async ([path]) => ((await exists(path)) ? [path] : [])))).flat();
  if (there.length > 0)
    return end(1, `nothing was written: ${there.join(', ')} ${there.length > 1 ? 'are' : 'is'} there`);
  if (reservedNames(new Map()).has(channel))
    return end(1, `"${channel}" is the name of a section of the configuration; take another one`);
  const written = files.map(async ([path, from]) => {
    const text = await readFile(new URL(from, SKELETON), 'utf8');
    await writeFile(new URL(path, ROOT), named(text, channel, path), { flag: 'wx' });
  });
  await Promise.all(written);
  process.stdout.write(
    [
      ...files.map(([path]) => `written: ${path}`),
      '',
      'They work as they are. Now make them those of your provider: docs/adding-a-channel.md goes through them.',
      `  node_modules/.bin/node --test --test-name-pattern="channel ${channel}$" test/conformance.test.ts`,
      '',
    ].join('\n'),
  );
}

/** The skeleton under its new name, with its imports as they are from its new place. */
function named(text: string, channel: string, path: string): string {
  const label = `${channel[0]!.toUpperCase()}${channel.slice(1).replaceAll('_', ' ')}`;
  const up = path.includes('/platforms/') ? '../' : '../channel/';
  return text
    .replaceAll(/'\.\.\/\.\.\/src\/(?:channel|sandbox)\//g, `'${up}`)
    .replaceAll('Skeleton', label)
    .replaceAll('skeleton', channel);
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(new URL(path, ROOT));
    return true;
  } catch {
    return false;
  }
}

function end(code: number, words: string): void {
  process.stderr.write(`${words}\n`);
  process.exitCode = code;
}
