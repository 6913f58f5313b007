import type { RawBuilder } from 'kysely';

/**
 * A transaction. Statements are carried out in the order in which they are issued, and nobody need wait for one whose
 * answer does not matter: a statement that fails fails the transaction.
 */
export interface Transaction {
  run<R>(statement: RawBuilder<R>): Promise<R[]>;
  /**
   * A statement of somebody else's.
   * @param again whether the same text will come again and again
   */
  raw(text: string, values: readonly unknown[], again: boolean): Promise<unknown[]>;
}

/**
 * Runs `work` in a transaction.
 * @param work resolves when it has issued its last statement, to what becomes of it once all have been answered
 * @throws UnclearError when nobody knows whether it has been committed; otherwise what the database says, and it has not
 */
export type Transact = <T>(work: (tx: Transaction) => Promise<() => Promise<T>>) => Promise<T>;

/** The statements of a transaction, as they are issued. */
export class Issued {
  readonly #answers: Promise<unknown>[] = [];

  /** Whoever waits for this one is told of its failure; so is whoever waits for all. */
  add<T>(answer: Promise<T>): Promise<T> {
    answer.catch(() => {});
    this.#answers.push(answer);
    return answer;
  }

  /** Resolves when all have been answered; rejects with the first that failed. */
  async all(): Promise<void> {
    await Promise.all(this.#answers);
  }
}
