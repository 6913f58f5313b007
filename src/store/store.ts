import type { LimitState, Notice, Outcome, Result, Task, TaskStatus } from '../model.ts';

/** What an idempotency key remembers: the request it was used with and the answer it got. */
export interface Claim {
  /** Token name and key, joined so that no two pairs collide. */
  readonly key: string;
  /** SHA-256 of the parsed request. */
  readonly fingerprint: string;
  /** The `data` of the first answer. */
  readonly answer: unknown;
}

export type Inserted =
  /** `held`: it is in hand here; otherwise it waits in the store until somebody takes it. */
  | { readonly kind: 'inserted'; readonly held: boolean }
  | { readonly kind: 'replayed'; readonly answer: unknown }
  | { readonly kind: 'conflict' }
  /** Nothing was stored: the store cannot be written to. */
  | { readonly kind: 'unavailable' }
  /** It may have been stored; only a repeat under the same idempotency key can tell. */
  | { readonly kind: 'unclear' };

/** What an idempotency key was used for before. */
export type Claimed = Extract<Inserted, { kind: 'replayed' | 'conflict' }>;

export interface TaskFilter {
  readonly status?: TaskStatus;
  readonly alias?: string;
  /** Tasks that were to go to this platform, or were pushed to it by name. */
  readonly platform?: string;
  /** Id of the last task of the page before. */
  readonly cursor?: string;
  readonly limit: number;
}

export interface NoticeFilter {
  readonly status?: 'unread' | 'read';
  readonly limit: number;
  readonly offset: number;
}

export interface NoticeStatistics {
  readonly total: number;
  readonly unread: number;
  readonly read: number;
  readonly by_type: Readonly<Record<string, number>>;
}

/** What happened on one day (UTC). */
export interface Day {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  readonly accepted: number;
  readonly completed: number;
  readonly failed: number;
  readonly notices: number;
  /** Targets reached and not reached, by platform. */
  readonly platforms: Readonly<Record<string, { readonly success: number; readonly failed: number }>>;
}

/** Room for tasks that wait in the store. */
export interface Room {
  /** Places that are free. */
  readonly free: number;
  /** Most places that one line may hold. */
  readonly share: number;
  /** How many each line holds. */
  readonly held: ReadonlyMap<string, number>;
}

/** One leaf of a task. */
export interface LeafRef {
  readonly task: Task;
  readonly leaf: number;
}

/** Several leaves that travel as one message. */
export interface StoredDigest {
  readonly id: string;
  readonly members: readonly { readonly task_id: string; readonly leaf: number }[];
}

/** The windows and the pause of one bot or account. */
export interface LimitBook {
  readonly key: string;
  /** @param now of the store's clock, as are the times */
  state(now: number): LimitState;
  /** Another process has used it meanwhile. */
  adopt(state: LimitState, now: number): void;
}

/** A request about to leave. Its leaves' results say so already, in their trails. */
export interface Departure {
  readonly leaves: readonly LeafRef[];
  /** The limits that count it. */
  readonly limits: readonly LimitBook[];
  readonly digest?: StoredDigest | undefined;
}

/**
 * `go`: it is recorded. `full`: another process has used up the windows of the bot; they are up to date now. `lost`: one
 * of the tasks is somebody else's by now; `onLost` has been told. Nothing may be sent in either case.
 */
export type Leave = 'go' | 'full' | 'lost';

/** One request, for one leaf. */
export interface Attempt extends LeafRef {
  readonly platform: string;
  readonly target: string;
  /** From 1. */
  readonly part: number;
  readonly parts: number;
  /** Unix time in milliseconds. */
  readonly started_at: number;
  readonly ms: number;
  readonly outcome: Outcome;
  readonly timed_out: boolean;
  readonly digest_id?: string | undefined;
}

/** What the audit found among the unfinished tasks. */
export interface Audit {
  /** Accepted tasks that are neither terminal nor anybody's, with how often each was taken up again before. */
  readonly unowned: readonly { readonly id: string; readonly taken_up: number }[];
  /** Tasks more than a minute past their deadline. */
  readonly overdue: readonly string[];
}

/** The port behind which tasks, notices and idempotency keys are kept. */
export interface Store {
  /** What it keeps outlives this process. */
  readonly durable: boolean;
  /** Other processes work on the same tasks. */
  readonly shared: boolean;
  /** Different at each start of each process on the same store; 0 for a store that forgets. */
  readonly epoch: number;
  /** Whether it can be written to, as far as is known. */
  readonly available: boolean;
  /** Milliseconds that it takes, of late, until what is recorded can be read by other processes; 0 where there are none. */
  readonly lead: number;
  /** Unix time in milliseconds by the store's own clock, which does not jump while the process runs. */
  now(): number;

  /**
   * Stores the task and claims its key, both or neither.
   * @param place whether the caller has a place for it; without one it waits in the store. Default: false
   */
  insert(task: Task, claim?: Claim, place?: boolean): Promise<Inserted>;
  /** Looks a key up without claiming it. */
  claimed(key: string, fingerprint: string): Promise<Claimed | undefined>;
  /** The task in hand itself, or else a copy of what is stored. */
  get(id: string): Promise<Task | undefined>;
  /** Newest first. `next_cursor` is absent on the last page. */
  list(filter: TaskFilter): Promise<{ tasks: Task[]; next_cursor?: string }>;

  /**
   * Takes tasks that wait in the store, line by line in turn, urgent ones first.
   * @returns `more`: others may be waiting
   */
  take(room: Room): Promise<{ readonly tasks: Task[]; readonly more: boolean }>;
  /** Says when tasks may be waiting, in these lines if that is known, and which one in hand is somebody else's now. */
  listen(told: {
    readonly onWaiting: (lines?: readonly string[]) => void;
    readonly onLost: (task: Task) => void;
  }): void;

  /** Records how far one leaf has come. */
  record(task: Task, leaf: number, result: Result | undefined): void;
  /** Records that a request is about to leave; it may leave when the answer is `go`. */
  begin(departure: Departure): Leave | Promise<Leave>;
  /** Records how a request ended. */
  attempted(attempt: Attempt): void;
  /** Records a changed pause. */
  paused(limit: LimitBook): void;
  /** The windows and the pause as an earlier process left them. */
  limit(key: string): LimitState | undefined;
  /** The members of a digest that an earlier process had begun to send. */
  digest(id: string): Promise<StoredDigest | undefined>;
  /**
   * Records the task's terminal state, and with it the notice that it raises. Resolves when both are safe, or when the
   * store turns out to be unavailable: then they are kept in memory until it is back.
   * @returns false: the task is somebody else's, and nothing is to be told
   */
  finish(task: Task, notice: Notice | undefined): Promise<boolean>;

  /** Removes what is older than the configuration keeps. */
  sweep(): Promise<void>;
  /**
   * Looks for tasks that nobody works on, from what is stored and nothing else.
   * @param held ids of the tasks in hand here
   */
  audit(held: readonly string[]): Promise<Audit>;
  /** Nobody works on this task: it waits to be taken again. */
  recover(id: string): Promise<void>;
  /** Takes one unfinished task away from whoever has it, to end it. Undefined: it has ended. */
  seize(id: string): Promise<Task | undefined>;
  /** The last `days` days, newest first, today included. */
  statistics(days: number): Promise<Day[]>;
  /** Runs `work` once in every period of about `seconds` seconds, in one of all processes of the store. */
  every(name: string, seconds: number, work: () => Promise<void>): void;

  addNotice(notice: Notice): Promise<void>;
  /** Every sink has had its turn with it. */
  announced(id: string): void;
  /** Notices at least `ms` milliseconds old that no sink has had its turn with. */
  unannounced(ms: number): Promise<Notice[]>;
  getNotice(id: string): Promise<Notice | undefined>;
  listNotices(filter: NoticeFilter): Promise<{ notices: Notice[]; total: number }>;
  /** False: no such notice. */
  markRead(id: string): Promise<boolean>;
  /** How many were unread. */
  markAllRead(): Promise<number>;
  removeNotice(id: string): Promise<boolean>;
  /** How many there were. */
  clearNotices(): Promise<number>;
  noticeStatistics(): Promise<NoticeStatistics>;

  /** Writes what is to be written, leaves what is in hand to whoever comes next, and closes. */
  close(): Promise<void>;
}

/** The half of it that keeps notices. */
export type Notices = Pick<
  Store,
  | 'addNotice'
  | 'announced'
  | 'unannounced'
  | 'getNotice'
  | 'listNotices'
  | 'markRead'
  | 'markAllRead'
  | 'removeNotice'
  | 'clearNotices'
  | 'noticeStatistics'
>;
