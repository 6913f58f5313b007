import { z } from 'zod';
import type { Recipient } from '../model.ts';
import { done } from './envelope.ts';
import { defineRoute } from './route.ts';

const recipient = z
  .object({
    alias: z.string(),
    name: z.string(),
    platforms: z.array(
      z.object({
        platform: z.string(),
        enabled: z.boolean(),
        targets: z.array(z.object({ name: z.string(), enabled: z.boolean() })),
      }),
    ),
  })
  .meta({ id: 'Recipient' });

export const listRecipients = defineRoute({
  method: 'GET',
  path: '/api/v1/recipients',
  scope: 'read',
  tag: 'catalogue',
  summary: 'Who can be pushed to; no secrets',
  description: '接收者列表，不含任何密钥与地址',
  responses: {
    200: {
      description: '获取接收者列表成功',
      data: z.object({ recipients: z.array(recipient) }),
      example: {
        recipients: [
          {
            alias: 'ops_alert',
            name: '运维告警组',
            platforms: [{ platform: 'feishu', enabled: true, targets: [{ name: '告警机器人', enabled: true }] }],
          },
        ],
      },
    },
  },
  handle: (_ask, { recipients }) => done('获取接收者列表成功', { recipients: Array.from(recipients(), recipientView) }),
});

/** Names what is shown one by one: a target's configuration is secret. */
const recipientView = ({ alias, name, groups }: Recipient) => ({
  alias,
  name,
  platforms: groups.map((group) => ({
    platform: group.platform,
    enabled: group.enabled,
    targets: group.targets.map((target) => ({ name: target.name, enabled: target.enabled })),
  })),
});
