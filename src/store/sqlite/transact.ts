import { CompiledQuery, type Kysely } from 'kysely';
import type { Tables } from '../sql/rows.ts';
import type { Transact } from '../sql/transaction.ts';

/** Transactions one after the other. SQLite knows whether it has committed. */
export const transactIn =
  (db: Kysely<Tables>): Transact =>
  async (work) => {
    const tx = await db.startTransaction().execute();
    const issued: Promise<unknown>[] = [];
    const issue = <T>(answer: Promise<T>): Promise<T> => {
      // Told below, whoever else waits for it.
      answer.catch(() => {});
      issued.push(answer);
      return answer;
    };
    try {
      const answered = await work({
        run: (statement) => issue(statement.execute(tx).then(({ rows }) => rows)),
        raw: (text, values) => issue(tx.executeQuery(CompiledQuery.raw(text, [...values])).then(({ rows }) => rows)),
      });
      await Promise.all(issued);
      const value = await answered();
      await tx.commit().execute();
      return value;
    } catch (error) {
      await tx
        .rollback()
        .execute()
        .catch(() => {});
      throw error;
    }
  };
