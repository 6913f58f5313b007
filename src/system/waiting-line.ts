/** A first-in-first-out line of jobs of which a few run at once. */
export interface WaitingLine {
  /**
   * Runs the job when its turn has come; undefined: the line is full and the job was not taken.
   * @param always takes the job also when the line is full
   */
  enter<T>(job: () => Promise<T>, always?: boolean): Promise<T> | undefined;
  /** Jobs that wait, without those in flight. */
  waiting(): number;
  inFlight(): number;
}

/**
 * @param in_flight most jobs that run at once
 * @param most_waiting most jobs that wait for their turn
 */
export function createWaitingLine(in_flight: number, most_waiting: number): WaitingLine {
  let jobs: (() => void)[] = [];
  let head = 0;
  let running = 0;

  return {
    enter(job, always = false) {
      if (running >= in_flight && jobs.length - head >= most_waiting && !always) return undefined;
      return turn(job);
    },
    waiting: () => jobs.length - head,
    inFlight: () => running,
  };

  async function turn<T>(job: () => Promise<T>): Promise<T> {
    if (running < in_flight) running += 1;
    else {
      await new Promise<void>((resolve) => {
        jobs.push(resolve);
      });
    }
    try {
      return await job();
    } finally {
      next();
    }
  }

  /** The place in flight goes straight to the first in the line. */
  function next(): void {
    const first = jobs[head];
    if (first === undefined) {
      running -= 1;
      return;
    }
    head += 1;
    if (head > 1000 && head * 2 > jobs.length) {
      jobs = jobs.slice(head);
      head = 0;
    }
    first();
  }
}
