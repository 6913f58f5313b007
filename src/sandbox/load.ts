import { readdir } from 'node:fs/promises';
import type { StandIn } from './stand-in.ts';

/** Makes one of every stand-in in `platforms/`, in order of their file names. Throws when a name differs from its file. */
export async function loadStandIns(): Promise<StandIn[]> {
  const folder = new URL('./platforms/', import.meta.url);
  const files = (await readdir(folder)).filter((file) => /^[\w-]+\.ts$/.test(file)).toSorted();
  return await Promise.all(
    files.map(async (file) => {
      const module: { default: () => StandIn } = await import(new URL(file, folder).href);
      const standIn = module.default();
      if (`${standIn.name}.ts` !== file) throw new Error(`sandbox/platforms/${file} calls itself ${standIn.name}`);
      return standIn;
    }),
  );
}
