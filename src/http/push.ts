import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { pushRequest } from '../push/request.ts';
import type { PreviewReply, PushReply } from '../push/reply.ts';
import { cleanLine } from '../push/text.ts';
import { done, invalid, missing, refuse } from './envelope.ts';
import type { Enveloped } from './envelope.ts';
import { defineRoute } from './route.ts';
import { accepted } from './schemas.ts';

export const LONGEST_KEY = 255;

export const KEY_DOC = { 'Idempotency-Key': '幂等键：相同的键与请求在有效期内得到第一次的回答' };

export const EXAMPLES = {
  基础推送: {
    recipient_alias: 'ops_alert',
    type: 'warning',
    strategy: 'failover',
    style: 'card',
    content: { title: '系统告警', msg: '服务器CPU使用率达到85%，请及时处理' },
  },
  指定平台推送: {
    recipient_alias: 'ops_alert',
    type: 'info',
    platform: 'feishu',
    style: 'text',
    content: { title: '部署通知', msg: '应用版本v1.2.0部署完成' },
  },
  系统通知推送: {
    recipient_alias: 'ops_alert',
    type: 'error',
    platform: 'system',
    style: 'card',
    content: { title: '紧急故障通知', msg: '数据库连接异常，需要立即处理' },
  },
};

export const ACCEPTED = {
  task_id: '0197c2a1-5b7e-7c3a-9d1e-247542bab4b6',
  recipient: '运维告警组',
  strategy: 'failover',
  style: 'card',
  type: 'warning',
  title: '系统告警',
  created_at: '2025-01-04T01:30:00Z',
};

const REFUSED = {
  404: { description: '接收者不存在', example: { recipient_alias: 'nobody' } },
  409: { description: '幂等键冲突', example: null },
  503: { description: '服务繁忙，请稍后重试；什么都没有保存', example: { retry_after: 1 } },
};

export const push = defineRoute({
  method: 'POST',
  path: '/api/v1/push',
  scope: 'push',
  tag: 'push',
  summary: 'Push one message',
  description: '发送消息到指定接收者，立即返回任务ID',
  headers: KEY_DOC,
  body: pushRequest,
  examples: EXAMPLES,
  responses: { 200: { description: '消息推送任务已创建', data: accepted, example: ACCEPTED }, ...REFUSED },
  async handle({ body, caller, headers }, { service }) {
    const key = keyOf(headers);
    return key.length > LONGEST_KEY ? KEY_TOO_LONG : answerTo(await service.push(body, caller, key || undefined));
  },
});

export const preview = defineRoute({
  method: 'POST',
  path: '/api/v1/push/preview',
  scope: 'push',
  tag: 'push',
  summary: 'Show what a push would do; nothing is sent',
  description: '预览推送：计划、各目标的预计等待与渲染后的内容（密钥已隐藏），不发送任何消息',
  body: pushRequest,
  examples: EXAMPLES,
  responses: {
    200: {
      description: '推送预览成功',
      data: z.object({
        recipient: z.string(),
        strategy: z.string(),
        plan: z.unknown(),
        targets: z.array(
          z.object({
            platform: z.string(),
            webhook: z.string(),
            forecast: z.number().meta({ description: '预计等待秒数' }),
            payloads: z.array(z.unknown()).optional(),
            error: z.string().optional(),
          }),
        ),
        warnings: z.array(z.string()).optional(),
      }),
    },
    404: REFUSED[404],
  },
  async handle({ body }, { service }) {
    return answerTo(await service.preview(body));
  },
});

/** What the push service says, said over HTTP. */
export function answerTo(reply: PushReply | PreviewReply): Enveloped {
  switch (reply.kind) {
    case 'accepted':
      return done('消息推送任务已创建', reply.answer, reply.replayed ? { 'Idempotency-Replayed': 'true' } : undefined);
    case 'preview':
      return done('推送预览成功', reply.data);
    case 'invalid':
      return invalid(reply.faults);
    case 'unknown_recipient':
      return missing('接收者不存在', { recipient_alias: reply.alias });
    case 'unavailable':
      return refuse(
        503,
        { error: '存储暂不可用，消息未保存，请稍后重试', retry_after: reply.retry_after },
        retryAfter(reply),
      );
    case 'unclear':
      return refuse(
        503,
        {
          error: '与存储的连接中断，无法确认消息是否已保存：请使用相同的幂等键重试',
          task_id: reply.task_id,
          retry_after: reply.retry_after,
        },
        retryAfter(reply),
      );
    case 'conflict':
      return refuse(409, { error: '幂等键已用于另一个不同的请求' });
    default:
      return refuse(503, { retry_after: reply.retry_after }, retryAfter(reply));
  }
}

const retryAfter = ({ retry_after }: { readonly retry_after: number }) => ({
  'Retry-After': String(Math.ceil(retry_after)),
});

/** The `Idempotency-Key` header, as the same key in a body would be read; '' = none. */
export function keyOf(headers: IncomingHttpHeaders): string {
  const key = headers['idempotency-key'];
  // Node reads header bytes as Latin-1; what people send is UTF-8.
  return key === undefined ? '' : cleanLine(Buffer.from(String(key), 'latin1').toString('utf8'));
}

export const KEY_TOO_LONG = invalid([
  { field: 'Idempotency-Key', message: `Idempotency-Key不能超过${LONGEST_KEY}个字符` },
]);
