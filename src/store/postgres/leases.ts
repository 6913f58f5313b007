import { sql } from 'kysely';
import { Pool, type PoolConfig } from 'pg';
import { type Db, PgBoss } from 'pg-boss';
import type { Leases } from '../sql/commit.ts';
import type { TaskRow } from '../sql/rows.ts';
import type { Transaction } from '../sql/transaction.ts';

/** pg-boss' own tables. */
export const JOBS_SCHEMA = 'pushserver_jobs';

const QUEUE = 'tasks';

/** Our channel: tasks are waiting. */
export const CHANNEL = 'pushserver_waiting';

/** So often a task may change hands; pg-boss must never give one up, that is for the audit to decide. */
const RETRIES = 1_000_000;

/** Seconds that a job outlives the deadline of its task: the audit ends what is still there by then. */
const AFTER_DEADLINE = 3600;

/** Jobs whose heartbeat goes into one statement. */
const BEATS = 1000;

/** Connections of pg-boss: its timers, and its workers for what comes back every minute. */
const CONNECTIONS = 3;

/** A job, and which of its attempts is meant. */
export interface JobAttempt {
  readonly id: string;
  readonly retryCount: number;
}

export interface LeaseDesk extends Leases {
  /** Takes jobs for tasks: at most `most`, none of these lines. */
  take(tx: Transaction, most: number, full: readonly string[]): Promise<JobAttempt[]>;
  /** Offers a task again, whatever became of its job. */
  offerAgain(tx: Transaction, task: TaskRow): Promise<void>;
  /** Nobody is to take it any more. */
  withdraw(tx: Transaction, ids: readonly string[]): Promise<void>;
  /** Signs of life. Returns the ids of those that are somebody else's by now. */
  keepAlive(held: ReadonlyMap<string, number>): Promise<string[]>;
  /** Gives them back: somebody else may take them at once. */
  giveBack(held: ReadonlyMap<string, number>): Promise<void>;
  /** Runs `work` every `minutes` minutes in one of all processes. */
  schedule(name: string, minutes: number, work: () => Promise<void>): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface LeaseOptions {
  readonly url: string;
  /** Seconds of silence after which a task is taken over. */
  readonly lease: number;
  /** Of this process, for the others. */
  readonly replica: string;
  /** Faults of pg-boss' timers, which go on by themselves. */
  readonly onError: (error: Error) => void;
}

/**
 * The lease on a task is a pg-boss job with the task's id: its heartbeat says that the owner lives, its retry count
 * names the owner. It carries nothing else: what is true of a task is in its row.
 */
export function createLeases({ url, lease, replica, onError }: LeaseOptions): LeaseDesk {
  // A fifth of the lease, so that a take-over follows the end of the lease closely.
  const check = Math.max(1, Math.round(lease / 5));
  const boss = new PgBoss({
    connectionString: url,
    schema: JOBS_SCHEMA,
    application_name: 'pushserver-jobs',
    max: CONNECTIONS,
    // A half-open connection would keep signs of life from being given, and a server that is frozen the end from coming.
    ...({ query_timeout: 5000, keepAlive: true } satisfies PoolConfig),
    connectionTimeoutMillis: 5000,
    superviseIntervalSeconds: check,
    monitorIntervalSeconds: check,
  });
  boss.on('error', onError);
  // Signs of life have a connection of their own: one that says nothing is given up while there is still time.
  const patience = Math.max(250, lease * 125);
  const pulse = new Pool({
    connectionString: url,
    application_name: 'pushserver-jobs',
    max: 1,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: patience,
    query_timeout: patience,
  });
  pulse.on('error', () => {});
  pulse.on('connect', (client) => client.on('error', () => {}));
  const beat: Db = {
    async executeSql(text, values = []) {
      // The second time on another connection: the first may have been half-open.
      const { rows } = await pulse.query(text, [...values]).catch(() => pulse.query(text, [...values]));
      return { rows };
    },
  };

  const jobOf = ({ id, urgent, line, deadline, created_at }: TaskRow) => ({
    id,
    priority: urgent,
    group: { id: line },
    retryLimit: RETRIES,
    retryDelay: 0,
    heartbeatSeconds: lease,
    expireInSeconds: Math.ceil((deadline - created_at) / 1000) + AFTER_DEADLINE,
  });
  const attemptsOf = (held: ReadonlyMap<string, number>): JobAttempt[] =>
    [...held].map(([id, number]) => ({ id, retryCount: attemptOf(number) }));

  return {
    async offer(tx, tasks) {
      await issued(tx, (db) => boss.insert(QUEUE, tasks.map(jobOf), { db, returnId: false }));
      tell(
        tx,
        replica,
        tasks.map(({ line }) => line),
      );
    },
    async settle(tx, ended) {
      const attempts = ended
        .filter(({ lease: number }) => number >= 0)
        .map(({ id, lease: number }) => ({ id, retryCount: attemptOf(number) }));
      if (attempts.length > 0) await issued(tx, (db) => boss.deleteJob(QUEUE, attempts, { db }));
    },
    take: (tx, most, full) =>
      boss.fetch(QUEUE, {
        batchSize: most,
        // Its text has the number in it.
        db: adapted(tx, false),
        ...(full.length > 0 && { ignoreGroups: [...full] }),
      }),
    async offerAgain(tx, task) {
      await issued(tx, (db) => boss.deleteJob(QUEUE, [task.id], { db }));
      await issued(tx, (db) => boss.insert(QUEUE, [jobOf(task)], { db, returnId: false }));
      // By nobody: whoever has room takes it, this process too.
      tell(tx, '', [task.line]);
    },
    withdraw: (tx, ids) => issued(tx, (db) => boss.deleteJob(QUEUE, [...ids], { db })),
    async keepAlive(held) {
      const attempts = attemptsOf(held);
      const lost: string[] = [];
      for (let at = 0; at < attempts.length; at += BEATS) {
        const some = attempts.slice(at, at + BEATS);
        // Said beside the count, though not by its type.
        const { settled = [] }: { settled?: string[] } = await boss.touch(QUEUE, some, { db: beat });
        const kept = new Set(settled);
        lost.push(...some.map(({ id }) => id).filter((id) => !kept.has(id)));
      }
      return lost;
    },
    async giveBack(held) {
      if (held.size > 0) await boss.fail(QUEUE, attemptsOf(held), { message: 'given back' });
    },
    async schedule(name, minutes, work) {
      const queue = `every-${name}`;
      await boss.createQueue(queue, {
        policy: 'exclusive',
        retryLimit: 0,
        expireInSeconds: 120,
        deleteAfterSeconds: 3600,
      });
      await boss.schedule(queue, minutes === 1 ? '* * * * *' : `*/${minutes} * * * *`);
      await boss.work(queue, { pollingIntervalSeconds: 5 }, work);
    },
    async start() {
      await boss.start();
      await boss.createQueue(QUEUE);
    },
    async stop() {
      await Promise.allSettled([boss.stop({ graceful: false, close: true }), pulse.end()]);
    },
  };
}

/** What a lease has beside the number of the attempt: how often the audit has offered the task again. */
const ROUND = 2 * RETRIES;

/** The lease under which a task may be written: never the same for two owners. */
export const leaseOf = (retryCount: number, taken_up: number): number => taken_up * ROUND + retryCount;

const attemptOf = (lease: number): number => lease % ROUND;

/** Bytes; PostgreSQL takes less than 8,000. */
const LONGEST_NEWS = 7000;

/** What a process tells the others when tasks are waiting. */
export interface News {
  /** Who says so. */
  readonly from: string;
  /** The lines they wait in, unless those are too many. */
  readonly lines?: readonly string[];
}

/** What was heard; of what is not ours, nothing is known. */
export function newsOf(said: string | undefined): Partial<News> {
  try {
    return JSON.parse(said ?? '{}') as Partial<News>;
  } catch {
    return {};
  }
}

/** Told to everybody when the transaction is committed. */
function tell(tx: Transaction, from: string, lines: readonly string[]): void {
  const whole = JSON.stringify({ from, lines: [...new Set(lines)] } satisfies News);
  const text = Buffer.byteLength(whole) > LONGEST_NEWS ? JSON.stringify({ from } satisfies News) : whole;
  void tx.run(sql`select pg_notify(${CHANNEL}, ${text})`);
}

/** Our transaction, as pg-boss wants it. */
function adapted(tx: Transaction, again: boolean, issuing: () => void = () => {}): Db {
  return {
    async executeSql(text, values = []) {
      const answer = tx.raw(text, values, again);
      issuing();
      return { rows: await answer };
    },
  };
}

/** Resolves when pg-boss has issued its statement; what becomes of that is the transaction's affair. */
function issued(tx: Transaction, call: (db: Db) => Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    call(adapted(tx, true, resolve)).catch(reject);
  });
}
