import type { Token } from '../channel/channel.ts';
import type { Clock } from '../model.ts';

/** Seconds before its end at which a token is no longer handed out. */
const TOKEN_MARGIN = 300;

/** Most tokens and open resources kept; the oldest goes first. */
const MOST = 10_000;

/** What attempts share: tokens, and pooled things such as SMTP connections. */
export interface Shared {
  token(key: string, fetch: () => Promise<Token>): Promise<string>;
  /** Forgets this token, unless another one has taken its place. */
  dropToken(key: string, value: string): void;
  resource<R>(key: string, open: () => R, close: (resource: R) => void | Promise<void>): R;
  /** Closes every resource. */
  close(): Promise<void>;
}

export function createShared(clock: Clock): Shared {
  const tokens = new Map<string, { value: Promise<string>; text?: string; until: number }>();
  const resources = new Map<string, { resource: unknown; close: () => void | Promise<void> }>();

  return {
    token(key, fetch) {
      const kept = tokens.get(key);
      if (kept && kept.until > clock.monotonic()) return kept.value;
      // Kept before it has arrived, so that callers in the meantime wait for the same one.
      const entry: { value: Promise<string>; text?: string; until: number } = {
        value: Promise.resolve(''),
        until: Infinity,
      };
      entry.value = fetch().then(({ value, expires_in }) => {
        // A token shorter than the margin is used for half of its life.
        const usable = expires_in > 2 * TOKEN_MARGIN ? expires_in - TOKEN_MARGIN : expires_in / 2;
        entry.until = clock.monotonic() + usable * 1000;
        entry.text = value;
        return value;
      });
      entry.value.catch(() => {
        if (tokens.get(key) === entry) tokens.delete(key);
      });
      tokens.set(key, entry);
      trim(tokens);
      return entry.value;
    },
    dropToken(key, value) {
      if (tokens.get(key)?.text === value) tokens.delete(key);
    },
    resource<R>(key: string, open: () => R, close: (resource: R) => void | Promise<void>): R {
      const kept = resources.get(key);
      if (kept) return kept.resource as R;
      const resource = open();
      resources.set(key, { resource, close: () => close(resource) });
      const dropped = trim(resources);
      void dropped?.close();
      return resource;
    },
    async close() {
      const open = [...resources.values()];
      resources.clear();
      tokens.clear();
      await Promise.allSettled(open.map(async (entry) => entry.close()));
    },
  };
}

/** Removes and returns the oldest entry of a map that has grown too large. */
function trim<V>(map: Map<string, V>): V | undefined {
  if (map.size <= MOST) return undefined;
  const [key, value] = map.entries().next().value!;
  map.delete(key);
  return value;
}
