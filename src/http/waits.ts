import type { Task } from '../model.ts';
import type { PushService } from '../push/service.ts';

/** Callers that wait for the end of a task. */
export interface Waits {
  wait: PushService['wait'];
  /** Answers everybody with the task as it stands, now and from now on. */
  release(): void;
}

export function createWaits(service: Pick<PushService, 'wait'>): Waits {
  const waiting = new Set<() => void>();
  let released = false;
  return {
    wait(id, ms) {
      if (ms <= 0 || released) return service.wait(id, 0);
      return new Promise<Task | undefined>((resolve, reject) => {
        const leave = () => resolve(service.wait(id, 0));
        waiting.add(leave);
        service
          .wait(id, ms)
          .then(resolve, reject)
          .finally(() => waiting.delete(leave));
      });
    },
    release() {
      released = true;
      for (const leave of waiting) leave();
    },
  };
}
