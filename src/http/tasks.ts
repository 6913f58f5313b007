import { z } from 'zod';
import { taskView } from '../push/view.ts';
import { done, missing } from './envelope.ts';
import { defineRoute } from './route.ts';
import { limit, task, taskStatus } from './schemas.ts';

/** Longest wait for a task, in seconds. */
const LONGEST_WAIT = 30;

const EXAMPLE = {
  task_id: '0197c2a1-5b7e-7c3a-9d1e-247542bab4b6',
  status: 'completed',
  outcome: 'success',
  recipient: '运维告警组',
  strategy: 'failover',
  style: 'card',
  type: 'warning',
  title: '系统告警',
  created_at: '2025-01-04T01:30:00Z',
  updated_at: '2025-01-04T01:30:08Z',
  completed_at: '2025-01-04T01:30:08Z',
  deadline: '2025-01-04T01:45:00Z',
  progress: { total: 2, success: 1, failed: 1, pending: 0 },
  results: [
    {
      platform: 'email',
      webhook: '运维邮箱',
      status: 'failed',
      message: 'SMTP服务器连接失败',
      reason: 'unavailable',
      attempts: 3,
      latency_ms: 5012,
      timestamp: '2025-01-04T01:30:05Z',
    },
    {
      platform: 'feishu',
      webhook: '告警机器人',
      status: 'success',
      message: '消息发送成功',
      attempts: 1,
      latency_ms: 8034,
      timestamp: '2025-01-04T01:30:08Z',
    },
  ],
};

const optional = z
  .string()
  .max(256)
  .optional()
  .transform((text) => text || undefined);

export const getTask = defineRoute({
  method: 'GET',
  path: '/api/v1/task/:task_id',
  scope: 'read',
  tag: 'tasks',
  summary: 'One task, or its end',
  description: '查询推送任务的执行状态和结果；wait 大于 0 时，任务结束或等待期满才返回',
  params: z.object({ task_id: z.string().meta({ description: '任务ID' }) }),
  query: z.object({
    wait: z.coerce
      .number()
      .min(0)
      .default(0)
      .transform((seconds) => Math.min(seconds, LONGEST_WAIT))
      .meta({ description: `最多等待的秒数，上限 ${LONGEST_WAIT}`, type: 'number', minimum: 0, maximum: LONGEST_WAIT }),
  }),
  responses: {
    200: { description: '任务查询成功', data: task, example: EXAMPLE },
    404: { description: '任务不存在', example: { task_id: 'invalid-task-id' } },
  },
  async handle({ params, query }, { store, wait }) {
    const found = await wait(params.task_id, query.wait * 1000);
    return found === undefined
      ? missing('任务不存在', { task_id: params.task_id })
      : done('任务查询成功', taskView(found, store.now()));
  },
});

export const listTasks = defineRoute({
  method: 'GET',
  path: '/api/v1/tasks',
  scope: 'read',
  tag: 'tasks',
  summary: 'Tasks, newest first',
  description: '任务列表，最新的在前',
  query: z.object({
    status: z.preprocess((text) => text || undefined, taskStatus.optional()).meta({ description: '任务状态' }),
    recipient: optional.meta({ description: '接收者别名' }),
    platform: optional.meta({ description: '平台' }),
    cursor: optional.meta({ description: '上一页的 next_cursor' }),
    limit,
  }),
  responses: {
    200: {
      description: '获取任务列表成功',
      data: z.object({ tasks: z.array(task), next_cursor: z.string().nullable() }),
      example: { tasks: [EXAMPLE], next_cursor: null },
    },
  },
  async handle({ query }, { store }) {
    const { tasks, next_cursor } = await store.list({
      limit: query.limit,
      ...(query.status && { status: query.status }),
      ...(query.recipient && { alias: query.recipient }),
      ...(query.platform && { platform: query.platform }),
      ...(query.cursor && { cursor: query.cursor }),
    });
    const now = store.now();
    return done('获取任务列表成功', {
      tasks: tasks.map((found) => taskView(found, now)),
      next_cursor: next_cursor ?? null,
    });
  },
});
