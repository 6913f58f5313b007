import type { Config } from '../config.ts';

type Settings = Pick<Config, 'server' | 'store' | 'auth' | 'channels'>;

/** The changed keys that take effect at the next start only: all of `server` and `store`, `auth.allow_anonymous` and `channels.path`. */
export function needsRestart(old: Settings, next: Settings): string[] {
  return [
    ...changed('server', old.server, next.server),
    ...changed('store', old.store, next.store),
    ...(old.auth.allow_anonymous === next.auth.allow_anonymous ? [] : ['auth.allow_anonymous']),
    ...(old.channels.path.join('\n') === next.channels.path.join('\n') ? [] : ['channels.path']),
  ];
}

function changed(section: string, old: object, next: object): string[] {
  const before = new Map<string, unknown>(Object.entries(old));
  const after = new Map<string, unknown>(Object.entries(next));
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].filter((key) => before.get(key) !== after.get(key)).map((key) => `${section}.${key}`);
}
