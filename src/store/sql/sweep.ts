import type { Kysely } from 'kysely';
import type { Tables } from './rows.ts';

/** Ages in milliseconds; Infinity = kept for ever. */
export interface Retention {
  readonly now: number;
  readonly tasks: number;
  readonly claims: number;
  readonly max_claims: number;
  readonly max_notices: number;
}

/** Rows that one step removes: a batch of pushes waits no longer than for these. */
const SWEEP = 500;

/** One step: a few hundred rows of each table. Unfinished tasks, their attempts and their keys stay, however old. */
export async function sweep(
  db: Kysely<Tables>,
  { now, tasks, claims, max_claims, max_notices }: Retention,
): Promise<boolean> {
  const old = await db
    .selectFrom('tasks')
    .select('id')
    .where('completed_at', '<', now - tasks)
    .orderBy('completed_at')
    .limit(SWEEP)
    .execute();
  const ids = old.map(({ id }) => id);
  if (ids.length > 0) {
    await db.deleteFrom('attempts').where('task_id', 'in', ids).execute();
    await db.deleteFrom('task_platforms').where('task_id', 'in', ids).execute();
    await db.deleteFrom('tasks').where('id', 'in', ids).execute();
  }
  const claimed = await sweepClaims(db, now - claims, max_claims);
  const digests = await db
    .selectFrom('digests')
    .select('id')
    .where('created_at', '<', now - Math.max(tasks, LONGEST_TASK))
    .limit(SWEEP)
    .execute();
  if (digests.length > 0)
    await db
      .deleteFrom('digests')
      .where(
        'id',
        'in',
        digests.map(({ id }) => id),
      )
      .execute();
  await db
    .deleteFrom('limits')
    .where('updated_at', '<', now - LONGEST_PAUSE)
    .where('paused_until', '<', now)
    .execute();
  const notices = await db
    .selectFrom('notices')
    .select('id')
    .where('announced', '=', 1)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .offset(max_notices)
    .limit(SWEEP)
    .execute();
  if (notices.length > 0)
    await db
      .deleteFrom('notices')
      .where(
        'id',
        'in',
        notices.map(({ id }) => id),
      )
      .execute();
  return [ids.length, claimed, digests.length, notices.length].includes(SWEEP);
}

/** @returns how many were removed */
async function sweepClaims(db: Kysely<Tables>, before: number, most: number): Promise<number> {
  const newest = await db
    .selectFrom('claims')
    .select(['at', 'task_id'])
    .orderBy('at', 'desc')
    .orderBy('task_id', 'desc')
    .offset(most)
    .limit(1)
    .executeTakeFirst();
  const old = await db
    .selectFrom('claims')
    .leftJoin('tasks', 'tasks.id', 'claims.task_id')
    .select('key')
    .where((eb) =>
      eb.or([
        eb('at', '<', Math.max(before, newest?.at ?? 0)),
        eb.and([eb('at', '=', newest?.at ?? 0), eb('task_id', '<=', newest?.task_id ?? '')]),
      ]),
    )
    .where((eb) => eb.or([eb('tasks.id', 'is', null), eb('tasks.completed_at', 'is not', null)]))
    .orderBy('at')
    .limit(SWEEP)
    .execute();
  if (old.length > 0)
    await db
      .deleteFrom('claims')
      .where(
        'key',
        'in',
        old.map(({ key }) => key),
      )
      .execute();
  return old.length;
}

/** Milliseconds: a week is the longest deadline, and the longest that a digest can be needed. */
const LONGEST_TASK = 7 * 86_400_000;
/** Milliseconds: the longest window is a day, the longest pause 32 of them. */
const LONGEST_PAUSE = 33 * 86_400_000;
