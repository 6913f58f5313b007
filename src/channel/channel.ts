import type { z } from 'zod';
import type { Failure, FailureKind, Format, Message, Outcome, RateLimit, Remedy } from '../model.ts';

/** One way of measuring a rendered payload. */
export interface SizeLimit {
  /** `body`: the whole payload as JSON; otherwise a dotted path into the payload. A path that is absent measures 0. */
  readonly of: string;
  readonly max: number;
  /** `bytes` of UTF-8, or `chars` (UTF-16 units, never too generous where a platform leaves the unit open). */
  readonly unit: 'bytes' | 'chars';
}

export interface Limits {
  /** All of them hold; a message that breaks one is split into parts. */
  readonly size: readonly SizeLimit[];
  /** The longest title; a longer one is cut with an ellipsis before rendering. */
  readonly title: { readonly max: number; readonly unit: 'bytes' | 'chars' };
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
  /** Decoded as UTF-8 and capped at 64 KiB. */
  readonly body: string;
}

/** What `deliver` lends a driver for one attempt. */
export interface ChannelIo {
  /** Sends one request. Throws a SendError when no reply came; `deliver` catches it. */
  http(request: HttpRequest): Promise<HttpReply>;
  /** A token kept until `expires_in` seconds; twenty callers at once fetch one. `drop` forgets it. */
  token(key: string, fetch: () => Promise<{ value: string; expires_in: number }>): Promise<string>;
  dropToken(key: string): void;
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
  /** What makes two targets the same way out: the credential (URL or token). Hashed before it leaves the process. */
  credential(config: z.output<S>): string;
  /** Pure. */
  render(message: Message, config: z.output<S>, now: Date): P;
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

/** A line of a platform's error table. */
export interface CodeRule {
  readonly kind: FailureKind;
  readonly remedy: Remedy;
  /** Seconds to pause; for a quota, or where the platform documents the time. */
  readonly pause?: number;
  readonly max_retries?: number;
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
): (reply: HttpReply) => Outcome {
  return (reply) => {
    const json = parseObject(reply.body);
    const code = json?.[codeKey];
    if (typeof code !== 'number' && typeof code !== 'string') return classifyStatus(reply);
    if (code === ok && reply.status < 300) return { ok: true };
    if (code === ok) return classifyStatus(reply);
    const text = typeof json?.[textKey] === 'string' ? json[textKey] : '';
    const entry = Object.hasOwn(table, String(code)) ? table[String(code)] : undefined;
    if (entry === undefined && reply.status >= 400) return { ...classifyStatus(reply), code: String(code) };
    const rule = entry === undefined ? UNLISTED : typeof entry === 'function' ? entry(text) : entry;
    return fail(rule, { code: String(code), message: text, retry_after: rule.pause ?? retryAfter(reply) });
  };
}

/**
 * The verdict of an HTTP status alone, for replies in which the platform itself did not speak.
 * A 2xx is `unknown`: without the platform's own word nobody can say that the message arrived.
 */
export function classifyStatus(reply: HttpReply): Failure {
  const { status } = reply;
  const rule = STATUS_RULES.find((r) => r.test(status))!;
  return fail(rule, { code: `HTTP ${status}`, message: rule.message, retry_after: retryAfter(reply) });
}

function fail(rule: CodeRule, said: { code: string; message: string; retry_after: number | undefined }): Failure {
  return {
    ok: false,
    kind: rule.kind,
    code: said.code,
    message: said.message.slice(0, 500) || '平台返回错误',
    remedy: rule.remedy,
    ...(said.retry_after === undefined ? {} : { retry_after: said.retry_after }),
    ...(rule.max_retries === undefined ? {} : { max_retries: rule.max_retries }),
  };
}

/** RFC 9110: seconds (decimals accepted) or an HTTP date. Negative values become 0. Seconds, or undefined. */
export function retryAfter(reply: HttpReply, now = Date.now()): number | undefined {
  const raw = [reply.headers['retry-after']].flat()[0]?.trim();
  if (!raw) return undefined;
  const seconds = /^[+-]?\d+(\.\d+)?$/.test(raw) ? Number(raw) : (Date.parse(raw) - now) / 1000;
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
