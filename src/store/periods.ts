import type { Clock } from '../model.ts';

/** Work that comes back, for a store that one process has to itself. */
export interface Periods {
  /** Does `work` again and again, `seconds` seconds after it has ended. It must not reject. */
  every(seconds: number, work: () => Promise<void>): void;
  stop(): void;
}

export function createPeriods(clock: Pick<Clock, 'after'>): Periods {
  const timers = new Map<unknown, () => void>();
  let stopped = false;
  return {
    every(seconds, work) {
      const next = () => {
        if (!stopped)
          timers.set(
            work,
            clock.after(seconds * 1000, () => void work().finally(next)),
          );
      };
      next();
    },
    stop() {
      stopped = true;
      for (const cancel of timers.values()) cancel();
    },
  };
}
