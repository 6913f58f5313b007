import { type Kysely, sql } from 'kysely';
import type { Batch, Committed, DepartureRow } from './batch.ts';
import type { ColumnType, Dialect } from './dialect.ts';
import type { ClaimRow, LimitRow, Tables, TaskRow, UpdateRow } from './rows.ts';

/** What a store with several processes adds to the transaction: the leases on tasks. */
export interface Leases {
  /** Somebody is to take these tasks. */
  offer(tx: Kysely<Tables>, tasks: readonly TaskRow[]): Promise<void>;
  /** These tasks have ended. */
  settle(tx: Kysely<Tables>, ended: readonly Pick<UpdateRow, 'id' | 'lease'>[]): Promise<void>;
}

/** Writes a batch within a transaction. Each statement takes its rows as one JSON text. */
export async function write(
  tx: Kysely<Tables>,
  dialect: Dialect,
  batch: Batch,
  leases: Leases | undefined,
): Promise<Committed> {
  const claimed = await claim(tx, dialect, batch);
  const tasks = claimed.tasks.size === 0 ? batch.tasks : batch.tasks.filter(({ id }) => !claimed.tasks.has(id));
  await insert(tx, dialect, 'tasks', TASK, tasks);
  await insert(
    tx,
    dialect,
    'task_platforms',
    PLATFORM,
    batch.platforms.filter(({ task_id }) => !claimed.tasks.has(task_id)),
  );
  if (tasks.length > 0) await leases?.offer(tx, tasks);

  const moved = await use(tx, dialect, batch);
  const granted = grantedOf(batch.departures, moved);
  const updates = batch.updates.filter(({ id }) => !granted.refused.has(id));
  const lost = await update(tx, dialect, updates);
  await insert(tx, dialect, 'digests', DIGEST, granted.digests);
  await attempt(tx, dialect, batch);
  await insert(
    tx,
    dialect,
    'notices',
    NOTICE,
    batch.notices.filter(({ task_id }) => !lost.has(task_id)),
  );
  await announce(tx, dialect, batch.announced);
  const ended = updates.filter(({ id, completed_at }) => completed_at !== null && !lost.has(id));
  if (ended.length > 0) await leases?.settle(tx, ended);
  await count(tx, dialect, batch);
  return { claimed: claimed.known, moved, lost: [...lost] };
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
async function insert(
  tx: Kysely<Tables>,
  dialect: Dialect,
  table: string,
  columns: Columns,
  rows: readonly object[],
): Promise<void> {
  if (rows.length === 0) return;
  const names = sql.raw(Object.keys(columns).join(', '));
  await sql`insert into ${sql.raw(table)} (${names}) select ${names} from ${dialect.rows(JSON.stringify(rows), columns)} where true on conflict do nothing`.execute(
    tx,
  );
}

/** Makes the claims that can be made; the others are known already, and their tasks must not be stored. */
async function claim(tx: Kysely<Tables>, dialect: Dialect, { claims, claims_since }: Batch) {
  const tasks = new Set<string>();
  if (claims.length === 0) return { known: [], tasks };
  // Always in the same order, or two processes could wait for each other.
  const rows = claims.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const made = await sql<{ key: string }>`
    insert into claims (key, fingerprint, task_id, answer, at)
    select key, fingerprint, task_id, answer, at from ${dialect.rows(JSON.stringify(rows), CLAIM)} where true
    on conflict (key) do update set
      fingerprint = excluded.fingerprint, task_id = excluded.task_id, answer = excluded.answer, at = excluded.at
      where claims.at < ${claims_since}
        and not exists (select 1 from tasks where tasks.id = claims.task_id and tasks.completed_at is null)
    returning key`.execute(tx);
  const fresh = new Set(made.rows.map(({ key }) => key));
  const stale = rows.filter(({ key }) => !fresh.has(key));
  if (stale.length === 0) return { known: [], tasks };
  for (const { task_id } of stale) tasks.add(task_id);
  const known: Pick<ClaimRow, 'key' | 'fingerprint' | 'answer'>[] = await tx
    .selectFrom('claims')
    .select(['key', 'fingerprint', 'answer'])
    .where(
      'key',
      'in',
      stale.map(({ key }) => key),
    )
    .execute();
  return { known, tasks };
}

/**
 * Counts sends and pauses on the limits, unless somebody else has done so meanwhile. In one statement for all of them.
 * @returns those, as they are stored
 */
async function use(tx: Kysely<Tables>, dialect: Dialect, { limits, now }: Batch): Promise<LimitRow[]> {
  if (limits.length === 0) return [];
  const rows = limits.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const used = await sql<{ key: string }>`
    insert into limits (key, version, times, paused_until, updated_at)
    select key, version + 1, times, paused_until, ${now} from ${dialect.rows(JSON.stringify(rows), LIMIT)} where true
    on conflict (key) do update set
      version = excluded.version, times = excluded.times, paused_until = excluded.paused_until, updated_at = excluded.updated_at
      where limits.version = excluded.version - 1
    returning key`.execute(tx);
  const fresh = new Set(used.rows.map(({ key }) => key));
  const stale = rows.filter(({ key }) => !fresh.has(key)).map(({ key }) => key);
  if (stale.length === 0) return [];
  return tx
    .selectFrom('limits')
    .select(['key', 'version', 'times', 'paused_until'])
    .where('key', 'in', stale)
    .execute();
}

/** What may leave, and the tasks that must not say that they have left. */
function grantedOf(departures: readonly DepartureRow[], moved: readonly LimitRow[]) {
  const keys = new Set(moved.map(({ key }) => key));
  const isRefused = ({ limits }: DepartureRow) => limits.some((key) => keys.has(key));
  return {
    refused: new Set(departures.filter(isRefused).flatMap(({ tasks }) => tasks)),
    digests: departures.flatMap((one) => (one.digest === undefined || isRefused(one) ? [] : [one.digest])),
  };
}

/** @returns the tasks that are somebody else's */
async function update(tx: Kysely<Tables>, dialect: Dialect, rows: readonly UpdateRow[]): Promise<Set<string>> {
  if (rows.length === 0) return new Set();
  const written = await sql<{ id: string }>`
    update tasks set
      status = r.status, outcome = r.outcome, error = r.error, results = r.results,
      updated_at = r.updated_at, completed_at = r.completed_at
    from ${dialect.rows(JSON.stringify(rows), UPDATE)}
    where tasks.id = r.id and tasks.lease = r.lease
    returning tasks.id`.execute(tx);
  const mine = new Set(written.rows.map(({ id }) => id));
  return new Set(rows.map(({ id }) => id).filter((id) => !mine.has(id)));
}

async function attempt(tx: Kysely<Tables>, dialect: Dialect, { attempts }: Batch): Promise<void> {
  if (attempts.length === 0) return;
  const names = Object.keys(ATTEMPT);
  await sql`
    insert into attempts (${sql.raw(names.join(', '))})
    select ${sql.raw(names.map((name) => `r.${name}`).join(', '))}
    from ${dialect.rows(JSON.stringify(attempts), { ...ATTEMPT, lease: 'bigint' })}
    join tasks on tasks.id = r.task_id and tasks.lease = r.lease
    where true
    on conflict do nothing`.execute(tx);
}

async function announce(tx: Kysely<Tables>, dialect: Dialect, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const rows = JSON.stringify(ids.map((id) => ({ id })));
  await sql`update notices set announced = 1 from ${dialect.rows(rows, { id: 'text' })} where notices.id = r.id`.execute(
    tx,
  );
}

async function count(tx: Kysely<Tables>, dialect: Dialect, { counts }: Batch): Promise<void> {
  if (counts.length === 0) return;
  await sql`
    insert into counts (day, epoch, what, count)
    select day, epoch, what, count from ${dialect.rows(JSON.stringify(counts), COUNT)} where true
    on conflict (day, epoch, what) do update set count = counts.count + excluded.count`.execute(tx);
}
