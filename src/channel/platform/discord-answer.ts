import type { Outcome } from '../../model.ts';
import type { HttpReply } from '../channel.ts';
import { type CodeTable, classifyStatus, failureOf, judge, parseObject } from '../classify.ts';
import { headerNumber } from '../header-number.ts';
import { rule } from '../rule.ts';
import { EMPTY, TOO_LARGE } from '../usual-rules.ts';

/** The verdict in the answer to a webhook that was asked to wait: the message that was made, or a code. */
export function classifyDiscord(reply: HttpReply, now: Date): Outcome {
  const json = parseObject(reply.body);
  if (reply.status === 429) return throttled(json, reply, now);
  if (reply.status < 300 && typeof json?.['id'] === 'string' && json['id'] !== '') return { ok: true };
  const code = json?.['code'];
  // The general code of an answer that has no other.
  if (typeof code !== 'number' || code === 0) return classifyStatus(reply, now);
  return judge(TABLE, String(code), typeof json?.['message'] === 'string' ? json['message'] : '', reply, now);
}

/** A throttle may be that of everything sent from here: then all webhooks wait. */
function throttled(json: Record<string, unknown> | undefined, reply: HttpReply, now: Date): Outcome {
  const code = typeof json?.['code'] === 'number' && json['code'] !== 0 ? String(json['code']) : 'HTTP 429';
  const message = typeof json?.['message'] === 'string' ? json['message'] : '';
  const pause = pauseIn(json, reply, now);
  const isGlobal = json?.['global'] === true || reply.headers['x-ratelimit-global'] === 'true';
  const entry = { ...TOO_FAST, ...(pause !== undefined && { pause }), ...(isGlobal && { account: true as const }) };
  return failureOf(entry, { code, message, reply, now });
}

/**
 * Seconds with decimals: `retry_after`, which is more exact than `Retry-After`, its value rounded up; where neither is,
 * the time of the bucket, as a span or as Unix time.
 */
function pauseIn(json: Record<string, unknown> | undefined, reply: HttpReply, now: Date): number | undefined {
  const stated = json?.['retry_after'];
  if (typeof stated === 'number' && Number.isFinite(stated)) return Math.max(0, stated);
  if (reply.headers['retry-after'] !== undefined) return undefined;
  const after = headerNumber(reply, 'x-ratelimit-reset-after');
  const seconds = Number.isNaN(after) ? headerNumber(reply, 'x-ratelimit-reset') - now.getTime() / 1000 : after;
  return seconds > 0 ? seconds : undefined;
}

const TOO_FAST = rule(
  'rate_limited',
  '发送过快被 Discord 限流，通道按其要求的时间自动暂停；若常见，请合并消息或调低 rate_limit',
  'Discord throttles this webhook; the lane pauses as long as it asks for. If it happens often, merge messages or lower rate_limit.',
);
const BAD_BODY = rule(
  'invalid',
  'Discord 不接受该消息的格式：改用 style: text，并检查 username、avatar_url 与链接',
  'Discord refuses the form of the message: use style: text, and check username, avatar_url and the link.',
  { as_text: true },
);
const THREAD = rule(
  'invalid',
  '话题设置与频道不符：论坛频道须且只能设置 thread_id 或 thread_name 之一，普通频道不能设置 thread_name',
  'Thread settings do not suit the channel: a forum needs exactly one of thread_id and thread_name, other channels take no thread_name.',
);
const GONE = rule(
  'unauthorized',
  'Webhook 已被删除，请勿再使用：在频道「设置 → 整合 → Webhook」中新建，并更新 url',
  'The webhook was deleted; stop using it: make a new one under the channel’s Settings → Integrations → Webhooks, and update url.',
);

/** docs.discord.com/developers/topics/opcodes-and-status-codes */
const TABLE: CodeTable = {
  10015: GONE,
  10003: rule(
    'unauthorized',
    '频道或话题不存在：核对 thread_id，或在现有频道中新建 Webhook',
    'The channel or thread is gone: check thread_id, or make a webhook in an existing channel.',
  ),
  50027: rule(
    'unauthorized',
    'Webhook 的令牌无效：在频道「设置 → 整合 → Webhook」中重新复制 url',
    'The webhook’s token is not valid: copy url again from the channel’s Settings → Integrations → Webhooks.',
  ),
  50035: BAD_BODY,
  50109: BAD_BODY,
  50006: EMPTY,
  50083: rule(
    'invalid',
    '话题已归档且锁定：重新打开它，或更换 thread_id',
    'The thread is archived and locked: open it again, or use another thread_id.',
  ),
  220001: THREAD,
  220002: THREAD,
  220003: THREAD,
  220004: THREAD,
  40005: TOO_LARGE,
  40333: rule(
    'unavailable',
    'Discord 的防护层拦截了请求：检查代理是否改写了 User-Agent，稍后自动重试',
    'The layer before Discord blocked the request: see that no proxy rewrites the User-Agent; it is tried again later.',
    { pause: 60 },
  ),
  20016: TOO_FAST,
  20028: TOO_FAST,
  20029: TOO_FAST,
};
