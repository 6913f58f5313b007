import { sql } from 'kysely';
import { type Batch, type Committed, refusedOf } from './batch.ts';
import type { ColumnType, Dialect } from './dialect.ts';
import type { ClaimRow, LimitRow, TaskRow, UpdateRow } from './rows.ts';
import type { Transaction } from './transaction.ts';

/** What a store with several processes adds to the transaction: the leases on tasks. */
export interface Leases {
  /** Somebody is to take these tasks. Resolves when that is issued. */
  offer(tx: Transaction, tasks: readonly TaskRow[]): Promise<void>;
  /** These tasks have ended, if their leases still hold. Resolves when that is issued. */
  settle(tx: Transaction, ended: readonly Pick<UpdateRow, 'id' | 'lease'>[]): Promise<void>;
}

/** Writes a batch within a transaction. Each statement takes its rows as one JSON text. */
export async function write(
  tx: Transaction,
  dialect: Dialect,
  batch: Batch,
  leases: Leases | undefined,
): Promise<() => Promise<Committed>> {
  const claimed = await claim(tx, dialect, batch);
  const isNew = (id: string) => !claimed.tasks.has(id);
  const tasks = batch.tasks.filter(({ id }) => isNew(id));
  insert(tx, dialect, 'tasks', TASK, tasks);
  insert(
    tx,
    dialect,
    'task_platforms',
    PLATFORM,
    batch.platforms.filter(({ task_id }) => isNew(task_id)),
  );
  if (tasks.length > 0) await leases?.offer(tx, tasks);

  const moved = await use(tx, dialect, batch);
  const refused = refusedOf(
    batch.departures,
    moved.map(({ key }) => key),
  );
  const digests = batch.departures.flatMap(({ tasks: ids, digest }) => (digest && !refused.has(ids[0]!) ? digest : []));
  const updates = batch.updates.filter(({ id }) => !refused.has(id));
  const lost = update(tx, dialect, updates);
  // Nobody asks for it where another statement has failed.
  lost.catch(() => {});
  insert(tx, dialect, 'digests', DIGEST, digests);
  insertOwn(tx, dialect, 'attempts', ATTEMPT, batch.attempts);
  insertOwn(tx, dialect, 'notices', NOTICE, batch.notices);
  announce(tx, dialect, batch.announced);
  const ended = updates.filter(({ completed_at }) => completed_at !== null);
  if (ended.length > 0) await leases?.settle(tx, ended);
  count(tx, dialect, tasks.length === 0 ? batch.counts : [...batch.counts, { ...batch.accepted, count: tasks.length }]);
  return async () => ({ claimed: claimed.known, moved, lost: await lost });
}

type Columns = Readonly<Record<string, ColumnType>>;

const TASK: Columns = {
  id: 'text',
  alias: 'text',
  recipient: 'text',
  strategy: 'text',
  platform: 'text',
  message: 'text',
  priority: 'bigint',
  plan: 'text',
  copies: 'text',
  line: 'text',
  urgent: 'bigint',
  created_at: 'bigint',
  deadline: 'bigint',
  updated_at: 'bigint',
  completed_at: 'bigint',
  status: 'text',
  ended: 'text',
  outcome: 'text',
  error: 'text',
  results: 'text',
  lease: 'bigint',
  taken_up: 'bigint',
};
const PLATFORM: Columns = { platform: 'text', task_id: 'text' };
const CLAIM: Columns = { key: 'text', fingerprint: 'text', task_id: 'text', answer: 'text', at: 'bigint' };
const UPDATE: Columns = {
  id: 'text',
  lease: 'bigint',
  status: 'text',
  ended: 'text',
  outcome: 'text',
  error: 'text',
  results: 'text',
  updated_at: 'bigint',
  completed_at: 'bigint',
};
const ATTEMPT: Columns = {
  task_id: 'text',
  leaf: 'bigint',
  started_at: 'bigint',
  part: 'bigint',
  parts: 'bigint',
  platform: 'text',
  target: 'text',
  ms: 'bigint',
  outcome: 'text',
  code: 'text',
  message: 'text',
  timed_out: 'bigint',
  digest_id: 'text',
};
const LIMIT: Columns = { key: 'text', version: 'bigint', times: 'text', paused_until: 'bigint' };
const DIGEST: Columns = { id: 'text', members: 'text', created_at: 'bigint' };
const NOTICE: Columns = {
  id: 'text',
  title: 'text',
  message: 'text',
  type: 'text',
  strategy: 'text',
  style: 'text',
  task_id: 'text',
  reason: 'text',
  created_at: 'bigint',
  status: 'text',
  announced: 'bigint',
};
const COUNT: Columns = { day: 'text', epoch: 'bigint', what: 'text', count: 'bigint' };

/** A row that is there already, from a commit whose fate was unclear, stays. */
function insert(tx: Transaction, dialect: Dialect, table: string, columns: Columns, rows: readonly object[]): void {
  if (rows.length === 0) return;
  const names = sql.raw(Object.keys(columns).join(', '));
  void tx.run(sql`
    insert into ${sql.raw(table)} (${names})
    select ${names} from ${dialect.rows(JSON.stringify(rows), columns)} where true
    on conflict do nothing`);
}

/** The same for what belongs to a task: only while its lease is that of the row. */
function insertOwn(tx: Transaction, dialect: Dialect, table: string, columns: Columns, rows: readonly object[]): void {
  if (rows.length === 0) return;
  const names = Object.keys(columns);
  void tx.run(sql`
    insert into ${sql.raw(table)} (${sql.raw(names.join(', '))})
    select ${sql.raw(names.map((name) => `r.${name}`).join(', '))}
    from ${dialect.rows(JSON.stringify(rows), { ...columns, lease: 'bigint' })}
    join tasks on tasks.id = r.task_id and tasks.lease = r.lease
    where true
    on conflict do nothing`);
}

/** Makes the claims that can be made; the others are known already, and their tasks must not be stored. */
async function claim(tx: Transaction, dialect: Dialect, { claims, claims_since }: Batch) {
  const tasks = new Set<string>();
  if (claims.length === 0) return { known: [], tasks };
  // Always in the same order, or two processes could wait for each other.
  const rows = claims.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const made = await tx.run(sql<{ key: string }>`
    insert into claims (key, fingerprint, task_id, answer, at)
    select key, fingerprint, task_id, answer, at from ${dialect.rows(JSON.stringify(rows), CLAIM)} where true
    on conflict (key) do update set
      fingerprint = excluded.fingerprint, task_id = excluded.task_id, answer = excluded.answer, at = excluded.at
      where claims.at < ${claims_since}
        and not exists (select 1 from tasks where tasks.id = claims.task_id and tasks.completed_at is null)
    returning key`);
  const fresh = new Set(made.map(({ key }) => key));
  const stale = rows.filter(({ key }) => !fresh.has(key));
  if (stale.length === 0) return { known: [], tasks };
  for (const { task_id } of stale) tasks.add(task_id);
  const keys = dialect.rows(JSON.stringify(stale.map(({ key }) => ({ key }))), { key: 'text' });
  const known = await tx.run(sql<Pick<ClaimRow, 'key' | 'fingerprint' | 'answer'>>`
    select claims.key, claims.fingerprint, claims.answer from ${keys} join claims on claims.key = r.key`);
  return { known, tasks };
}

/**
 * Counts sends and pauses on the limits, unless somebody else has done so meanwhile. In one statement for all of them.
 * @returns those, as they are stored
 */
async function use(tx: Transaction, dialect: Dialect, { limits, now }: Batch): Promise<LimitRow[]> {
  if (limits.length === 0) return [];
  const rows = limits.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const used = await tx.run(sql<{ key: string }>`
    insert into limits (key, version, times, paused_until, updated_at)
    select key, version + 1, times, paused_until, ${now} from ${dialect.rows(JSON.stringify(rows), LIMIT)} where true
    on conflict (key) do update set
      version = excluded.version, times = excluded.times, paused_until = excluded.paused_until, updated_at = excluded.updated_at
      where limits.version = excluded.version - 1
    returning key`);
  const fresh = new Set(used.map(({ key }) => key));
  const stale = rows.filter(({ key }) => !fresh.has(key)).map(({ key }) => ({ key }));
  if (stale.length === 0) return [];
  return tx.run(sql<LimitRow>`
    select limits.key, limits.version, limits.times, limits.paused_until
    from ${dialect.rows(JSON.stringify(stale), { key: 'text' })} join limits on limits.key = r.key`);
}

/** @returns the tasks that are somebody else's */
async function update(tx: Transaction, dialect: Dialect, rows: readonly UpdateRow[]): Promise<string[]> {
  if (rows.length === 0) return [];
  const written = await tx.run(sql<{ id: string }>`
    update tasks set
      status = r.status, ended = r.ended, outcome = r.outcome, error = r.error, results = r.results,
      updated_at = r.updated_at, completed_at = r.completed_at
    from ${dialect.rows(JSON.stringify(rows), UPDATE)}
    where tasks.id = r.id and tasks.lease = r.lease
    returning tasks.id`);
  const mine = new Set(written.map(({ id }) => id));
  return rows.map(({ id }) => id).filter((id) => !mine.has(id));
}

function announce(tx: Transaction, dialect: Dialect, ids: readonly string[]): void {
  if (ids.length === 0) return;
  const rows = dialect.rows(JSON.stringify(ids.map((id) => ({ id }))), { id: 'text' });
  void tx.run(sql`update notices set announced = 1 from ${rows} where notices.id = r.id`);
}

function count(tx: Transaction, dialect: Dialect, counts: Batch['counts']): void {
  if (counts.length === 0) return;
  void tx.run(sql`
    insert into counts (day, epoch, what, count)
    select day, epoch, what, count from ${dialect.rows(JSON.stringify(counts), COUNT)} where true
    on conflict (day, epoch, what) do update set count = counts.count + excluded.count`);
}
