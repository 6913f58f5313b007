import { z } from 'zod';
import { iso } from '../push/iso.ts';
import { bare } from './envelope.ts';
import { defineRoute } from './route.ts';

const JSON_TYPE = 'application/json';

export const health = defineRoute({
  method: 'GET',
  path: '/health',
  scope: 'open',
  tag: 'operations',
  summary: 'The process is alive',
  description: '健康检查',
  responses: {
    200: {
      description: '服务正常',
      bare: JSON_TYPE,
      data: z.object({ status: z.literal('ok'), timestamp: z.iso.datetime(), version: z.string() }),
      example: { status: 'ok', timestamp: '2025-01-04T01:30:00Z', version: '1.0.0' },
    },
  },
  handle: (_ask, { clock, version }) => bare(200, { status: 'ok', timestamp: iso(clock.now()), version }),
});

const readiness = z.object({ status: z.enum(['ready', 'not_ready']), reasons: z.array(z.string()) });

export const ready = defineRoute({
  method: 'GET',
  path: '/ready',
  scope: 'open',
  tag: 'operations',
  summary: 'The server takes pushes',
  description: '就绪检查：未就绪时返回 503 与原因',
  responses: {
    200: { description: '已就绪', bare: JSON_TYPE, data: readiness, example: { status: 'ready', reasons: [] } },
    503: {
      description: '未就绪',
      bare: JSON_TYPE,
      data: readiness,
      example: { status: 'not_ready', reasons: ['draining'] },
    },
  },
  handle(_ask, lent) {
    const reasons = lent.ready();
    return reasons.length === 0 ? bare(200, { status: 'ready', reasons }) : bare(503, { status: 'not_ready', reasons });
  },
});

export const metrics = defineRoute({
  method: 'GET',
  path: '/metrics',
  scope: 'read',
  tag: 'operations',
  summary: 'Prometheus metrics',
  description: 'Prometheus 指标',
  responses: { 200: { description: '指标文本', bare: 'text/plain', data: z.string() } },
  async handle(_ask, lent) {
    return { status: 200, type: lent.metrics.contentType, content: await lent.metrics.render() };
  },
});

export const openapi = defineRoute({
  method: 'GET',
  path: '/openapi.json',
  scope: 'read',
  browser: true,
  tag: 'operations',
  summary: 'This document',
  description: '本接口文档（OpenAPI 3.1）',
  responses: { 200: { description: 'OpenAPI 文档', bare: JSON_TYPE, data: z.looseObject({ openapi: z.string() }) } },
  handle: (_ask, lent) => ({ status: 200, type: `${JSON_TYPE}; charset=utf-8`, content: lent.openapi() }),
});
