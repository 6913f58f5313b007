import type { Config } from '../config.ts';

/** The changed keys that take effect at the next start only: all of `server`, and `auth.allow_anonymous`. */
export function needsRestart(old: Pick<Config, 'server' | 'auth'>, next: Pick<Config, 'server' | 'auth'>): string[] {
  const before = new Map<string, unknown>(Object.entries(old.server));
  const after = new Map<string, unknown>(Object.entries(next.server));
  const keys = new Set([...before.keys(), ...after.keys()]);
  const changed = [...keys].filter((key) => before.get(key) !== after.get(key)).map((key) => `server.${key}`);
  return old.auth.allow_anonymous === next.auth.allow_anonymous ? changed : [...changed, 'auth.allow_anonymous'];
}
