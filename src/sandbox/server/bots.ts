import type { Bot } from '../stand-in.ts';

/** Declared bots. A bot need not be declared: an unknown token is accepted, unsigned. */
export interface Bots {
  /** Declares a bot or replaces its declaration. False: the list is full. */
  add(bot: Bot): boolean;
  get(platform: string, token: string): Bot | undefined;
  list(): Bot[];
}

const MOST_BOTS = 10_000;

export function createBots(): Bots {
  const bots = new Map<string, Bot>();
  return {
    add(bot) {
      const id = key(bot.platform, bot.token);
      if (bots.size >= MOST_BOTS && !bots.has(id)) return false;
      bots.set(id, bot);
      return true;
    },
    get: (platform, token) => bots.get(key(platform, token)),
    list: () => [...bots.values()],
  };
}

const key = (platform: string, token: string): string => `${platform}\n${token}`;
