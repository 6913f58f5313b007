import { type Kysely, sql } from 'kysely';
import type { Pool } from 'pg';
import type { Clock } from '../../model.ts';
import type { Source, Taken } from '../durable.ts';
import { createPeriods } from '../periods.ts';
import type { Books } from '../sql/books.ts';
import { postgresDialect } from '../sql/dialect.ts';
import type { Tables, TaskRow } from '../sql/rows.ts';
import type { Transact, Transaction } from '../sql/transaction.ts';
import { listenOn } from './bell.ts';
import { CHANNEL, JOBS_SCHEMA, type LeaseDesk, type News, leaseOf, newsOf } from './leases.ts';
import type { Time } from './time.ts';

/** The lease of a task that nobody has taken. */
const NOBODY = -1;

/** Most tasks taken at once. */
const PAGE = 500;

/** Seconds between two looks for waiting tasks, in case a notification was not heard. */
const POLL = 1;

/** Signs of life in the length of a lease: two may be missed. */
const BEATS = 3;

/** Milliseconds after which the audit wonders about a task: what has only just come, or is about to end, is in order. */
const PATIENCE = 60_000;

/** Leases that have been silent for so many of their lengths are nobody's, whatever pg-boss has made of them. */
const DEAD = 3;

/** Tasks inserted since the last ANALYZE after which the planner's figures are out of date. */
const NEWS = 10_000;

export interface SourceParts {
  /** The connections of `transact`. */
  readonly writing: Pool;
  readonly db: Kysely<Tables>;
  readonly transact: Transact;
  readonly books: Books;
  readonly leases: LeaseDesk;
  readonly clock: Clock;
  readonly url: string;
  readonly lease: number;
  /** Of this process, for the others. */
  readonly replica: string;
  readonly epoch: number;
  readonly time: Time;
  readonly onFault: (error: unknown) => void;
  readonly isAvailable: () => boolean;
}

/** How unfinished tasks come into the hands of one of several processes: through leases. */
export function createSource({
  db,
  writing,
  transact,
  books,
  leases,
  clock,
  url,
  lease,
  replica,
  epoch,
  time,
  onFault,
  isAvailable,
}: SourceParts): Source {
  /** Leases by task. */
  const held = new Map<string, number>();
  const periods = createPeriods(clock);
  let stopListening = () => {};
  let told: Parameters<Source['listen']>[0] = { onWaiting: () => {}, onLost: () => {} };
  let news = 0;

  async function keepAlive(): Promise<void> {
    if (!isAvailable()) return;
    await time.set();
    const missing = await leases.keepAlive(held);
    if (missing.length === 0) return;
    // What has just ended here has no job any more either.
    const open = await books.unfinished(missing);
    const lost = open.map(({ id }) => id).filter((id) => held.has(id));
    if (lost.length > 0) told.onLost(lost);
  }

  return {
    shared: true,
    now: () => time.now(),
    // Everything is taken through a lease; whoever has stored it asks for it at once.
    admit: () => ({
      lease: NOBODY,
      waits(isStored) {
        if (!isStored || ++news < NEWS) return;
        news = 0;
        void sql`analyze tasks, attempts, ${sql.id(JOBS_SCHEMA, 'job')}`.execute(db).catch(onFault);
      },
    }),
    async take({ free, share, held: places }) {
      // A job says nothing before it is taken: a line may go over its share by one such handful.
      const most = Math.min(free, share, PAGE);
      const full = [...places].flatMap(([line, count]) => (count < share ? [] : [line]));
      if (most <= 0) return { taken: [], more: true };
      const { jobs, rows } = await transact(async (tx) => {
        const taken = await leases.take(tx, most, full);
        const attempts = JSON.stringify(taken.map(({ id, retryCount }) => ({ id, attempt: retryCount })));
        const leased = tx.run(sql<TaskRow>`
          update tasks set lease = tasks.taken_up * ${sql.lit(leaseOf(0, 1))} + r.attempt
          from ${postgresDialect.rows(attempts, { id: 'text', attempt: 'bigint' })}
          where tasks.id = r.id and tasks.completed_at is null
          returning tasks.*`);
        return async () => ({ jobs: taken, rows: await leased });
      });
      const open = new Set(rows.map(({ id }) => id));
      const ended = jobs.map(({ id }) => id).filter((id) => !open.has(id));
      if (ended.length > 0) await transact(after((tx) => leases.withdraw(tx, ended)));
      // In the order in which they were accepted, the urgent first.
      const taken: Taken[] = rows
        .toSorted((a, b) => b.urgent - a.urgent || (a.id < b.id ? -1 : 1))
        .map((row) => ({ row, lease: row.lease }));
      return { taken, more: jobs.length === most };
    },
    listen(listeners) {
      told = listeners;
      stopListening = listenOn(url, CHANNEL, clock, (said) => {
        const heard = newsOf(said);
        if (heard.from !== replica) told.onWaiting(heard.lines);
      });
      periods.every(POLL, async () => told.onWaiting());
      periods.every(lease / BEATS, () => keepAlive().catch(onFault));
    },
    async audit(now) {
      const overdue = await books.overdue(now - PATIENCE);
      const unowned = await sql<{ id: string; taken_up: number }>`
        select id, taken_up from tasks
        where completed_at is null and created_at < ${now - PATIENCE} and not exists (
          select 1 from ${sql.id(JOBS_SCHEMA, 'job')} as job
          where job.name = 'tasks' and job.id = tasks.id::uuid
            and (job.state in ('created', 'retry')
              or (job.state = 'active' and job.heartbeat_on + job.heartbeat_seconds * ${DEAD} * interval '1s' > now()))
        )
        limit 1000`.execute(db);
      return { unowned: unowned.rows, overdue };
    },
    recover: (id) =>
      transact(
        after(async (tx) => {
          const [row] = await tx.run(sql<TaskRow>`
            update tasks set taken_up = taken_up + 1, lease = ${NOBODY}
            where id = ${id} and completed_at is null returning *`);
          if (row) await leases.offerAgain(tx, row);
        }),
      ),
    seize: (id) =>
      transact(async (tx) => {
        // Below every lease, and nobody else's.
        const mine = NOBODY - epoch;
        const [row] = await tx.run(sql<TaskRow>`
          update tasks set lease = ${mine} where id = ${id} and completed_at is null returning *`);
        if (row) await leases.withdraw(tx, [id]);
        return async () => row && { row, lease: mine };
      }),
    every(name, seconds, work) {
      const minutes = Math.min(59, Math.max(1, Math.round(seconds / 60)));
      void leases.schedule(name, minutes, work).catch(onFault);
    },
    async release(all) {
      await leases.giveBack(
        new Map(all.filter(({ lease: number }) => number >= 0).map(({ task, lease: number }) => [task.id, number])),
      );
      await sql`select pg_notify(${CHANNEL}, ${JSON.stringify({ from: replica } satisfies News)})`.execute(db);
    },
    hold(id, number) {
      if (number >= 0) held.set(id, number);
    },
    drop: (id) => held.delete(id),
    async close() {
      periods.stop();
      stopListening();
      await Promise.allSettled([leases.stop(), writing.end()]);
    },
  };
}

/** Work of which nothing is to be told. */
const after = (work: (tx: Transaction) => Promise<void>) => async (tx: Transaction) => {
  await work(tx);
  return async () => {};
};
