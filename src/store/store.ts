import type { Notice, Result, Task, TaskStatus } from '../model.ts';

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
  | { readonly kind: 'inserted' }
  | { readonly kind: 'replayed'; readonly answer: unknown }
  | { readonly kind: 'conflict' };

export interface TaskFilter {
  readonly status?: TaskStatus;
  readonly alias?: string;
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

/** The port behind which tasks, notices and idempotency keys are kept. */
export interface Store {
  /** Stores the task and claims its key, both or neither. */
  insert(task: Task, claim?: Claim): Promise<Inserted>;
  /** Looks a key up without claiming it. */
  claimed(key: string, fingerprint: string): Promise<Exclude<Inserted, { kind: 'inserted' }> | undefined>;
  get(id: string): Promise<Task | undefined>;
  /** Newest first. `next_cursor` is absent on the last page. */
  list(filter: TaskFilter): Promise<{ tasks: Task[]; next_cursor?: string }>;
  /** Records how far one leaf has come. */
  record(task: Task, leaf: number, result: Result | undefined): Promise<void>;
  /** Records the task's terminal state. */
  finish(task: Task): Promise<void>;
  /** Removes what is older than the configuration keeps. */
  sweep(): Promise<void>;

  addNotice(notice: Notice): Promise<void>;
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
}
