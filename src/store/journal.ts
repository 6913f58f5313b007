import type { Clock, Notice, Task } from '../model.ts';
import { type Batch, type Committed, UnclearError } from './sql/batch.ts';
import type { AttemptRow, ClaimRow, CountRow, LimitRow, NoticeRow } from './sql/rows.ts';
import { platformRowsOf, rowOf, updateOf } from './sql/task-row.ts';
import { type Counted, dayOf } from './statistics.ts';
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

export interface JournalPorts {
  readonly clock: Pick<Clock, 'after'>;
  /** Unix time in milliseconds, as the store has it. */
  readonly now: () => number;
  readonly epoch: number;
  /** Seconds that a claim lasts after its task has ended. */
  readonly claim_age: () => number;
  readonly commit: (batch: Batch) => Promise<Committed>;
  /** By id; undefined: it is somebody else's. */
  readonly held: (id: string) => Held | undefined;
  readonly onLost: (held: Held) => void;
  /** Its end is written. */
  readonly onEnded: (held: Held) => void;
  /** The store has become unavailable or is back; `error` says why it is not. */
  readonly onChange: (error: unknown) => void;
}

/** Most rows of one kind in a transaction. */
const MOST = 500;

/** Milliseconds between two attempts to reach a store that has failed. */
const PAUSE = 1000;

interface Insert {
  readonly task: Task;
  readonly lease: number;
  readonly claim: Claim | undefined;
  readonly resolve: (stored: Stored) => void;
}

interface Departing {
  readonly departure: Departure;
  readonly resolve: (leave: Leave) => void;
}

/** What is to be written, or is being written. */
interface Page {
  inserts: Insert[];
  departures: Departing[];
  /** Tasks whose stored state is out of date. */
  tasks: Set<Held>;
  /** Those of them that have ended; what ends from now on is for the next page. */
  ends: Set<Held>;
  limits: Map<string, LimitBook>;
  attempts: AttemptRow[];
  notices: (NoticeRow & { readonly lease: number })[];
  announced: string[];
  /** By day and what is counted. */
  counts: Map<string, CountRow>;
}

/**
 * Writes what happens in transactions. One starts at once when none is running; whatever comes meanwhile goes into the
 * next one. While the store is unavailable nothing new is taken, and what has happened is kept until it is back.
 */
export class Journal {
  readonly #ports: JournalPorts;
  #next: Page = emptyPage();
  /** Tasks that may be written when there is nothing better to do. */
  #idle = new Set<Held>();
  #running: Promise<void> | undefined = undefined;
  #most = MOST;
  #failed: unknown = undefined;
  #closed = false;
  #probing = false;
  /** Ends of tasks that have not been written. */
  readonly #ends = new Map<Held, (mine: boolean) => void>();
  /** Their notices: each is written in the transaction that has the end. */
  readonly #notices = new Map<Held, Page['notices'][number]>();
  readonly #versions = new Map<string, number>();

  /** @param limits as they are stored */
  constructor(ports: JournalPorts, limits: readonly LimitRow[]) {
    this.#ports = ports;
    for (const { key, version } of limits) this.#versions.set(key, version);
  }

  get available(): boolean {
    return this.#failed === undefined;
  }

  insert(task: Task, lease: number, claim: Claim | undefined): Promise<Stored> {
    if (!this.available || this.#closed) return Promise.resolve(UNAVAILABLE);
    return new Promise((resolve) => {
      this.#next.inserts.push({ task, lease, claim, resolve });
      this.#start();
    });
  }

  begin(departure: Departure): Promise<Leave> {
    if (this.#closed) return Promise.resolve('lost');
    return new Promise((resolve) => {
      this.#next.departures.push({ departure, resolve });
      this.#start();
    });
  }

  /** @param soon false: whenever nothing else is to be written */
  task(held: Held, soon: boolean): void {
    if (!soon) {
      if (!this.#next.tasks.has(held)) this.#idle.add(held);
    } else this.#next.tasks.add(held);
    this.#start();
  }

  limit(limit: LimitBook): void {
    this.#next.limits.set(limit.key, limit);
    this.#start();
  }

  attempt(row: AttemptRow): void {
    this.#next.attempts.push(row);
    this.#start();
  }

  announced(id: string): void {
    this.#next.announced.push(id);
    this.#start();
  }

  /** Somebody has had no answer: finds out whether the store can be reached. */
  probe(): void {
    this.#probing = true;
    this.#start();
  }

  /** Written with whatever is written next. */
  count(what: Counted, count = 1): void {
    add(this.#next.counts, { day: dayOf(this.#ports.now()), epoch: this.#ports.epoch, what, count });
  }

  /**
   * Resolves when the end of this task, and its notice, are written; at once while the store is unavailable.
   * @returns false: it is somebody else's
   */
  end(held: Held, notice: Notice | undefined): Promise<boolean> {
    if (notice) this.#notices.set(held, { ...noticeRow(notice), lease: held.lease });
    this.#next.tasks.add(held);
    return new Promise((resolve) => {
      this.#ends.set(held, resolve);
      if (this.available) this.#start();
      else resolve(true);
    });
  }

  /** Nobody's business any more. */
  forget(held: Held): void {
    this.#next.tasks.delete(held);
    this.#idle.delete(held);
    this.#notices.delete(held);
    this.#ends.get(held)?.(false);
    this.#ends.delete(held);
  }

  /** Takes nothing new from now on; resolves when everything is written, or the store has failed. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { resolve } of this.#next.departures) resolve('lost');
    this.#next.departures = [];
    this.#start();
    await this.#running;
  }

  #start(): void {
    if (this.#running === undefined && this.#hasWork()) this.#running = this.#run();
  }

  /** Ends in the step in which it finds nothing left, so that whatever comes later starts the next one. */
  async #run(): Promise<void> {
    while (this.#hasWork()) {
      // Whatever else happens at this moment goes along, and whoever has been answered has had the time to react.
      await Promise.resolve();
      const page = this.#draw();
      this.#probing = false;
      try {
        const committed = await this.#ports.commit(this.#batchOf(page));
        this.#written(page, committed);
        this.#most = MOST;
        if (!this.available) this.#ports.onChange((this.#failed = undefined));
      } catch (error) {
        this.#unwritten(page, error);
        if (this.#closed) break;
        await new Promise<void>((resolve) => void this.#ports.clock.after(PAUSE, resolve));
      }
    }
    this.#running = undefined;
  }

  #hasWork(): boolean {
    const { inserts, departures, tasks, limits, attempts, notices, announced, counts } = this.#next;
    const waiting = inserts.length + departures.length + attempts.length + notices.length + announced.length;
    // While the store is unavailable somebody has to ask whether it is back.
    if (!this.available || this.#probing || (this.#closed && counts.size > 0)) return true;
    return waiting + tasks.size + limits.size + this.#idle.size > 0;
  }

  /** Takes as much as goes into one transaction. */
  #draw(): Page {
    const next = this.#next;
    const page = emptyPage();
    const keys = new Set<string>();
    while (page.inserts.length < this.#most && next.inserts.length > page.inserts.length) {
      const insert = next.inserts[page.inserts.length]!;
      // The same key twice is for two transactions: the second one has to see the first.
      if (insert.claim && keys.has(insert.claim.key)) break;
      if (insert.claim) keys.add(insert.claim.key);
      page.inserts.push(insert);
    }
    next.inserts.splice(0, page.inserts.length);
    page.departures = next.departures.splice(0, this.#most);
    for (const { departure } of page.departures) {
      for (const { task } of departure.leaves) {
        const held = this.#ports.held(task.id);
        if (held) page.tasks.add(held);
      }
      for (const limit of departure.limits) page.limits.set(limit.key, limit);
    }
    for (const held of page.tasks) next.tasks.delete(held);
    move(next.tasks, page.tasks, this.#most - page.tasks.size);
    if (page.tasks.size === 0) move(this.#idle, page.tasks, this.#most);
    for (const held of page.tasks) {
      this.#idle.delete(held);
      if (held.task.completed_at !== undefined) page.ends.add(held);
    }
    for (const [key, limit] of next.limits) page.limits.set(key, limit);
    next.limits = new Map();
    page.attempts = next.attempts.splice(0, this.#most);
    page.notices = [...page.ends].flatMap((held) => this.#notices.get(held) ?? []);
    page.announced = next.announced.splice(0, this.#most);
    page.counts = next.counts;
    next.counts = new Map();
    return page;
  }

  #batchOf(page: Page): Batch {
    const now = this.#ports.now();
    const tasks = page.inserts.map(({ task, lease }) => rowOf(task, lease));
    return {
      now,
      tasks,
      platforms: page.inserts.flatMap(({ task }) => platformRowsOf(task)),
      claims: page.inserts.flatMap(({ task, claim }) => (claim ? [claimRow(task, claim)] : [])),
      claims_since: now - this.#ports.claim_age() * 1000,
      limits: [...page.limits.values()].map((limit) => this.#limitRow(limit, now)),
      departures: page.departures.map(({ departure: { leaves, limits, digest } }) => ({
        tasks: leaves.map(({ task }) => task.id),
        limits: limits.map(({ key }) => key),
        digest: digest && { id: digest.id, members: JSON.stringify(digest.members), created_at: now },
      })),
      updates: [...page.tasks].map(({ task, lease }) => updateOf(task, lease)),
      attempts: page.attempts,
      notices: page.notices,
      announced: page.announced,
      accepted: { day: dayOf(now), epoch: this.#ports.epoch, what: 'accepted', count: 0 },
      counts: [...page.counts.values()].toSorted((a, b) => (a.what < b.what ? -1 : 1)),
    };
  }

  #limitRow(limit: LimitBook, now: number): LimitRow {
    const { times, paused_until } = limit.state(now);
    const version = this.#versions.get(limit.key) ?? 0;
    return {
      key: limit.key,
      version,
      times: JSON.stringify(times.map(Math.round)),
      paused_until: Math.round(paused_until),
    };
  }

  #written(page: Page, { claimed, moved, lost }: Committed): void {
    const known = new Map(claimed.map((claim) => [claim.key, claim]));
    for (const { claim, resolve } of page.inserts) {
      const other = claim && known.get(claim.key);
      if (other) resolve({ kind: 'claimed', claim: other });
      else resolve({ kind: 'stored' });
    }
    const behind = new Set(moved.map(({ key }) => key));
    for (const key of page.limits.keys())
      if (!behind.has(key)) this.#versions.set(key, (this.#versions.get(key) ?? 0) + 1);
    for (const row of moved) this.#catchUp(page.limits.get(row.key)!, row);
    const gone = new Set(lost);
    for (const { departure, resolve } of page.departures) {
      if (departure.leaves.some(({ task }) => gone.has(task.id))) resolve('lost');
      else if (departure.limits.some(({ key }) => behind.has(key))) this.#refuse({ departure, resolve });
      else resolve('go');
    }
    for (const held of page.tasks) {
      if (gone.has(held.task.id)) this.#lose(held);
      else if (page.ends.has(held)) this.#ended(held);
    }
  }

  #refuse({ departure, resolve }: Departing): void {
    resolve('full');
    // Nothing of these was written, whatever else there was to say of them.
    for (const { task } of departure.leaves) {
      const held = this.#ports.held(task.id);
      if (held) this.#next.tasks.add(held);
    }
  }

  /** Somebody else has used this bot: what we know of it is out of date. */
  #catchUp(limit: LimitBook, { key, version, times, paused_until }: LimitRow): void {
    this.#versions.set(key, version);
    const now = this.#ports.now();
    limit.adopt({ times: JSON.parse(times) as number[], paused_until }, now);
    // Whoever is about to leave was judged by what was known before.
    const { departures } = this.#next;
    this.#next.departures = departures.filter(({ departure }) => !departure.limits.includes(limit));
    for (const one of departures) if (one.departure.limits.includes(limit)) this.#refuse(one);
    // A pause that only we know of is still to be told.
    if (limit.state(now).paused_until > paused_until) this.limit(limit);
  }

  #lose(held: Held): void {
    this.forget(held);
    this.#ports.onLost(held);
  }

  #ended(held: Held): void {
    this.#notices.delete(held);
    this.#ends.get(held)?.(true);
    this.#ends.delete(held);
    this.#ports.onEnded(held);
  }

  /** Nothing of it is lost but the tasks that have not been accepted: their callers are told. */
  #unwritten(page: Page, error: unknown): void {
    const fate: Stored = error instanceof UnclearError ? { kind: 'unclear' } : UNAVAILABLE;
    for (const { resolve } of page.inserts) resolve(fate);
    const next = this.#next;
    for (const { resolve } of next.inserts.splice(0)) resolve(UNAVAILABLE);
    // Behind whatever else there is, and in smaller transactions: if one row cannot be written, the others shall be.
    this.#most = Math.max(1, Math.ceil(this.#most / 2));
    next.departures.push(...page.departures);
    for (const held of page.tasks) next.tasks.add(held);
    for (const [key, limit] of page.limits) next.limits.set(key, limit);
    next.attempts.push(...page.attempts);
    next.announced.push(...page.announced);
    for (const row of page.counts.values()) add(next.counts, row);
    const first = this.available;
    this.#failed = error ?? new Error('the store has failed');
    if (first) this.#ports.onChange(error);
    // Whoever waits for an end waits no longer: the last line must not depend on the store.
    for (const told of this.#ends.values()) told(true);
  }
}

const UNAVAILABLE: Stored = { kind: 'unavailable' };

function emptyPage(): Page {
  return {
    inserts: [],
    departures: [],
    tasks: new Set(),
    ends: new Set(),
    limits: new Map(),
    attempts: [],
    notices: [],
    announced: [],
    counts: new Map(),
  };
}

function move<T>(from: Set<T>, to: Set<T>, most: number): void {
  for (const item of from) {
    if (most-- <= 0) return;
    from.delete(item);
    to.add(item);
  }
}

function add(counts: Map<string, CountRow>, row: CountRow): void {
  const key = `${row.day} ${row.what}`;
  const known = counts.get(key);
  counts.set(key, known === undefined ? row : { ...row, count: known.count + row.count });
}

const claimRow = (task: Task, { key, fingerprint, answer }: Claim): ClaimRow => ({
  key,
  fingerprint,
  task_id: task.id,
  answer: JSON.stringify(answer),
  at: task.created_at,
});

export const noticeRow = ({ source: _always, reason, ...notice }: Notice): NoticeRow => ({
  ...notice,
  reason: reason.replaceAll('\0', '').toWellFormed(),
  announced: 0,
});
