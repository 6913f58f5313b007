import { type Kysely, sql } from 'kysely';
import type { NoticeFilter, TaskFilter } from '../store.ts';
import type { Batch, Committed } from './batch.ts';
import { type Leases, write } from './commit.ts';
import type { Dialect } from './dialect.ts';
import type { ClaimRow, CountRow, DigestRow, LimitRow, NoticeRow, Tables, TaskRow } from './rows.ts';
import { type Retention, sweep } from './sweep.ts';
import type { Transact } from './transaction.ts';

/** How far the tasks of one line that wait in the store have been taken. */
export interface Queue {
  readonly line: string;
  readonly urgent: number;
  /** Id of the last one that was taken; '' = none. */
  readonly after: string;
}

/** Tasks of a line that have not ended. */
export type OpenLine = Omit<Queue, 'after'> & { readonly count: number };

/** The tables, and everything that is asked of them. Takes and gives plain data: it may live in another thread. */
export interface Books {
  /** @throws UnclearError, or what the database says */
  commit(batch: Batch): Promise<Committed>;
  /** Counts this start. */
  begin(now: number): Promise<number>;
  claim(
    key: string,
  ): Promise<(Pick<ClaimRow, 'fingerprint' | 'answer' | 'at'> & { readonly open: boolean }) | undefined>;
  task(id: string): Promise<TaskRow | undefined>;
  /** Newest first, one more than `limit` if there are more. */
  tasks(filter: TaskFilter): Promise<TaskRow[]>;
  open(): Promise<OpenLine[]>;
  /** The next unfinished tasks of each of these queues, at most so many of each. */
  next(queues: readonly (Queue & { readonly most: number })[]): Promise<TaskRow[]>;
  /** Unfinished tasks by id. */
  unfinished(ids: readonly string[]): Promise<TaskRow[]>;
  /**
   * Unfinished tasks that are neither among `held` nor behind the place to which their line has been taken.
   * @param queues every line that is not taken whole
   */
  unowned(
    held: readonly string[],
    queues: readonly Queue[],
    before: number,
  ): Promise<Pick<TaskRow, 'id' | 'taken_up'>[]>;
  /** Unfinished tasks whose deadline was before this moment. */
  overdue(before: number): Promise<string[]>;
  /** Counts that the audit took it up. */
  takenUp(id: string): Promise<void>;
  digest(id: string): Promise<DigestRow | undefined>;
  limits(): Promise<LimitRow[]>;
  counts(since: string): Promise<Omit<CountRow, 'epoch'>[]>;
  /**
   * Removes one small batch of what is older than is kept.
   * @returns whether there is more
   */
  sweep(retention: Retention): Promise<boolean>;
  unannounced(before: number): Promise<NoticeRow[]>;
  notice(id: string): Promise<NoticeRow | undefined>;
  notices(filter: NoticeFilter): Promise<{ readonly rows: NoticeRow[]; readonly total: number }>;
  addNotice(row: NoticeRow): Promise<void>;
  markRead(id: string | undefined): Promise<number>;
  removeNotice(id: string | undefined): Promise<number>;
  noticeCounts(): Promise<{ readonly type: string; readonly status: string; readonly count: number }[]>;
  close(): Promise<void>;
}

/** Rows that an audit names; what is left is named by the next one. */
const MOST_FOUND = 1000;

/**
 * @param transact how a transaction is run
 * @param leases what else belongs to it
 */
export function createBooks(db: Kysely<Tables>, dialect: Dialect, transact: Transact, leases?: Leases): Books {
  const one = async (query: { executeTakeFirst(): Promise<{ numUpdatedRows?: bigint; numDeletedRows?: bigint }> }) => {
    const { numUpdatedRows, numDeletedRows } = await query.executeTakeFirst();
    return Number(numUpdatedRows ?? numDeletedRows);
  };
  const openTasks = () => db.selectFrom('tasks').where('completed_at', 'is', null);

  return {
    commit: (batch) => transact((tx) => write(tx, dialect, batch, leases)),

    async begin(now) {
      const { epoch } = await db
        .insertInto('starts')
        .values({ at: now } as Tables['starts'])
        .returning('epoch')
        .executeTakeFirstOrThrow();
      return epoch;
    },

    async claim(key) {
      const row = await db
        .selectFrom('claims')
        .leftJoin('tasks', 'tasks.id', 'claims.task_id')
        .select(['fingerprint', 'answer', 'at', 'tasks.id as task', 'tasks.completed_at'])
        .where('key', '=', key)
        .executeTakeFirst();
      return (
        row && {
          fingerprint: row.fingerprint,
          answer: row.answer,
          at: row.at,
          open: row.task !== null && row.completed_at === null,
        }
      );
    },

    task: (id) => db.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirst(),

    tasks({ status, alias, platform, cursor, limit }) {
      let query = db
        .selectFrom('tasks')
        .selectAll('tasks')
        .orderBy('tasks.id', 'desc')
        .limit(limit + 1);
      if (platform !== undefined) {
        query = query
          .innerJoin('task_platforms', 'task_platforms.task_id', 'tasks.id')
          .where('task_platforms.platform', '=', platform)
          // By the key of the index, or every task of the platform would be sorted.
          .clearOrderBy()
          .orderBy(sql`task_platforms.task_id`, 'desc');
        if (cursor !== undefined) query = query.where(sql<boolean>`task_platforms.task_id < ${cursor}`);
      } else if (cursor !== undefined) query = query.where('tasks.id', '<', cursor);
      if (alias !== undefined) query = query.where('alias', '=', alias);
      if (status === 'pending' || status === 'processing') {
        // Few are open: they are looked for by that, and not from the newest of all tasks on, as the order suggests.
        query = query
          .where('status', '=', status)
          .where('completed_at', 'is', null)
          .clearOrderBy()
          .orderBy(sql`tasks.id || ''`, 'desc');
      } else if (status !== undefined) query = query.where('ended', '=', status);
      return query.execute();
    },

    open: () =>
      openTasks()
        .select((eb) => ['line', 'urgent', eb.cast<number>(eb.fn.countAll(), 'integer').as('count')])
        .groupBy(['line', 'urgent'])
        .execute(),

    async next(queues) {
      const pages: TaskRow[][] = [];
      for (const { line, urgent, after, most } of queues) {
        const page = openTasks()
          .selectAll()
          .where('line', '=', line)
          .where('urgent', '=', urgent)
          .where('id', '>', after);
        pages.push(await page.orderBy('id').limit(most).execute());
      }
      return pages.flat();
    },

    async unfinished(ids) {
      if (ids.length === 0) return [];
      const rows = dialect.rows(JSON.stringify(ids.map((id) => ({ id }))), { id: 'text' });
      const found = await sql<TaskRow>`
        select tasks.* from ${rows} join tasks on tasks.id = r.id where tasks.completed_at is null`.execute(db);
      return found.rows;
    },

    async unowned(held, queues, before) {
      const ids = dialect.rows(JSON.stringify(held.map((id) => ({ id }))), { id: 'text' });
      const lines = dialect.rows(JSON.stringify(queues), { line: 'text', urgent: 'bigint', after: 'text' });
      const found = await sql<{ id: string; taken_up: number }>`
        with waiting as materialized (select r.line, r.urgent, r.after from ${lines})
        select id, taken_up from tasks
        left join waiting on waiting.line = tasks.line and waiting.urgent = tasks.urgent
        where completed_at is null and created_at < ${before}
          and id not in (select r.id from ${ids})
          and (waiting.line is null or tasks.id <= waiting.after)
        limit ${MOST_FOUND}`.execute(db);
      return found.rows;
    },

    async overdue(before) {
      const rows = await openTasks().select('id').where('deadline', '<', before).limit(MOST_FOUND).execute();
      return rows.map(({ id }) => id);
    },

    async takenUp(id) {
      await db
        .updateTable('tasks')
        .set((eb) => ({ taken_up: eb('taken_up', '+', 1) }))
        .where('id', '=', id)
        .execute();
    },

    digest: (id) => db.selectFrom('digests').selectAll().where('id', '=', id).executeTakeFirst(),

    limits: () => db.selectFrom('limits').select(['key', 'version', 'times', 'paused_until']).execute(),

    counts: (since) =>
      db
        .selectFrom('counts')
        .select((eb) => ['day', 'what', eb.cast<number>(eb.fn.sum('count'), 'bigint').as('count')])
        .where('day', '>=', since)
        .groupBy(['day', 'what'])
        .execute(),

    sweep: (retention) => sweep(db, retention),

    unannounced: (before) =>
      db
        .selectFrom('notices')
        .selectAll()
        .where('announced', '=', 0)
        .where('created_at', '<', before)
        .orderBy('created_at')
        .limit(MOST_FOUND)
        .execute(),

    notice: (id) => db.selectFrom('notices').selectAll().where('id', '=', id).executeTakeFirst(),

    async notices({ status, limit, offset }) {
      let query = db.selectFrom('notices');
      if (status !== undefined) query = query.where('status', '=', status);
      const { total } = await query
        .select((eb) => eb.cast<number>(eb.fn.countAll(), 'integer').as('total'))
        .executeTakeFirstOrThrow();
      const rows = await query
        .selectAll()
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .offset(offset)
        .execute();
      return { rows, total };
    },

    async addNotice(row) {
      await db
        .insertInto('notices')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },

    markRead(id) {
      const query = db.updateTable('notices').set({ status: 'read' });
      // A notice that has been read may be read again; of all notices only the unread ones are counted.
      return one(id === undefined ? query.where('status', '=', 'unread') : query.where('id', '=', id));
    },

    removeNotice(id) {
      const query = db.deleteFrom('notices');
      return one(id === undefined ? query : query.where('id', '=', id));
    },

    noticeCounts: () =>
      db
        .selectFrom('notices')
        .select((eb) => ['type', 'status', eb.cast<number>(eb.fn.countAll(), 'integer').as('count')])
        .groupBy(['type', 'status'])
        .execute(),

    close: () => db.destroy(),
  };
}
