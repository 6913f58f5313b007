import { CompiledQuery, type Kysely } from 'kysely';
import type { Tables } from '../sql/rows.ts';
import { Issued, type Transact } from '../sql/transaction.ts';

/** Transactions one after the other. SQLite knows whether it has committed. */
export const transactIn =
  (db: Kysely<Tables>): Transact =>
  async (work) => {
    const tx = await db.startTransaction().execute();
    const issued = new Issued();
    try {
      const answered = await work({
        run: (statement) => issued.add(statement.execute(tx).then(({ rows }) => rows)),
        raw: (text, values) =>
          issued.add(tx.executeQuery(CompiledQuery.raw(text, [...values])).then(({ rows }) => rows)),
      });
      await issued.all();
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
