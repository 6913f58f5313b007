import type { Clock, Notice, Task } from '../model.ts';
import {
  type Departing,
  type Held,
  type Page,
  type Stored,
  type Terms,
  addTo,
  batchOf,
  departureRow,
  draw,
  emptyPage,
  putBack,
} from './journal-page.ts';
import { type Batch, type Committed, UnclearError, refusedOf } from './sql/batch.ts';
import type { AttemptRow, LimitRow } from './sql/rows.ts';
import { type Counted, dayOf } from './statistics.ts';
import type { Claim, Departure, Leave, LimitBook } from './store.ts';

export interface JournalPorts {
  readonly clock: Pick<Clock, 'after' | 'monotonic'>;
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

/** Milliseconds: the least that a commit is expected to take. */
const LEAST_PACE = 50;

/** With each commit a slow one counts for less. */
const PACE_FADES = 0.9;

/** Milliseconds between two attempts to reach a store that has failed. */
const PAUSE = 1000;

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
  /** Milliseconds that a change takes to be written: as long as two of the slowest commits of late. */
  pace = LEAST_PACE;
  /** Ends of tasks that have not been written. */
  readonly #ends = new Map<Held, (mine: boolean) => void>();
  /** Their notices: each is written in the transaction that has the end. */
  readonly #notices = new Map<Held, Notice>();
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
    addTo(this.#next.counts, { day: dayOf(this.#ports.now()), epoch: this.#ports.epoch, what, count });
  }

  /**
   * Resolves when the end of this task, and its notice, are written; at once while the store is unavailable.
   * @returns false: it is somebody else's
   */
  end(held: Held, notice: Notice | undefined): Promise<boolean> {
    if (notice) this.#notices.set(held, notice);
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
      this.#turnAway();
      const page = draw(this.#next, this.#idle, this.#most, this.#ports.held);
      this.#probing = false;
      const began = this.#ports.clock.monotonic();
      try {
        const committed = await this.#ports.commit(batchOf(page, this.#terms()));
        this.#written(page, committed);
        const took = 2 * (this.#ports.clock.monotonic() - began);
        this.pace = Math.max(LEAST_PACE, took, this.pace * PACE_FADES);
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

  /** Whose tasks have been lost, or have ended, since they asked. */
  #turnAway(): void {
    const { departures } = this.#next;
    if (departures.length === 0) return;
    const isStale = ({ departure }: Departing) =>
      departure.leaves.some(({ task }) => this.#ports.held(task.id)?.task !== task);
    this.#next.departures = departures.filter((one) => !isStale(one));
    for (const one of departures) if (isStale(one)) one.resolve('lost');
  }

  #terms(): Terms {
    const { now, epoch, claim_age } = this.#ports;
    return {
      now: now(),
      epoch,
      claim_age: claim_age(),
      noticeOf: (held) => this.#notices.get(held),
      versionOf: this.#versionOf,
    };
  }

  readonly #versionOf = (key: string): number => this.#versions.get(key) ?? 0;

  #hasWork(): boolean {
    const { inserts, departures, tasks, limits, attempts, announced, counts } = this.#next;
    const waiting = inserts.length + departures.length + attempts.length + announced.length;
    // While the store is unavailable somebody has to ask whether it is back.
    if (!this.available || this.#probing || (this.#closed && counts.size > 0)) return true;
    return waiting + tasks.size + limits.size + this.#idle.size > 0;
  }

  #written(page: Page, { claimed, moved, lost }: Committed): void {
    const known = new Map(claimed.map((claim) => [claim.key, claim]));
    for (const { claim, resolve } of page.inserts) {
      const other = claim && known.get(claim.key);
      if (other) resolve({ kind: 'claimed', claim: other });
      else resolve({ kind: 'stored' });
    }
    const behind = new Set(moved.map(({ key }) => key));
    for (const key of page.limits.keys()) if (!behind.has(key)) this.#versions.set(key, this.#versionOf(key) + 1);
    for (const row of moved) this.#catchUp(page.limits.get(row.key)!, row);
    const gone = new Set(lost);
    const refused = refusedOf(page.departures.map(departureRow), [...behind]);
    for (const { departure, resolve } of page.departures) {
      if (departure.leaves.some(({ task }) => gone.has(task.id))) resolve('lost');
      else if (departure.leaves.some(({ task }) => refused.has(task.id))) this.#refuse({ departure, resolve });
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
    for (const { resolve } of this.#next.inserts.splice(0)) resolve(UNAVAILABLE);
    // In smaller transactions: if one row cannot be written, the others shall be.
    this.#most = Math.max(1, Math.ceil(this.#most / 2));
    putBack(this.#next, page);
    const first = this.available;
    this.#failed = error ?? new Error('the store has failed');
    if (first) this.#ports.onChange(error);
    // Whoever waits for an end waits no longer: the last line must not depend on the store.
    for (const told of this.#ends.values()) told(true);
  }
}

const UNAVAILABLE: Stored = { kind: 'unavailable' };
