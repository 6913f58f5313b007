import { createMemory } from './memory.ts';

/** Alerts that are open, by account and deduplication key. */
export interface OpenAlerts {
  /** False: such an alert is open already, and the new event only counts up. */
  open(account: string, key: string, title: string): boolean;
  /** The title of an open alert. */
  title(account: string, key: string): string | undefined;
  close(account: string, key: string): void;
}

export function createOpenAlerts(): OpenAlerts {
  const titles = createMemory<string>();
  const id = (account: string, key: string): string => `${account}\n${key}`;
  return {
    open(account, key, title) {
      if (titles.get(id(account, key)) !== undefined) return false;
      titles.set(id(account, key), title);
      return true;
    },
    title: (account, key) => titles.get(id(account, key)),
    close: (account, key) => titles.delete(id(account, key)),
  };
}
