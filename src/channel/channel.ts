import type { z } from 'zod';
import type { Failure, Format, Message, Outcome, Rate, RateLimit, Success } from '../model.ts';

/** One way of measuring a rendered payload. */
export interface SizeLimit {
  /** `body`: the whole payload as JSON; otherwise a dotted path into the payload. A path that is absent measures 0. */
  readonly of: string;
  readonly max: number;
  readonly unit: SizeUnit;
}

/**
 * `bytes` of UTF-8, `go_bytes` where a server written in Go passes it on as JSON (`<`, `>` and `&` are six each), `chars` (UTF-16 units, never too generous where a platform leaves the unit open), or `code_points`
 * where the platform says that it counts those.
 */
export type SizeUnit = 'bytes' | 'go_bytes' | 'chars' | 'code_points';

export interface Limits {
  /** All of them hold; a message that breaks one is split into parts. */
  readonly size: readonly SizeLimit[];
  /** The longest title; a longer one is cut with an ellipsis before rendering. */
  readonly title: { readonly max: number; readonly unit: SizeUnit };
  /**
   * Most parts of one message, beside `fit.max_parts`: 1 where a second one would be a second telephone call or a second
   * incident. What does not fit is cut, and says so.
   */
  readonly parts?: number;
  /** Default windows, below the official figures. */
  readonly rate: RateLimit;
  /** How long a lane pauses after a throttle answer that names no time: seconds, doubling from `base` up to `max`. */
  readonly throttle: { readonly base: number; readonly max: number };
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpReply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Decoded as UTF-8 and capped at 512 KiB. */
  readonly body: string;
}

/** What `deliver` lends a driver for one attempt. */
export interface ChannelIo {
  /** Sends one request. Throws a SendError when no reply came; `deliver` catches it. */
  http(request: HttpRequest): Promise<HttpReply>;
  /**
   * A token, kept until five minutes before its end; twenty callers at once fetch one. What `fetch` throws is thrown to
   * all of them. Its own requests go through `ask`: they are no part of the message, which is still unsent if they fail.
   * @param key the whole credential, so that a changed secret has a token of its own
   */
  token(key: string, fetch: (ask: ChannelIo['http']) => Promise<Token>): Promise<string>;
  /** Forgets this token, unless another one has taken its place. */
  dropToken(key: string, value: string): void;
  /** The message has arrived: whatever the driver does from now on (an urgent call) can only add to this. */
  accepted(success: Success): void;
  /** A pooled thing (an SMTP transport), opened once per key and closed when unused or at the end. */
  resource<R>(key: string, open: () => R, close: (resource: R) => void | Promise<void>): R;
  /**
   * For a driver that does not speak through `http`: false = nothing that could arrive has left yet, true = from now on
   * it may arrive. Decides whether an attempt whose time runs out was `unavailable` or `unknown`.
   */
  sent?(sent: boolean): void;
  /** Aborted when nobody waits for this attempt any more. */
  readonly signal: AbortSignal;
  /** Whole milliseconds one attempt may take. */
  readonly timeout_ms: number;
  /** The time to sign with; taken anew for each attempt. */
  now(): Date;
  /** The same value on every attempt of this part of this message at this target: the idempotency value. */
  readonly id: string;
  /** Which part of a long message this is, from 0. */
  readonly part: number;
}

export interface Token {
  readonly value: string;
  /** Seconds. */
  readonly expires_in: number;
}

/** A limit that all targets of one account share, beside the one that each of them has. */
export interface AccountLimit<C> {
  /** What makes two targets the same account; hashed before it leaves the process. */
  key(config: C): string;
  /** Its windows, below the official figures. The operator's `account_rate_limit` is put over it. */
  readonly rate: Rate;
}

/** A driver: how to speak to one provider. One file in `src/channels/`, its default export. */
export interface Channel<S extends z.ZodType = z.ZodType, P = unknown> {
  /** = file name = `platform` in the API and YAML. */
  readonly name: string;
  readonly label: { readonly en: string; readonly zh: string };
  /** The provider's own page. */
  readonly docs: string;
  /** The configuration of one target; strict; secrets carry `.meta({ secret: true })`. */
  readonly config: S;
  /** The seed's name of this channel's list of targets, beside `targets`: `webhooks` or `recipients`. */
  readonly list?: string;
  readonly capabilities: {
    readonly formats: readonly Format[];
    readonly card: boolean;
    readonly mentions: boolean;
    readonly idempotent: boolean;
  };
  readonly limits: Limits;
  /** Speaks something other than HTTP: neither proxies nor TLS settings of HTTP apply. */
  readonly wire?: 'smtp';
  /** The operator's users may choose its addresses: private networks are refused unless `security.allow_networks` has them. */
  readonly guarded?: true;
  readonly account?: AccountLimit<z.output<S>>;
  /** What makes two targets the same way out: the credential (URL or token). Hashed before it leaves the process. */
  credential(config: z.output<S>): string;
  /** Telephone numbers and ids of people in the configuration: masked wherever a platform's answer repeats them. */
  people?(config: z.output<S>): readonly string[];
  /**
   * Pure.
   * @param id of the task, or of the digest, for platforms that show it or tell repeats apart by it
   */
  render(message: Message, config: z.output<S>, now: Date, id: string): P;
  /** The only I/O. Need not catch. */
  send(payload: P, config: z.output<S>, io: ChannelIo): Promise<Outcome>;
}

/** Typed identity: keeps the schema's type inside the driver and forgets it outside. */
export const defineChannel = <S extends z.ZodType, P>(channel: Channel<S, P>): Channel => channel;

/** No reply came. `sent`: whether a byte of the request may have reached the platform. */
export class SendError extends Error {
  readonly sent: boolean;
  /** The system's word for it, e.g. `ECONNREFUSED`. */
  readonly code: string | undefined;
  constructor(message: string, sent: boolean, code?: string) {
    super(message);
    this.name = 'SendError';
    this.sent = sent;
    this.code = code;
  }
}

/** Ends an attempt with this failure, from wherever it is known: a token that the platform refuses to give, an address that may not be dialled. */
export class FailureError extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.name = 'FailureError';
    this.failure = failure;
  }
}
