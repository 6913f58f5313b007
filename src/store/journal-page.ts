import type { Notice, Task } from '../model.ts';
import type { Batch } from './sql/batch.ts';
import type { AttemptRow, ClaimRow, CountRow, LimitRow, NoticeRow } from './sql/rows.ts';
import { platformRowsOf, rowOf, updateOf } from './sql/task-row.ts';
import { dayOf } from './statistics.ts';
import type { Claim, Departure, Leave, LimitBook } from './store.ts';

/** A task that this process may write. */
export interface Held {
  readonly task: Task;
  readonly lease: number;
}

/** What became of a task that was to be stored. */
export type Stored =
  | { readonly kind: 'stored' | 'unavailable' | 'unclear' }
  | { readonly kind: 'claimed'; readonly claim: Known };

export type Known = Pick<ClaimRow, 'key' | 'fingerprint' | 'answer'>;

export interface Insert {
  readonly task: Task;
  readonly lease: number;
  readonly claim: Claim | undefined;
  readonly resolve: (stored: Stored) => void;
}

export interface Departing {
  readonly departure: Departure;
  readonly resolve: (leave: Leave) => void;
}

/** What is to be written, or is being written in one transaction. */
export interface Page {
  inserts: Insert[];
  departures: Departing[];
  /** Tasks whose stored state is out of date. */
  tasks: Set<Held>;
  /** Those of them that had ended when the page was drawn; what ends later is for the next one. */
  ends: Set<Held>;
  limits: Map<string, LimitBook>;
  attempts: AttemptRow[];
  announced: string[];
  /** By day and what is counted. */
  counts: Map<string, CountRow>;
}

/** What a page alone does not know. */
export interface Terms {
  /** Unix time in milliseconds, as the store has it. */
  readonly now: number;
  readonly epoch: number;
  /** Seconds that a claim lasts after its task has ended. */
  readonly claim_age: number;
  /** The notice that the end of a task raises. */
  readonly noticeOf: (held: Held) => Notice | undefined;
  /** Of a limit, as it was last seen in the store. */
  readonly versionOf: (key: string) => number;
}

export function emptyPage(): Page {
  return {
    inserts: [],
    departures: [],
    tasks: new Set(),
    ends: new Set(),
    limits: new Map(),
    attempts: [],
    announced: [],
    counts: new Map(),
  };
}

/** UTF-16 units of messages in one transaction: more would take the database longer than anybody waits for it. */
const LONGEST = 4_000_000;

/**
 * Takes as much as goes into one transaction.
 * @param idle tasks that are written when there are no others
 * @param most rows of one kind
 */
export function draw(next: Page, idle: Set<Held>, most: number, heldOf: (id: string) => Held | undefined): Page {
  const page = emptyPage();
  page.inserts = next.inserts.splice(0, fitting(next.inserts, most));
  page.departures = next.departures.splice(0, most);
  for (const { departure } of page.departures) {
    for (const { task } of departure.leaves) {
      const held = heldOf(task.id);
      if (held) page.tasks.add(held);
    }
    for (const limit of departure.limits) page.limits.set(limit.key, limit);
  }
  for (const held of page.tasks) next.tasks.delete(held);
  move(next.tasks, page.tasks, most - page.tasks.size);
  if (page.tasks.size === 0) move(idle, page.tasks, most);
  for (const held of page.tasks) {
    idle.delete(held);
    if (held.task.completed_at !== undefined) page.ends.add(held);
  }
  for (const [key, limit] of next.limits) page.limits.set(key, limit);
  next.limits = new Map();
  page.attempts = next.attempts.splice(0, most);
  page.announced = next.announced.splice(0, most);
  page.counts = next.counts;
  next.counts = new Map();
  return page;
}

/** It could not be written: behind whatever else there is. Tasks that have not been accepted are their callers' affair. */
export function putBack(next: Page, page: Page): void {
  next.departures.push(...page.departures);
  for (const held of page.tasks) next.tasks.add(held);
  for (const [key, limit] of page.limits) next.limits.set(key, limit);
  next.attempts.push(...page.attempts);
  next.announced.push(...page.announced);
  for (const row of page.counts.values()) addTo(next.counts, row);
}

export function addTo(counts: Map<string, CountRow>, row: CountRow): void {
  const key = `${row.day} ${row.what}`;
  const known = counts.get(key);
  counts.set(key, known === undefined ? row : { ...row, count: known.count + row.count });
}

/** The page as rows. */
export function batchOf(page: Page, { now, epoch, claim_age, noticeOf, versionOf }: Terms): Batch {
  return {
    now,
    tasks: page.inserts.map(({ task, lease }) => rowOf(task, lease)),
    platforms: page.inserts.flatMap(({ task }) => platformRowsOf(task)),
    claims: page.inserts.flatMap(({ task, claim }) => (claim ? [claimRow(task, claim)] : [])),
    claims_since: now - claim_age * 1000,
    limits: [...page.limits.values()].map((limit) => limitRow(limit, versionOf(limit.key), now)),
    departures: page.departures.map((one) => {
      const { digest } = one.departure;
      const row = digest && { id: digest.id, members: JSON.stringify(digest.members), created_at: now };
      return { ...departureRow(one), digest: row };
    }),
    updates: [...page.tasks].map(({ task, lease }) => updateOf(task, lease)),
    attempts: page.attempts,
    notices: [...page.ends].flatMap((held) => {
      const notice = noticeOf(held);
      return notice === undefined ? [] : { ...noticeRow(notice), lease: held.lease };
    }),
    announced: page.announced,
    accepted: { day: dayOf(now), epoch, what: 'accepted', count: 0 },
    counts: [...page.counts.values()].toSorted((a, b) => (a.what < b.what ? -1 : 1)),
  };
}

export const departureRow = ({ departure: { leaves, limits } }: Departing) => ({
  tasks: leaves.map(({ task }) => task.id),
  limits: limits.map(({ key }) => key),
});

export const noticeRow = ({ source: _always, reason, ...notice }: Notice): NoticeRow => ({
  ...notice,
  reason: reason.replaceAll('\0', '').toWellFormed(),
  announced: 0,
});

/** How many of these, the first ones, go together. */
function fitting(inserts: readonly Insert[], most: number): number {
  const keys = new Set<string>();
  let length = 0;
  let count = 0;
  for (const { task, claim } of inserts) {
    length += task.message.body.length;
    // The same key twice is for two transactions: the second one has to see the first.
    const isTwin = claim !== undefined && keys.has(claim.key);
    if (count === most || isTwin || (count > 0 && length > LONGEST)) break;
    if (claim) keys.add(claim.key);
    count++;
  }
  return count;
}

function move<T>(from: Set<T>, to: Set<T>, most: number): void {
  for (const item of from) {
    if (most-- <= 0) return;
    from.delete(item);
    to.add(item);
  }
}

function limitRow(limit: LimitBook, version: number, now: number): LimitRow {
  const { times, paused_until } = limit.state(now);
  const rounded = JSON.stringify(times.map(Math.round));
  return { key: limit.key, version, times: rounded, paused_until: Math.round(paused_until) };
}

const claimRow = (task: Task, { key, fingerprint, answer }: Claim): ClaimRow => ({
  key,
  fingerprint,
  task_id: task.id,
  answer: JSON.stringify(answer),
  at: task.created_at,
});
