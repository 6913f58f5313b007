/** A number that only grows, and those who wait for it. */
export interface Tally {
  readonly count: number;
  add(): void;
  /** Resolves as soon as it is at least `count`. */
  reaches(count: number): Promise<void>;
}

export function createTally(): Tally {
  let count = 0;
  let waiting: { readonly for: number; readonly resolve: () => void }[] = [];
  return {
    get count() {
      return count;
    },
    add() {
      count++;
      for (const one of waiting) if (one.for <= count) one.resolve();
      waiting = waiting.filter((one) => one.for > count);
    },
    reaches: (wanted) =>
      new Promise((resolve) => {
        if (wanted <= count) resolve();
        else waiting.push({ for: wanted, resolve });
      }),
  };
}
