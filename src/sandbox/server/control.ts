import { z } from 'zod';
import { isJson, parseJson } from '../body.ts';
import type { Ledger } from '../ledger.ts';
import type { Answer, Call, StandIn } from '../stand-in.ts';
import type { Bots } from './bots.ts';
import { type Faults, parseFault } from './faults.ts';
import { brief } from './live.ts';

interface Parts {
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly bots: Bots;
  readonly standIns: readonly StandIn[];
  /** What the inbox tells a newcomer to use. */
  readonly addresses: () => { readonly url: string; readonly smtp_port: number };
}

/** Thrown by the control functions for bad input; `message` is the Chinese text of a 400. */
export class ControlError extends Error {}

/** Checks and registers a fault. Throws ControlError. */
export function orderFault({ faults, standIns }: Pick<Parts, 'faults' | 'standIns'>, input: unknown): void {
  const order = parse(FAULT, input);
  const standIn = standIns.find(({ name }) => name === order.platform);
  if (standIn === undefined) throw unknownPlatform(standIns);
  const fault = parseFault(order.fault);
  if (fault === undefined) {
    throw new ControlError('fault 应为 timeout、reset、html、http:503、code:19021 或 slow:2000（毫秒）之一');
  }
  if ((fault.kind === 'http' || fault.kind === 'html') && standIn.routes === undefined) {
    throw new ControlError(`${order.platform} 不经 HTTP，不支持该故障`);
  }
  if (fault.kind === 'code' && standIn.failure(fault.code) === undefined) {
    throw new ControlError(`${order.platform} 没有形如 ${fault.code} 的错误码`);
  }
  const { token, ...rest } = order;
  if (!faults.add(token === undefined ? rest : { ...rest, token }, fault))
    throw new ControlError('故障已满 1000 条，请先清空');
}

/** Checks and declares a bot. Throws ControlError. */
export function declareBot({ bots, standIns }: Pick<Parts, 'bots' | 'standIns'>, input: unknown): void {
  const { platform, token, secret, name, unlimited } = parse(BOT, input);
  if (!standIns.some((standIn) => standIn.name === platform)) throw unknownPlatform(standIns);
  const bot = {
    platform,
    token,
    ...(secret === undefined || secret === '' ? {} : { secret }),
    ...(name === undefined ? {} : { name }),
    ...(unlimited === undefined ? {} : { unlimited }),
  };
  if (!bots.add(bot)) throw new ControlError('机器人已满');
}

/** The control API under `/_sandbox/`. Gives the answer of a call; undefined: there is no such path. */
export function createControl(parts: Parts): (call: Call) => Answer | undefined {
  const { ledger, faults, bots, standIns } = parts;
  const declared = () => bots.list().map(({ secret, ...bot }) => ({ ...bot, signed: secret !== undefined }));
  const table: Readonly<Record<string, (call: Call) => Answer>> = {
    'GET /_sandbox/messages': ({ url }) => {
      const { platform, token, limit, raw } = parse(LISTING, Object.fromEntries(url.searchParams));
      const found = ledger.messages({ platform, token });
      const messages = limit === undefined ? found : found.slice(0, limit);
      return { body: { total: found.length, messages: raw === 'false' ? messages.map(brief) : messages } };
    },
    'DELETE /_sandbox/messages': () => {
      ledger.clear();
      return DONE;
    },
    'GET /_sandbox/refusals': () => ({ body: { refusals: ledger.refusals() } }),
    'GET /_sandbox/info': () => ({
      body: {
        ...parts.addresses(),
        requests: ledger.requests(),
        platforms: standIns.map((standIn) => platformInfo(standIn, parts.addresses().url)),
        bots: declared(),
      },
    }),
    'GET /_sandbox/bots': () => ({ body: { bots: declared() } }),
    'POST /_sandbox/bots': (call) => {
      declareBot(parts, json(call));
      return DONE;
    },
    'GET /_sandbox/faults': () => ({ body: { faults: faults.list() } }),
    'POST /_sandbox/faults': (call) => {
      orderFault(parts, json(call));
      return { body: { faults: faults.list() } };
    },
    'DELETE /_sandbox/faults': () => {
      faults.clear();
      return DONE;
    },
  };
  const paths = new Set(Object.keys(table).map((key) => key.split(' ')[1]));
  return (call) => {
    const path = call.url.pathname;
    const [, id] = /^\/_sandbox\/messages\/(\d{1,15})$/.exec(path) ?? [];
    if (id !== undefined && call.method === 'GET') {
      const message = ledger.message(id);
      return message === undefined ? { status: 404, body: { error: '消息不存在' } } : { body: message };
    }
    const act = Object.hasOwn(table, `${call.method} ${path}`) ? table[`${call.method} ${path}`] : undefined;
    if (act === undefined) return paths.has(path) ? { status: 405, body: { error: '不支持该方法' } } : undefined;
    try {
      return act(call);
    } catch (error) {
      if (error instanceof ControlError) return { status: 400, body: { error: error.message } };
      throw error;
    }
  };
}

function platformInfo({ name, label, colour, example, routes = [] }: StandIn, url: string): object {
  const prefix = `/${name}`;
  const hasPrefix = routes.length > 0 && routes.every(({ path }) => path.startsWith(prefix));
  return { name, label, colour, example, ...(hasPrefix ? { base_url: url + prefix } : {}) };
}

const DONE: Answer = { body: { ok: true } };
/** A fault for good, as far as a demonstration goes. */
const MOST_TIMES = 1_000_000;

const NAME = z.string('应为字符串').min(1, '不能为空').max(200, '过长');
const FAULT = z.strictObject({
  platform: NAME,
  token: NAME.optional(),
  fault: NAME,
  times: z.int('应为整数').min(1, '至少为 1').max(MOST_TIMES, `至多为 ${MOST_TIMES}`).default(1),
});
const BOT = z.strictObject({
  platform: NAME,
  token: NAME,
  secret: z.string('应为字符串').max(500, '过长').optional(),
  name: NAME.optional(),
  unlimited: z.boolean('应为布尔值').optional(),
});
const LISTING = z.strictObject({
  platform: NAME.optional(),
  token: NAME.optional(),
  limit: z.coerce.number().int().min(1, '至少为 1').optional(),
  raw: z.enum(['true', 'false'], '应为 true 或 false').optional(),
});

/** Only `application/json` is read: a page elsewhere cannot send that without asking first. */
function json(call: Call): unknown {
  if (!isJson(call)) throw new ControlError('Content-Type 应为 application/json');
  const value = parseJson(call.body);
  if (value === undefined) throw new ControlError('请求体不是 JSON 对象');
  return value;
}

function parse<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? `未知字段 ${issue.keys.join('、')}` : undefined;
  throw new ControlError(unknown ?? `${issue?.path.join('.')}：${issue?.message}`);
}

function unknownPlatform(standIns: readonly StandIn[]): ControlError {
  return new ControlError(`platform 应为 ${standIns.map(({ name }) => name).join('、')} 之一`);
}
