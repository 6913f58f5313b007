/** A stop under way. */
export interface Stopping {
  readonly done: Promise<void>;
  /** Waits no longer for what is in hand. */
  hurry(): void;
}

/** Milliseconds in which a second signal is taken for the first one forwarded twice (npm does that). */
const SAME_SIGNAL_MS = 2000;

/**
 * Resolves when SIGTERM or SIGINT has come and everything has been stopped. A further signal changes nothing within two
 * seconds; after that it is in a hurry.
 * @param stop called once, at the first signal
 */
export function stoppedBySignal(stop: () => Stopping): Promise<void> {
  return new Promise((resolve, reject) => {
    let first = 0;
    let hurry = () => {};
    const onSignal = () => {
      if (first === 0) {
        first = performance.now();
        const stopping = stop();
        hurry = () => stopping.hurry();
        stopping.done.then(resolve, reject);
      } else if (performance.now() - first > SAME_SIGNAL_MS) {
        hurry();
      }
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}
