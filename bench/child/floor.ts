/**
 * The floor: the least that a Koa service could do for the same answer. With an address it also POSTs the message
 * there; without one it only answers.
 */
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { bodyParser } from '@koa/bodyparser';
import { Router } from '@koa/router';
import Koa from 'koa';
import { Pool } from 'undici';
import { answer } from './answer.ts';

interface Push {
  readonly strategy: string;
  readonly style: string;
  readonly type: string;
  readonly content: { readonly title: string; readonly msg: string };
}

const CONNECTIONS = 64;

const address = process.argv[2] ? new URL(process.argv[2]) : undefined;
const pool = address && new Pool(address.origin, { connections: CONNECTIONS });

async function post({ title, msg }: Push['content']): Promise<void> {
  const { body } = await pool!.request({
    method: 'POST',
    path: address!.pathname,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ msg_type: 'text', content: { text: `${title}\n${msg}` } }),
  });
  await body.text();
}

const router = new Router();
router.post('/api/v1/push', (ctx) => {
  const { strategy, style, type, content } = ctx.request.body as Push;
  ctx.body = {
    code: 200,
    message: '消息推送任务已创建',
    data: {
      task_id: randomUUID(),
      recipient: 'bench',
      strategy,
      style,
      type,
      title: content.title,
      created_at: new Date().toISOString(),
    },
  };
  if (pool) void post(content);
});

const app = new Koa();
app.use(bodyParser());
app.use(router.routes());

answer({
  listen: () =>
    new Promise((resolve, reject) => {
      const server = app.listen(0, '127.0.0.1', () => {
        resolve({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
      });
      server.once('error', reject);
    }),
});
