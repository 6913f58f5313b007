/** The rows of the tables. Times are Unix milliseconds; flags are 0 or 1; what is JSON says so. */

export interface TaskRow {
  readonly id: string;
  readonly alias: string;
  readonly recipient: string;
  readonly strategy: string;
  readonly platform: string | null;
  /** JSON. */
  readonly message: string;
  readonly priority: number;
  /** JSON. */
  readonly plan: string | null;
  /** JSON. */
  readonly copies: string;
  readonly line: string;
  readonly urgent: number;
  readonly created_at: number;
  readonly deadline: number;
  readonly updated_at: number;
  readonly completed_at: number | null;
  readonly status: string;
  /** The status once it is terminal: only that is indexed, so that what changes on the way touches no index. */
  readonly ended: string | null;
  readonly outcome: string | null;
  readonly error: string | null;
  /** JSON; null where a leaf has not been tried. */
  readonly results: string;
  /** Who may write: -1 nobody yet; otherwise the number that its owner was given when it took the task. */
  readonly lease: number;
  /** How often the audit found it without an owner. */
  readonly taken_up: number;
}

export interface PlatformRow {
  readonly platform: string;
  readonly task_id: string;
}

export interface ClaimRow {
  readonly key: string;
  readonly fingerprint: string;
  readonly task_id: string;
  /** JSON. */
  readonly answer: string;
  readonly at: number;
}

/** How far a task has come; written only while `lease` is that of the task. */
export interface UpdateRow {
  readonly id: string;
  readonly lease: number;
  readonly status: string;
  readonly ended: string | null;
  readonly outcome: string | null;
  readonly error: string | null;
  readonly results: string;
  readonly updated_at: number;
  readonly completed_at: number | null;
}

export interface AttemptRow {
  readonly task_id: string;
  readonly lease: number;
  readonly leaf: number;
  readonly started_at: number;
  readonly part: number;
  readonly parts: number;
  readonly platform: string;
  readonly target: string;
  readonly ms: number;
  /** `ok`, or the kind of failure. */
  readonly outcome: string;
  readonly code: string | null;
  readonly message: string | null;
  readonly timed_out: number;
  readonly digest_id: string | null;
}

export interface LimitRow {
  readonly key: string;
  /** Counts the writes; a write that names another one than is stored comes too late. */
  readonly version: number;
  /** JSON. */
  readonly times: string;
  readonly paused_until: number;
}

export interface DigestRow {
  readonly id: string;
  /** JSON. */
  readonly members: string;
  readonly created_at: number;
}

export interface NoticeRow {
  readonly id: string;
  readonly title: string;
  readonly message: string;
  readonly type: string;
  readonly strategy: string;
  readonly style: string;
  readonly task_id: string;
  readonly reason: string;
  readonly created_at: number;
  readonly status: string;
  /** Every sink has had its turn. */
  readonly announced: number;
}

export interface CountRow {
  /** `YYYY-MM-DD`, UTC. */
  readonly day: string;
  /** Of the process that counts: no two write the same row. */
  readonly epoch: number;
  /** `accepted`, `completed`, `failed`, `notices`, `success/<platform>`, `failed/<platform>`. */
  readonly what: string;
  readonly count: number;
}

export interface Tables {
  tasks: TaskRow;
  task_platforms: PlatformRow;
  claims: ClaimRow;
  attempts: Omit<AttemptRow, 'lease'>;
  limits: LimitRow & { readonly updated_at: number };
  digests: DigestRow;
  notices: NoticeRow;
  counts: CountRow;
  starts: { readonly epoch: number; readonly at: number };
}
