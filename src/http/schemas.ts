import { z } from 'zod';

// Shapes of what is answered, for the document at /openapi.json; the tests hold every answer against them.

const time = z.iso.datetime().meta({ description: 'ISO 8601, UTC', example: '2025-01-04T01:30:00Z' });
const level = z.enum(['info', 'warning', 'error']);
const style = z.enum(['text', 'card']);
const strategy = z.enum(['all', 'failover', 'webhook_failover', 'mixed', 'platform']);

export const fault = z
  .object({ error: z.string(), fields: z.array(z.object({ field: z.string(), message: z.string() })).optional() })
  .meta({ id: 'Fault' });

export const accepted = z
  .object({
    task_id: z.string(),
    recipient: z.string().meta({ description: '接收者名称' }),
    strategy,
    style,
    type: level,
    title: z.string(),
    created_at: time,
    warnings: z.array(z.string()).optional().meta({ description: '被忽略的未知字段' }),
  })
  .meta({ id: 'AcceptedPush' });

export const result = z
  .object({
    platform: z.string(),
    webhook: z.string().meta({ description: '目标名称' }),
    status: z.enum(['processing', 'success', 'failed', 'timeout']),
    message: z.string(),
    reason: z.enum(['unauthorized', 'invalid', 'rate_limited', 'unavailable', 'unknown']).optional(),
    code: z.string().optional().meta({ description: '平台返回的错误码' }),
    remedy: z.string().optional().meta({ description: '处理建议' }),
    attempts: z.int().min(0),
    latency_ms: z.number().min(0),
    timestamp: time,
    late: z.literal(true).optional().meta({ description: '超时之后才收到的成功应答' }),
    counts: z.literal(false).optional().meta({ description: '计划之外的副本，不影响任务结果' }),
    digest_id: z.string().optional().meta({ description: '合并到哪条摘要消息' }),
    refused: z
      .array(z.object({ recipient: z.string(), code: z.string().optional(), message: z.string() }))
      .optional()
      .meta({ description: '部分送达时未送达的接收人（已脱敏）' }),
    paused_until: time.optional().meta({ description: '平台限流，通道暂停到何时' }),
  })
  .meta({ id: 'Result' });

export const taskStatus = z.enum(['pending', 'processing', 'completed', 'failed']);

export const task = z
  .object({
    task_id: z.string(),
    status: taskStatus,
    outcome: z.enum(['success', 'partial', 'failed']).nullable(),
    recipient: z.string(),
    strategy,
    style,
    type: level,
    title: z.string(),
    platform: z.string().optional(),
    created_at: time,
    updated_at: time,
    completed_at: time.optional(),
    deadline: time,
    progress: z.object({ total: z.int(), success: z.int(), failed: z.int(), pending: z.int() }),
    results: z.array(result),
    error: z.string().optional(),
  })
  .meta({ id: 'Task' });

export const notice = z
  .object({
    id: z.string(),
    title: z.string(),
    message: z.string(),
    type: level,
    strategy,
    style,
    source: z.literal('PushServer-SystemNotification'),
    task_id: z.string(),
    reason: z.string(),
    created_at: time,
    status: z.enum(['unread', 'read']),
  })
  .meta({ id: 'Notification' });

/** A page size that forgives: what is not a whole number of 1 to 1000 is 50. */
export const limit = z.coerce
  .number()
  .int()
  .min(1)
  .max(1000)
  .catch(50)
  .default(50)
  .meta({ description: '每页数量，1–1000，默认 50', type: 'integer', minimum: 1, maximum: 1000, default: 50 });
