import type { Clock } from '../model.ts';

/** Wall time that does not jump: deadlines must not pass because somebody has set the clock. */
export interface OwnTime {
  /** Unix time in milliseconds. */
  now(): number;
  /** Takes the wall clock over as it stands: at a moment at which nobody waits for anything. */
  set(): void;
}

export function createOwnTime(clock: Clock): OwnTime {
  let base = 0;
  const time: OwnTime = {
    now: () => Math.round(base + clock.monotonic()),
    set() {
      base = clock.now() - clock.monotonic();
    },
  };
  time.set();
  return time;
}
