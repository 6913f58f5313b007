import type { z } from 'zod';
import type { Failure, FailureKind, Format, Message, Outcome, Rate, RateLimit, Remedy, Success } from '../model.ts';

/** One way of measuring a rendered payload. */
export interface SizeLimit {
  /** `body`: the whole payload as JSON; otherwise a dotted path into the payload. A path that is absent measures 0. */
  readonly of: string;
  readonly max: number;
  readonly unit: SizeUnit;
}

/**
 * `bytes` of UTF-8, `chars` (UTF-16 units, never too generous where a platform leaves the unit open), or `code_points`
 * where the platform says that it counts those.
 */
export type SizeUnit = 'bytes' | 'chars' | 'code_points';

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

/** A line of a platform's error table. */
export interface CodeRule {
  readonly kind: FailureKind;
  readonly remedy: Remedy;
  /** Seconds to pause where the platform documents the time; an hour for a used-up allowance whose renewal is not known. */
  readonly pause?: number;
  readonly max_retries?: number;
  /** An allowance is used up: seconds until it is renewed. */
  readonly quota?: (now: Date) => number;
  readonly account?: true;
  readonly as_text?: true;
}

/** What a platform's table says of a code; `text` is the platform's own message, for codes that mean two things. */
export type CodeTable = Readonly<Record<string, CodeRule | ((text: string) => CodeRule)>>;

/**
 * Reads the verdict of a platform that answers JSON with a numeric or string code, whatever the HTTP status says.
 * @param codeKey where the code is, e.g. `errcode`. `ok` is success; a listed code follows its rule; any other is
 *   `unavailable` with one retry at most. A reply without the code is judged by its HTTP status.
 */
export function classifyByCode(
  codeKey: string,
  textKey: string,
  table: CodeTable,
  ok: string | number = 0,
): (reply: HttpReply, now: Date) => Outcome {
  return (reply, now) => {
    const json = parseObject(reply.body);
    const code = json?.[codeKey];
    if (typeof code !== 'number' && typeof code !== 'string') return classifyStatus(reply, now);
    if (code === ok && reply.status < 300) return { ok: true };
    if (code === ok) return classifyStatus(reply, now);
    const text = typeof json?.[textKey] === 'string' ? json[textKey] : '';
    return judge(table, String(code), text, reply, now);
  };
}

/**
 * What a platform's table says of a code it answered.
 * @param text the platform's own message; the first 500 characters are kept
 */
export function judge(table: CodeTable, code: string, text: string, reply: HttpReply, now: Date): Failure {
  const entry = Object.hasOwn(table, code) ? table[code] : undefined;
  if (entry === undefined && reply.status >= 400) return { ...classifyStatus(reply, now), code };
  const rule = entry === undefined ? UNLISTED : typeof entry === 'function' ? entry(text) : entry;
  return failureOf(rule, { code, message: text, reply, now });
}

/**
 * The verdict of an HTTP status alone, for replies in which the platform itself did not speak.
 * A 2xx is `unknown`: without the platform's own word nobody can say that the message arrived.
 */
export function classifyStatus(reply: HttpReply, now: Date): Failure {
  const { status } = reply;
  const rule = STATUS_RULES.find((r) => r.test(status))!;
  return failureOf(rule, { code: `HTTP ${status}`, message: rule.message, reply, now });
}

/** The failure that a rule makes of an answer. */
export function failureOf(
  rule: CodeRule,
  said: { readonly code: string; readonly message: string; readonly reply: HttpReply; readonly now: Date },
): Failure {
  const { pause, max_retries, quota, account, as_text } = rule;
  const retry_after = quota?.(said.now) ?? pause ?? retryAfter(said.reply, said.now);
  return {
    ok: false,
    kind: rule.kind,
    code: said.code,
    message: said.message.slice(0, 500) || '平台返回错误',
    remedy: rule.remedy,
    ...(retry_after === undefined ? {} : { retry_after }),
    ...(max_retries === undefined ? {} : { max_retries }),
    ...(quota && { quota: true }),
    ...(account && { account }),
    ...(as_text && { as_text }),
  };
}

/** RFC 9110: seconds (decimals accepted) or an HTTP date. Negative values become 0. Seconds, or undefined. */
export function retryAfter(reply: HttpReply, now: Date): number | undefined {
  const raw = [reply.headers['retry-after']].flat()[0]?.trim();
  if (!raw) return undefined;
  const seconds = /^[+-]?\d+(\.\d+)?$/.test(raw) ? Number(raw) : (Date.parse(raw) - now.getTime()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}

/** The JSON object in a reply's body, or undefined. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const UNLISTED: CodeRule = {
  kind: 'unavailable',
  max_retries: 1,
  remedy: {
    en: 'The platform answered a code that its documentation does not list; look it up at the provider.',
    zh: '平台返回了文档未列出的错误码，请查阅平台官方文档',
  },
};

const STATUS_RULES: readonly (CodeRule & { test: (status: number) => boolean; message: string })[] = [
  {
    test: (s) => s >= 200 && s < 300,
    kind: 'unknown',
    message: '平台应答无法识别',
    remedy: {
      en: 'The reply was not the platform’s JSON; check that the URL is the platform’s and that no proxy answers for it.',
      zh: '应答不是平台的 JSON：检查地址是否正确、是否有代理或登录页代答',
    },
  },
  {
    test: (s) => s === 401 || s === 403,
    kind: 'unauthorized',
    message: '平台拒绝访问',
    remedy: { en: 'Check the token, the secret and the IP allow-list.', zh: '检查令牌、密钥与 IP 白名单' },
  },
  {
    test: (s) => s === 429,
    kind: 'rate_limited',
    message: '平台限流',
    remedy: { en: 'Sent too fast; the lane pauses by itself.', zh: '发送过快，通道已自动暂停' },
  },
  {
    test: (s) => s === 408 || s === 425 || s >= 500,
    kind: 'unavailable',
    message: '平台暂时不可用',
    remedy: {
      en: 'The platform has a fault, which automatic retries did not outlast; see its status page.',
      zh: '平台故障，自动重试仍未成功：查看平台状态页，恢复后重发',
    },
  },
  {
    test: (s) => s >= 300 && s < 400,
    kind: 'invalid',
    message: '平台返回了重定向',
    remedy: {
      en: 'The URL is not the final one; redirects are never followed.',
      zh: '地址不正确：系统不会跟随重定向，请填写最终地址',
    },
  },
  {
    test: () => true,
    kind: 'invalid',
    message: '平台拒绝了该请求',
    remedy: { en: 'Check the URL and the message.', zh: '检查推送地址与消息内容' },
  },
];
