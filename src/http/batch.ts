import { z } from 'zod';
import { pushRequest } from '../push/request.ts';
import type { PushReply } from '../push/reply.ts';
import { done, invalid, refuse } from './envelope.ts';
import type { Envelope } from './envelope.ts';
import { inOrder } from './in-order.ts';
import { ACCEPTED, answerTo, EXAMPLES, KEY_DOC, KEY_TOO_LONG, keyOf, LONGEST_KEY } from './push.ts';
import { defineRoute } from './route.ts';

/** Pushes of one batch that are judged at the same time. */
const AT_ONCE = 16;

export const batch = defineRoute({
  method: 'POST',
  path: '/api/v1/push/batch',
  scope: 'push',
  tag: 'push',
  summary: 'Push several messages, each judged alone',
  description:
    '批量推送：数组中每一项单独判断，按顺序返回；最多 queue.batch_size 项（默认 100）。请求头中的幂等键 K 对第 n 项（从 0 起）为 K#n，除非该项自带幂等键',
  headers: KEY_DOC,
  body: z.array(pushRequest),
  examples: { 两条消息: [EXAMPLES.基础推送, EXAMPLES.指定平台推送] },
  responses: {
    200: {
      description: '批量推送已处理',
      data: z.array(
        z.object({ code: z.int(), message: z.string(), data: z.unknown(), replayed: z.literal(true).optional() }),
      ),
      example: [
        { code: 200, message: '消息推送任务已创建', data: ACCEPTED },
        { code: 404, message: '接收者不存在', data: { recipient_alias: 'nobody' } },
      ],
    },
  },
  async handle({ body, caller, headers }, { service, config, events }) {
    const most = config().queue.batch_size;
    const key = keyOf(headers);
    if (!Array.isArray(body)) return invalid([{ field: 'body', message: '请求体必须是数组' }]);
    if (body.length > most) return invalid([{ field: 'body', message: `批量推送不能超过${most}项` }]);
    if (key.length > LONGEST_KEY) return KEY_TOO_LONG;
    const entries = await inOrder(body as unknown[], AT_ONCE, async (entry, i) => {
      const shared = key === '' || hasOwnKey(entry) ? undefined : `${key}#${i}`;
      try {
        return entryOf(await service.push(entry, caller, shared));
      } catch (error) {
        // Told entry by entry: a crash must not hide from the caller which of the others were accepted.
        events.emit('crashed', { where: `entry ${i} of a batch`, error });
        return refuse(500).envelope;
      }
    });
    return done('批量推送已处理', entries);
  },
});

/** In a batch a replay cannot say so in a header. */
function entryOf(reply: PushReply): Envelope & { readonly replayed?: true } {
  const { envelope } = answerTo(reply);
  return reply.kind === 'accepted' && reply.replayed ? { ...envelope, replayed: true } : envelope;
}

const hasOwnKey = (entry: unknown): boolean =>
  typeof entry === 'object' && entry !== null && Boolean((entry as { idempotency_key?: unknown }).idempotency_key);
