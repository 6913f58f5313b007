/**
 * The floor: the least that a Koa service could do for the same answer. With the address of a bot it also POSTs the
 * message there; with that of a database it inserts the push before it answers; without one it only answers.
 */
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { bodyParser } from '@koa/bodyparser';
import { Router } from '@koa/router';
import Koa from 'koa';
import { Pool as Database } from 'pg';
import { Pool } from 'undici';
import { answer } from './answer.ts';

interface Push {
  readonly strategy: string;
  readonly style: string;
  readonly type: string;
  readonly content: { readonly title: string; readonly msg: string };
}

const CONNECTIONS = 64;
const DATABASE_CONNECTIONS = 10;

const address = process.argv[2] ? new URL(process.argv[2]) : undefined;
const bot = address?.protocol === 'http:' ? new Pool(address.origin, { connections: CONNECTIONS }) : undefined;
const database =
  address?.protocol === 'postgres:'
    ? new Database({ connectionString: address.href, max: DATABASE_CONNECTIONS })
    : undefined;
await database?.query(`create table pushes (
  id uuid primary key, recipient text, strategy text, style text, type text, title text, msg text, created_at timestamptz)`);

const INSERT = 'insert into pushes values ($1, $2, $3, $4, $5, $6, $7, $8)';

async function post({ title, msg }: Push['content']): Promise<void> {
  const { body } = await bot!.request({
    method: 'POST',
    path: address!.pathname,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ msg_type: 'text', content: { text: `${title}\n${msg}` } }),
  });
  await body.text();
}

const router = new Router();
router.post('/api/v1/push', async (ctx) => {
  const { strategy, style, type, content } = ctx.request.body as Push;
  const id = randomUUID();
  const now = new Date();
  if (database) await database.query(INSERT, [id, 'bench', strategy, style, type, content.title, content.msg, now]);
  ctx.body = {
    code: 200,
    message: '消息推送任务已创建',
    data: {
      task_id: id,
      recipient: 'bench',
      strategy,
      style,
      type,
      title: content.title,
      created_at: now.toISOString(),
    },
  };
  if (bot) void post(content);
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
