/** The nouns of PushServer: types only. Every other file may import this one; it imports nothing. */

// ---- message ---------------------------------------------------------------------------------------------------

export type Level = 'info' | 'warning' | 'error';
export type Style = 'text' | 'card';
export type Format = 'text' | 'markdown';

export interface Field {
  readonly name: string;
  readonly value: string;
}

export interface Mentions {
  readonly all: boolean;
  readonly mobiles: readonly string[];
  readonly ids: readonly string[];
}

/**
 * What is to be said, in no platform's words. All text is well-formed Unicode without control characters other than
 * tab and newline; `title` is one line.
 */
export interface Message {
  readonly title: string;
  readonly body: string;
  readonly level: Level;
  readonly style: Style;
  readonly format: Format;
  readonly fields?: readonly Field[];
  readonly url?: string;
  readonly mentions?: Mentions;
  /** The platform could not read it otherwise: it goes as plain text, whatever the target is configured to send. */
  readonly plain?: true;
}

// ---- recipients ------------------------------------------------------------------------------------------------

/** Most requests within any window of that length (sliding). */
export interface Rate {
  readonly per_second?: number;
  readonly per_minute?: number;
  readonly per_hour?: number;
  readonly per_day?: number;
}

/** Most requests a target may be sent; `off` = no window, and sends in parallel. */
export type RateLimit = 'off' | Rate;

/** How requests to a target leave this machine. */
export interface Network {
  /** URL of an http, https or socks5 proxy, with its credentials: a secret. Absent: direct. */
  readonly proxy?: string;
  readonly tls?: {
    /** PEM file of the authorities to trust beside those of Node. */
    readonly ca_file?: string;
    /** Certificates are not checked. */
    readonly insecure?: boolean;
  };
}

/** One address of a channel with its configuration. Its identity is alias/platform/name. */
export interface Target {
  readonly alias: string;
  readonly platform: string;
  readonly name: string;
  /** Its own switch and that of its group. */
  readonly enabled: boolean;
  /** The channel's own configuration, already parsed by its schema. Holds secrets: never log it. */
  readonly config: unknown;
  /** The operator's limit, if one was written; else the channel's default holds. */
  readonly rate_limit?: RateLimit;
  /** Likewise of the limit that all targets of one account share. */
  readonly account_rate_limit?: RateLimit;
  /** Key of the lane: SHA-256 of channel, credential and account, so equal bots under two aliases share one. */
  readonly lane: string;
  /** Key of the account, made likewise; absent: the channel has no limit beside that of the lane. */
  readonly account?: string;
  readonly network?: Network;
}

export interface Group {
  readonly platform: string;
  readonly enabled: boolean;
  readonly targets: readonly Target[];
}

export interface Recipient {
  readonly alias: string;
  readonly name: string;
  /** In the order of the YAML file. */
  readonly groups: readonly Group[];
}

// ---- strategy and plan -----------------------------------------------------------------------------------------

export type Strategy = 'all' | 'failover' | 'webhook_failover' | 'mixed' | 'platform';

/** A leaf. `leaf` numbers the leaves of a plan from 0 in plan order; it is also the index into a task's results. */
export interface Send {
  readonly op: 'send';
  readonly leaf: number;
  readonly platform: string;
  readonly target: string;
}

/** Plain JSON. The leaves below a node always have consecutive numbers. */
export type Plan =
  | Send
  | { readonly op: 'all'; readonly branches: readonly Plan[] }
  | { readonly op: 'first'; readonly branches: readonly Plan[] };

// ---- outcomes --------------------------------------------------------------------------------------------------

export type FailureKind = 'unauthorized' | 'invalid' | 'rate_limited' | 'unavailable' | 'unknown';

export interface Remedy {
  readonly en: string;
  readonly zh: string;
}

export interface Failure {
  readonly ok: false;
  readonly kind: FailureKind;
  /** What happened, in Chinese; free of secrets once `deliver` has seen it. */
  readonly message: string;
  /** The platform's own code, e.g. "19021". */
  readonly code?: string;
  readonly remedy?: Remedy;
  /** Seconds the platform asks us to wait. */
  readonly retry_after?: number;
  /** An allowance is used up: `retry_after` is the time until it is renewed, however long. */
  readonly quota?: true;
  /** It is the account that is throttled, with all its targets, and not this target alone. */
  readonly account?: true;
  /** The platform cannot read the card: the message is worth one more try as plain text. */
  readonly as_text?: true;
  /** At most this many retries, whatever the configuration allows. */
  readonly max_retries?: number;
}

/** One of several people or devices that a message did not reach, although it reached others. */
export interface Refused {
  /** Masked. */
  readonly recipient: string;
  readonly code?: string;
  /** In Chinese. */
  readonly message: string;
}

export interface Success {
  readonly ok: true;
  readonly refused?: readonly Refused[];
  /** What did not work beside the message, in Chinese (an urgent call); the message itself has arrived. */
  readonly note?: string;
}

/** How one attempt ended. */
export type Outcome = Success | Failure;

// ---- task ------------------------------------------------------------------------------------------------------

export type TaskStatus = 'pending' | 'processing' | 'completed' | 'failed';
export type TaskOutcome = 'success' | 'partial' | 'failed';
export type ResultStatus = 'processing' | 'success' | 'failed' | 'timeout';

/** What happened at one target, as people read it in the API. */
export interface Result {
  platform: string;
  /** The target's name; `webhook` is the seed's word for it. */
  webhook: string;
  status: ResultStatus;
  message: string;
  reason?: FailureKind;
  code?: string;
  remedy?: string;
  /** Requests that went out, throttle answers not counted. */
  attempts: number;
  /** From accepting the task to this status, in milliseconds. */
  latency_ms: number;
  /** Unix time in milliseconds of the last change. */
  timestamp: number;
  late?: true;
  /** It left a throttled lane for another branch, and may be entered again. Not shown. */
  passed?: true;
  /** `false`: a copy beside the plan, which does not count towards the task's outcome. */
  counts?: false;
  digest_id?: string;
  /** Whom it did not reach, although it reached others. */
  refused?: readonly Refused[];
  /** Unix time in milliseconds until which the platform has closed this way; 0 = it has not. */
  paused_until: number;
  /** What another process would need to go on from here. Not shown. */
  trail?: Trail | undefined;
}

/** How far the message of one leaf had come when its last attempt began or ended. */
export interface Trail {
  /** An attempt is out, and how it ended is not recorded. */
  readonly sending: boolean;
  /** So many of so many parts have been accepted. */
  readonly accepted: number;
  readonly parts: number;
  /** The platform refused it as a card: it goes as plain text. */
  readonly plain: boolean;
  /** Attempts at the part in hand, the one that is out not counted. */
  readonly tries: number;
  /** The digest in which it is out. */
  readonly digest_id?: string;
}

export interface Task {
  readonly id: string;
  readonly alias: string;
  /** The recipient's display name. */
  readonly recipient: string;
  readonly strategy: Strategy;
  /** Set when the request named one platform. */
  readonly platform?: string | undefined;
  readonly message: Message;
  /** 0 to 9, highest 9. */
  readonly priority: number;
  /** `undefined` when nothing is enabled. */
  readonly plan: Plan | undefined;
  /** Copies beside the plan: the recipient's `system` entries; numbered after the leaves of the plan. */
  readonly copies: readonly Send[];
  /** `<alias>/<platform>/<target>` of its first leaf. Tasks of one line wait for each other; lines are served in turn. */
  readonly line: string;
  /** Unix times in milliseconds. */
  readonly created_at: number;
  readonly deadline: number;
  updated_at: number;
  completed_at?: number;
  status: TaskStatus;
  outcome?: TaskOutcome;
  /** By leaf number; a hole is a target that was not tried. */
  readonly results: (Result | undefined)[];
  /** Why a failed task failed, in words. */
  error?: string;
}

// ---- notice ----------------------------------------------------------------------------------------------------

/** A message to the operator: the last line of defence. Field names are the seed's. */
export interface Notice {
  readonly id: string;
  readonly title: string;
  readonly message: string;
  readonly type: Level;
  readonly strategy: Strategy;
  readonly style: Style;
  readonly source: 'PushServer-SystemNotification';
  readonly task_id: string;
  readonly reason: string;
  /** Unix time in milliseconds. */
  readonly created_at: number;
  status: 'unread' | 'read';
}

// ---- a leaf on its way -----------------------------------------------------------------------------------------

/**
 * How a leaf, or a branch of a plan, ended. `passed`: its lane would have made it wait too long while another branch
 * was left; `withdrawn`: taken back before anything was sent.
 */
export type End = 'reached' | 'passed' | 'withdrawn' | 'failed';

/** What the walk of a plan asks of one leaf. */
export interface Mode {
  /**
   * How long to stay in a throttled lane. `deadline`: to the end. `patience`: for `queue.failover_patience` seconds,
   * because another branch of a `first` is left. `turn`: to the end, but a throttle answer gives the turn to the others.
   */
  readonly stay: 'deadline' | 'patience' | 'turn';
  /** Called before each request leaves. */
  readonly began?: () => void;
}

/** One leaf on its way. */
export interface Leg {
  /** Tells one listener, once, how it ended; at once if it has. Not a promise: a hundred thousand of these may wait. */
  onEnd(told: (end: End) => void): void;
  /** Leaves the lane if sending has not begun; otherwise changes nothing. */
  withdraw(): void;
  /**
   * Its task may wait no longer: ends as failed for this reason.
   * @param force even with an attempt in hand, whose answer would else be awaited
   */
  expire(reason: string, force: boolean): void;
  /** Somebody else has the task now: sends nothing more for it, and tells nobody. */
  drop(): void;
}

/** The life of a task, as its leaves see it. */
export interface Life {
  /** Nothing new may be sent for it: its deadline has passed, or the server is stopping. */
  isOver(): boolean;
  /** A leaf that had been given up was reached after all. */
  arrivedLate(leaf: number): void;
}

/** What is known of the sends to one bot or account: enough to keep its windows and its pause across processes. */
export interface LimitState {
  /** Sends that may still count, oldest first; Unix times in milliseconds. */
  readonly times: readonly number[];
  /** End of its pause, Unix time in milliseconds; 0 = it is open. */
  readonly paused_until: number;
}

/** Sends one leaf of a task. For a leaf that is already done it returns the recorded end. */
export type Deliver = (task: Task, leaf: Send, mode: Mode, life: Life) => Leg;

// ---- ports -----------------------------------------------------------------------------------------------------

/** Time comes in as an argument. `now` is wall time and may jump; waits and windows are measured on `monotonic`. */
export interface Clock {
  /** Unix time in milliseconds. */
  now(): number;
  /** Milliseconds since some fixed moment; never goes back. */
  monotonic(): number;
  /** Calls `fn` once after `ms` milliseconds; the returned function takes that back. */
  after(ms: number, fn: () => void): () => void;
}
