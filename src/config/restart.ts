import type { Config } from '../config.ts';

type Settings = Pick<Config, 'server' | 'auth' | 'channels'>;

/** The changed keys that take effect at the next start only: all of `server`, `auth.allow_anonymous` and `channels.path`. */
export function needsRestart(old: Settings, next: Settings): string[] {
  const before = new Map<string, unknown>(Object.entries(old.server));
  const after = new Map<string, unknown>(Object.entries(next.server));
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [
    ...[...keys].filter((key) => before.get(key) !== after.get(key)).map((key) => `server.${key}`),
    ...(old.auth.allow_anonymous === next.auth.allow_anonymous ? [] : ['auth.allow_anonymous']),
    ...(old.channels.path.join('\n') === next.channels.path.join('\n') ? [] : ['channels.path']),
  ];
}
