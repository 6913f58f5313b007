import type {
  AttemptRow,
  ClaimRow,
  CountRow,
  DigestRow,
  LimitRow,
  NoticeRow,
  PlatformRow,
  TaskRow,
  UpdateRow,
} from './rows.ts';

/** What one transaction writes. Plain data: it may travel to another thread. */
export interface Batch {
  /** Unix time in milliseconds. */
  readonly now: number;
  readonly tasks: readonly TaskRow[];
  readonly platforms: readonly PlatformRow[];
  /** Each belongs to one of `tasks`; no key twice. */
  readonly claims: readonly ClaimRow[];
  /** Claims made before this moment may be taken over, if their task has ended. */
  readonly claims_since: number;
  readonly limits: readonly LimitRow[];
  readonly departures: readonly DepartureRow[];
  readonly updates: readonly UpdateRow[];
  readonly attempts: readonly AttemptRow[];
  /** Each with the lease under which its task may be written. */
  readonly notices: readonly (NoticeRow & { readonly lease: number })[];
  /** Ids of notices. */
  readonly announced: readonly string[];
  readonly counts: readonly CountRow[];
  /** Where the tasks are counted that are stored; its `count` says nothing. */
  readonly accepted: CountRow;
}

/** Its tasks are among `updates`; they are written only if none of its limits has been used by somebody else. */
export interface DepartureRow {
  readonly tasks: readonly string[];
  /** Keys. */
  readonly limits: readonly string[];
  readonly digest?: DigestRow | undefined;
}

/** What could not be written of a batch because the store knew better. */
export interface Committed {
  /** Claims that were made before: these tasks have not been stored. */
  readonly claimed: readonly Pick<ClaimRow, 'key' | 'fingerprint' | 'answer'>[];
  /** Limits that another process has used; what is stored of them. */
  readonly moved: readonly LimitRow[];
  /** Tasks whose lease is another one by now. */
  readonly lost: readonly string[];
}

/**
 * Tasks of which nothing is written, because a departure of theirs came too late. What else departs for the same task has
 * not been compared with its lease either, and must not leave.
 * @param moved keys of limits that another process has used
 */
export function refusedOf(
  departures: readonly Pick<DepartureRow, 'tasks' | 'limits'>[],
  moved: readonly string[],
): ReadonlySet<string> {
  const keys = new Set(moved);
  const refused = new Set<string>();
  for (let size = -1; size < refused.size;) {
    size = refused.size;
    for (const { tasks, limits } of departures)
      if (limits.some((key) => keys.has(key)) || tasks.some((id) => refused.has(id)))
        for (const id of tasks) refused.add(id);
  }
  return refused;
}

/** The fate of a commit is not known: it may have been carried out. */
export class UnclearError extends Error {
  constructor(cause: unknown) {
    super('the connection was lost while the commit was under way', { cause });
    this.name = 'UnclearError';
  }
}
