import { z } from 'zod';
import { done } from './envelope.ts';
import { defineRoute } from './route.ts';

/** Days; what is kept of the counts is not bounded by less than a year. */
const MOST = 366;

const count = z.int().min(0);

export const statistics = defineRoute({
  method: 'GET',
  path: '/api/v1/statistics',
  scope: 'read',
  tag: 'tasks',
  summary: 'Counts by day',
  description: '按天统计（UTC）：接收、完成、失败的任务数，通知数，以及各平台目标的成功与失败数；最近的一天在前',
  query: z.object({
    days: z.coerce
      .number()
      .int()
      .min(1)
      .max(MOST)
      .default(7)
      .meta({ description: `最近多少天，含今天，上限 ${MOST}`, type: 'integer', minimum: 1, maximum: MOST }),
  }),
  responses: {
    200: {
      description: '获取统计成功',
      data: z.object({
        days: z.array(
          z.object({
            date: z.iso.date(),
            accepted: count,
            completed: count,
            failed: count,
            notices: count,
            platforms: z.record(z.string(), z.object({ success: count, failed: count })),
          }),
        ),
      }),
      example: {
        days: [
          {
            date: '2025-01-04',
            accepted: 120,
            completed: 118,
            failed: 2,
            notices: 2,
            platforms: { feishu: { success: 116, failed: 4 }, dingtalk: { success: 4, failed: 0 } },
          },
        ],
      },
    },
  },
  async handle({ query }, { store }) {
    return done('获取统计成功', { days: await store.statistics(query.days) });
  },
});
