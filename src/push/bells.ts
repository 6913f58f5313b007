import type { Clock } from '../model.ts';

/** Rings for everybody who waits for the end of a task. */
export interface Bells {
  /** Resolves at the first ring for this task, or after `ms` milliseconds. */
  wait(id: string, ms: number): Promise<void>;
  ring(id: string): void;
}

export function createBells(clock: Clock): Bells {
  const waiting = new Map<string, Set<() => void>>();

  return {
    wait: (id, ms) =>
      new Promise((resolve) => {
        const set = waiting.get(id) ?? new Set();
        waiting.set(id, set);
        const wake = () => {
          cancel();
          set.delete(wake);
          if (set.size === 0) waiting.delete(id);
          resolve();
        };
        const cancel = clock.after(ms, wake);
        set.add(wake);
      }),
    ring(id) {
      for (const wake of waiting.get(id) ?? []) wake();
    },
  };
}
