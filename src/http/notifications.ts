import { z } from 'zod';
import type { Notice } from '../model.ts';
import { iso } from '../push/iso.ts';
import { done, missing } from './envelope.ts';
import type { Answer } from './envelope.ts';
import { defineRoute } from './route.ts';
import { limit, notice } from './schemas.ts';

const EXAMPLE = {
  id: 'notify_20250804090748_000001',
  title: '系统告警',
  message: '服务器CPU使用率达到85%，请及时处理',
  type: 'warning',
  strategy: 'all',
  style: 'card',
  source: 'PushServer-SystemNotification',
  task_id: '0197c2a1-5b7e-7c3a-9d1e-247542bab4b6',
  reason: '所有目标均推送失败',
  created_at: '2025-08-04T09:07:48Z',
  status: 'unread',
};

const PATH = '/api/v1/notifications';
const params = z.object({ id: z.string().meta({ description: '通知ID' }) });
const unknown = { description: '通知不存在', example: { notification_id: 'notify_0' } };
const named = z.object({ notification_id: z.string() });
const namedExample = { notification_id: EXAMPLE.id };

export const listNotifications = defineRoute({
  method: 'GET',
  path: PATH,
  scope: 'read',
  tag: 'notifications',
  summary: 'System notifications, newest first',
  description: '获取系统通知列表，支持分页和状态筛选，最新的在前',
  query: z.object({
    status: z
      .preprocess((text) => text || 'all', z.enum(['unread', 'read', 'all']))
      .meta({ description: '通知状态，默认 all', default: 'all' }),
    limit,
    offset: z.coerce
      .number()
      .int()
      .min(0)
      .catch(0)
      .default(0)
      .meta({ description: '偏移量，默认 0', type: 'integer', minimum: 0, default: 0 }),
  }),
  responses: {
    200: {
      description: '获取系统通知成功',
      data: z.object({
        notifications: z.array(notice),
        pagination: z.object({ total: z.int(), limit: z.int(), offset: z.int(), count: z.int() }),
      }),
      example: { notifications: [EXAMPLE], pagination: { total: 1, limit: 50, offset: 0, count: 1 } },
    },
  },
  async handle({ query }, { store }) {
    const { status, limit: most, offset } = query;
    const found = await store.listNotices({ limit: most, offset, ...(status !== 'all' && { status }) });
    return done('获取系统通知成功', {
      notifications: found.notices.map(noticeView),
      pagination: { total: found.total, limit: most, offset, count: found.notices.length },
    });
  },
});

export const notificationStatistics = defineRoute({
  method: 'GET',
  path: `${PATH}/statistics`,
  scope: 'read',
  tag: 'notifications',
  summary: 'Counts of notifications',
  description: '获取通知统计',
  responses: {
    200: {
      description: '获取通知统计成功',
      data: z.object({
        statistics: z.object({
          total: z.int(),
          unread: z.int(),
          read: z.int(),
          by_type: z.record(z.string(), z.int()),
        }),
      }),
      example: { statistics: { total: 5, unread: 2, read: 3, by_type: { error: 2, warning: 2, info: 1 } } },
    },
  },
  async handle(_ask, { store }) {
    return done('获取通知统计成功', { statistics: await store.noticeStatistics() });
  },
});

export const getNotification = defineRoute({
  method: 'GET',
  path: `${PATH}/:id`,
  scope: 'read',
  tag: 'notifications',
  summary: 'One notification',
  description: '获取单个通知',
  params,
  responses: { 200: { description: '获取系统通知成功', data: notice, example: EXAMPLE }, 404: unknown },
  async handle({ params: { id } }, { store }) {
    const found = await store.getNotice(id);
    return found === undefined ? unknownNotice(id) : done('获取系统通知成功', noticeView(found));
  },
});

export const readAllNotifications = defineRoute({
  method: 'PUT',
  path: `${PATH}/read-all`,
  scope: 'admin',
  tag: 'notifications',
  summary: 'Mark all notifications as read',
  description: '标记所有通知为已读',
  responses: {
    200: {
      description: '所有通知已标记为已读',
      data: z.object({ marked_count: z.int() }),
      example: { marked_count: 2 },
    },
  },
  async handle(_ask, { store }) {
    return done('所有通知已标记为已读', { marked_count: await store.markAllRead() });
  },
});

export const readNotification = defineRoute({
  method: 'PUT',
  path: `${PATH}/:id/read`,
  scope: 'admin',
  tag: 'notifications',
  summary: 'Mark one notification as read',
  description: '标记通知为已读',
  params,
  responses: { 200: { description: '通知已标记为已读', data: named, example: namedExample }, 404: unknown },
  async handle({ params: { id } }, { store }) {
    return (await store.markRead(id)) ? done('通知已标记为已读', { notification_id: id }) : unknownNotice(id);
  },
});

export const removeNotification = defineRoute({
  method: 'DELETE',
  path: `${PATH}/:id`,
  scope: 'admin',
  tag: 'notifications',
  summary: 'Delete one notification',
  description: '删除通知',
  params,
  responses: { 200: { description: '通知已删除', data: named, example: namedExample }, 404: unknown },
  async handle({ params: { id } }, { store }) {
    return (await store.removeNotice(id)) ? done('通知已删除', { notification_id: id }) : unknownNotice(id);
  },
});

export const clearNotifications = defineRoute({
  method: 'DELETE',
  path: PATH,
  scope: 'admin',
  tag: 'notifications',
  summary: 'Delete all notifications',
  description: '清空所有通知',
  responses: {
    200: { description: '所有通知已清空', data: z.object({ cleared_count: z.int() }), example: { cleared_count: 5 } },
  },
  async handle(_ask, { store }) {
    return done('所有通知已清空', { cleared_count: await store.clearNotices() });
  },
});

const noticeView = (found: Notice) => ({ ...found, created_at: iso(found.created_at) });

const unknownNotice = (id: string): Answer => missing('通知不存在', { notification_id: id });
