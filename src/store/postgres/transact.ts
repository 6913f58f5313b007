import type { Kysely, RawBuilder } from 'kysely';
import { DatabaseError, type Pool, type PoolClient } from 'pg';
import { UnclearError } from '../sql/batch.ts';
import type { Tables } from '../sql/rows.ts';
import { Issued, type Transact } from '../sql/transaction.ts';

/**
 * Transactions whose statements leave one behind the other, the commit after them, without waiting for answers: on a
 * connection in pipeline mode a transaction of ten statements takes one round trip.
 * @param db only compiles
 */
export function transactIn(pool: Pool, db: Kysely<Tables>): Transact {
  const nameOf = createNames();
  return async (work) => {
    const client = await pool.connect();
    const issued = new Issued();
    /** All is issued, the commit too: whatever the answers are, the connection comes to its end of the transaction. */
    let whole = false;
    let fault: unknown;
    try {
      void issued.add(client.query('begin'));
      const answered = await work({
        run: <R>(statement: RawBuilder<R>) => {
          const { sql: text, parameters } = statement.compile(db);
          const values = [...parameters];
          return issued.add(client.query({ name: nameOf(text), text, values }).then(({ rows }) => rows as R[]));
        },
        raw: (text, values, again) =>
          issued.add(
            client.query({ text, values: [...values], ...(again && { name: nameOf(text) }) }).then(({ rows }) => rows),
          ),
      });
      whole = true;
      return await committed(client, issued, answered);
    } catch (error) {
      fault = error;
      throw error;
    } finally {
      // A connection that is not known to be in order is not used again.
      client.release(!whole || (fault !== undefined && !(fault instanceof DatabaseError)));
    }
  };
}

async function committed<T>(client: PoolClient, issued: Issued, answered: () => Promise<T>): Promise<T> {
  const commit = client.query('commit');
  const [all, end] = await Promise.allSettled([issued.all().then(answered), commit]);
  // A statement that failed has made a rollback of the commit. Without any answer nobody knows.
  if (all.status === 'rejected' && all.reason instanceof DatabaseError) throw all.reason;
  if (end.status === 'rejected') throw new UnclearError(end.reason);
  if (all.status === 'rejected') throw new UnclearError(all.reason);
  if (end.value.command !== 'COMMIT') throw new Error('the transaction was rolled back');
  return all.value;
}

/** A statement that bears a name is parsed and planned once for each connection; ours are few, and always the same. */
function createNames(): (text: string) => string {
  const names = new Map<string, string>();
  return (text) => {
    let name = names.get(text);
    if (name === undefined) names.set(text, (name = `pushserver_${names.size}`));
    return name;
  };
}
