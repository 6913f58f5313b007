import type { FieldFault } from '../push/faults.ts';

/** The shape of every answer of the API. */
export interface Envelope {
  readonly code: number;
  readonly message: string;
  readonly data: unknown;
}

export type Headers = Readonly<Record<string, string>>;

/** The usual answer. */
export interface Enveloped {
  readonly status: number;
  readonly envelope: Envelope;
  readonly headers?: Headers;
}

/** What is sent back: an envelope, or a body of another kind. */
export type Answer =
  | Enveloped
  | {
      readonly status: number;
      /** Content type. */
      readonly type: string;
      readonly content: string | Buffer;
      readonly headers?: Headers;
    };

/** Every message of a refusal, by HTTP status. Where one status has several, this is the usual one. */
const REFUSALS = {
  400: '请求参数错误',
  401: '未授权',
  403: '权限不足',
  404: '接口不存在',
  405: '请求方法不允许',
  408: '请求超时',
  409: '幂等键冲突',
  413: '请求体过大',
  415: '不支持的内容类型',
  417: '不支持的Expect请求头',
  429: '请求过于频繁',
  431: '请求头过大',
  500: '服务器内部错误',
  503: '服务繁忙，请稍后重试',
} as const;

export type RefusalStatus = keyof typeof REFUSALS;

export const done = (message: string, data: unknown, headers?: Headers): Enveloped =>
  answer({ code: 200, message, data }, headers);

/** @param data its `error` says what is wrong in words */
export const refuse = (status: RefusalStatus, data: unknown = null, headers?: Headers): Enveloped =>
  answer({ code: status, message: REFUSALS[status], data }, headers);

/** 404 of something the caller named. */
export const missing = (message: string, data: unknown): Enveloped => answer({ code: 404, message, data });

/** 400 that names every fault; the first one is also `error`, as in the original API. */
export const invalid = (faults: readonly FieldFault[]): Enveloped =>
  refuse(400, { error: faults[0]?.message ?? REFUSALS[400], fields: faults });

/** A JSON body without the envelope. */
export const bare = (status: number, body: unknown): Answer => ({
  status,
  type: 'application/json; charset=utf-8',
  content: JSON.stringify(body),
});

const answer = (envelope: Envelope, headers?: Headers): Enveloped =>
  headers === undefined ? { status: envelope.code, envelope } : { status: envelope.code, envelope, headers };
