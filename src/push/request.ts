import { z } from 'zod';
import type { Field, Format, Level, Mentions, Message, Strategy, Style } from '../model.ts';
import { faultsOf } from './faults.ts';
import type { FieldFault } from './faults.ts';
import { cleanLine, cleanText } from './text.ts';
import { unknownKeys } from './warnings.ts';

/** One push as the caller meant it: defaults filled in, text cleaned. */
export interface ParsedPush {
  readonly alias: string;
  readonly strategy: Strategy;
  readonly platform?: string;
  readonly message: Message;
  readonly priority?: number;
  /** Seconds. */
  readonly expires_in?: number;
  readonly idempotency_key?: string;
}

export type ParseReply =
  | { readonly ok: true; readonly request: ParsedPush; readonly warnings: string[] }
  | { readonly ok: false; readonly faults: FieldFault[] };

const LEVELS = ['info', 'warning', 'error'] as const satisfies readonly Level[];
const STYLES = ['text', 'card'] as const satisfies readonly Style[];
const FORMATS = ['text', 'markdown'] as const satisfies readonly Format[];
const STRATEGIES = ['all', 'failover', 'webhook_failover', 'mixed', 'platform'] as const satisfies readonly Strategy[];

/** Text that still says something when it has been cleaned. Control characters and white space alone say nothing. */
const filled = (max: number) =>
  z
    .string()
    .max(max)
    .refine((text) => cleanLine(text) !== '', { error: '不能为空' });

const httpUrl = z
  .string()
  .max(2048)
  .refine((text) => text === '' || parseUrl(text) !== undefined, { error: '必须是 http 或 https 网址' });

// Lengths are UTF-16 units. They are the house's own, meant to be generous: what a platform takes is the channel's
// affair and is met by `fit`, never by refusing the push. The body limit bounds the whole.
const content = z.object({
  title: filled(1000).meta({ description: '消息标题；换行折叠为空格', example: '系统告警' }),
  msg: filled(262_144).meta({ description: '消息内容', example: '服务器CPU使用率过高' }),
  format: z
    .enum([...FORMATS, ''])
    .nullish()
    .meta({ description: '内容格式，默认 text' }),
  fields: z
    .array(z.object({ name: filled(200), value: z.string().max(4000) }))
    .max(50)
    .nullish()
    .meta({ description: '附加字段，按顺序展示' }),
  url: httpUrl.nullish().meta({ description: '详情链接，http 或 https' }),
});

const mentions = z.object({
  all: z.boolean().nullish().meta({ description: '提醒所有人' }),
  mobiles: z.array(filled(128)).max(100).nullish().meta({ description: '按手机号提醒' }),
  ids: z.array(filled(128)).max(100).nullish().meta({ description: '按平台用户 ID 提醒' }),
});

/** The body of one push. It only judges; `parsePush` fills in defaults and cleans, which is faster than transforms. */
export const pushRequest = z
  .object({
    recipient_alias: filled(256).meta({ description: '接收者别名', example: 'ops_alert' }),
    type: z
      .enum([...LEVELS, ''])
      .nullish()
      .meta({ description: '消息类型，默认 info' }),
    style: z
      .enum([...STYLES, ''])
      .nullish()
      .meta({ description: '消息样式，默认 text' }),
    strategy: z
      .enum([...STRATEGIES, ''])
      .nullish()
      .meta({ description: '推送策略，默认 failover；platform 存在时忽略' }),
    platform: z.string().max(64).nullish().meta({ description: '指定平台，存在时忽略 strategy' }),
    content: content.meta({ description: '消息内容' }),
    mentions: mentions.nullish().meta({ description: '提醒谁' }),
    priority: z.int().min(0).max(9).nullish().meta({ description: '优先级，9 最高；默认 error 8、warning 5、info 2' }),
    expires_in: z.int().min(1).max(86_400).nullish().meta({ description: '有效期（秒），代替 queue.deadline' }),
    idempotency_key: z.string().max(255).nullish().meta({ description: '幂等键，与 Idempotency-Key 请求头等效' }),
  })
  .meta({ id: 'PushRequest' });

/**
 * Reads one push.
 * @param body any JSON value
 * @returns the push, with one warning per unknown key; or every fault there is, in Chinese
 */
export function parsePush(body: unknown): ParseReply {
  const input = withoutIdleStrategy(body);
  const parsed = pushRequest.safeParse(input);
  if (!parsed.success) return { ok: false, faults: [...faultsOf(parsed.error, input), ...platformMissing(input)] };
  const { data } = parsed;
  const platform = data.platform ? cleanLine(data.platform) : '';
  if (platform === '' && data.strategy === 'platform') return { ok: false, faults: platformMissing(input) };
  const key = data.idempotency_key ? cleanLine(data.idempotency_key) : '';
  const request: Writable<ParsedPush> = {
    alias: cleanText(data.recipient_alias),
    strategy: platform === '' ? data.strategy || 'failover' : 'platform',
    message: messageOf(data),
  };
  if (platform !== '') request.platform = platform;
  if (typeof data.priority === 'number') request.priority = data.priority;
  if (typeof data.expires_in === 'number') request.expires_in = data.expires_in;
  if (key !== '') request.idempotency_key = key;
  return { ok: true, request, warnings: unknownKeys(input, data) };
}

/** Being built: assigning what is there costs a fraction of spreading what may be there (measured on the accept path). */
type Writable<T> = { -readonly [K in keyof T]: T[K] };

type Checked = z.output<typeof pushRequest>;

/** Where a platform is named the strategy does not matter, whatever stands there. */
function withoutIdleStrategy(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const { platform, strategy } = body as { platform?: unknown; strategy?: unknown };
  if (typeof platform !== 'string' || cleanLine(platform) === '' || strategy === undefined) return body;
  return { ...body, strategy: null };
}

function platformMissing(input: unknown): FieldFault[] {
  if (typeof input !== 'object' || input === null) return [];
  const { platform, strategy } = input as { platform?: unknown; strategy?: unknown };
  const blank =
    platform === undefined || platform === null || (typeof platform === 'string' && cleanLine(platform) === '');
  return blank && strategy === 'platform'
    ? [{ field: 'platform', message: 'strategy为platform时platform不能为空' }]
    : [];
}

function messageOf({ content: said, type, style, mentions: named }: Checked): Message {
  const fields = said.fields?.length ? said.fields.map(fieldOf) : undefined;
  const url = said.url ? parseUrl(said.url) : undefined;
  const whom = named ? mentionsOf(named) : undefined;
  const message: Writable<Message> = {
    title: cleanLine(said.title),
    body: cleanText(said.msg),
    level: type || 'info',
    style: style || 'text',
    format: said.format || 'text',
  };
  if (fields) message.fields = fields;
  if (url) message.url = url;
  if (whom) message.mentions = whom;
  return message;
}

const fieldOf = ({ name, value }: Field): Field => ({ name: cleanLine(name), value: cleanText(value) });

function mentionsOf(named: z.output<typeof mentions>): Mentions | undefined {
  const all = named.all ?? false;
  const mobiles = (named.mobiles ?? []).map(cleanLine);
  const ids = (named.ids ?? []).map(cleanLine);
  return all || mobiles.length > 0 || ids.length > 0 ? { all, mobiles, ids } : undefined;
}

/** The address as a browser would write it: percent-encoded, so that it is safe wherever a platform puts it. */
function parseUrl(text: string): string | undefined {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') ? url.href : undefined;
}
