import type { Clock } from '../model.ts';
import type { DurableSettings } from './durable.ts';
import { type MemorySettings, createMemoryStore } from './memory.ts';
import type { Store } from './store.ts';

export interface StoreSettings extends DurableSettings, MemorySettings {
  readonly task: MemorySettings['task'];
  readonly idempotency: MemorySettings['idempotency'];
  readonly system: MemorySettings['system'];
  readonly store: {
    readonly driver: 'memory' | 'sqlite' | 'postgres';
    readonly path: string;
    readonly url?: string | undefined;
    /** Seconds. */
    readonly lease: number;
  };
}

export interface OpenOptions {
  readonly clock: Clock;
  readonly settings: () => StoreSettings;
  /** It has become unavailable, for that reason, or (undefined) available again. */
  readonly onChange: (error: unknown) => void;
  /** What went wrong in the background, where it goes on by itself. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Opens the store that is configured, and brings its tables up to date. A driver is loaded when it is asked for.
 * @throws Error that says what is wrong and what to do
 */
export async function openStore({ clock, settings, onChange, onFault }: OpenOptions): Promise<Store> {
  const { driver, path, url, lease } = settings().store;
  switch (driver) {
    case 'memory':
      return createMemoryStore(clock, settings);
    case 'sqlite':
      return (await import('./sqlite/store.ts')).openSqliteStore({ clock, settings, onChange, path });
    default:
      return (await import('./postgres/store.ts')).openPostgresStore({
        clock,
        settings,
        onChange,
        onFault,
        url: url!,
        lease,
      });
  }
}
