import type { Failure, FailureKind, Outcome, Remedy } from '../model.ts';
import type { HttpReply } from './channel.ts';

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
