import { z } from 'zod';
import type { Channel } from '../channel/channel.ts';
import { done } from './envelope.ts';
import { defineRoute } from './route.ts';

const platform = z
  .object({
    name: z.string(),
    label: z.object({ en: z.string(), zh: z.string() }),
    docs: z.string(),
    capabilities: z.looseObject({}),
    limits: z.looseObject({}),
    config: z.looseObject({}).meta({ description: '单个目标配置的 JSON Schema' }),
  })
  .meta({ id: 'Platform' });

export const listPlatforms = defineRoute({
  method: 'GET',
  path: '/api/v1/platforms',
  scope: 'read',
  tag: 'catalogue',
  summary: 'What can be pushed to',
  description: '平台列表：名称、能力、限制与目标配置的 JSON Schema',
  responses: { 200: { description: '获取平台列表成功', data: z.object({ platforms: z.array(platform) }) } },
  handle: (_ask, { channels }) => done('获取平台列表成功', { platforms: [...channels.values()].map(platformView) }),
});

const platformView = ({ name, label, docs, capabilities, limits, account, config }: Channel) => ({
  name,
  label,
  docs,
  capabilities,
  limits: { ...limits, ...(account && { account_rate: account.rate }) },
  config: z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' }),
});
