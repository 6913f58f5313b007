import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { isJson, parseJson } from '../body.ts';
import { filled } from '../fields.ts';
import { linksOfHtml, textOfHtml } from '../html-text.ts';
import { issueWords } from '../issue.ts';
import { firstColour, levelOfColour, levelOfMarks } from '../level.ts';
import { CHINA, createCalendarCount, dayOf } from '../limits/calendar-count.ts';
import { look } from '../look.ts';
import { createMemory } from '../memory.ts';
import { type Answer, type Bot, type Call, defineStandIn, type Drawn, type Verdict } from '../stand-in.ts';

/** PushPlus. pushplus.plus/doc: characters; the page gives no figure, these are Apprise's. */
const TITLE_CHARS = 200;
const CONTENT_CHARS = 20_000;
/** Requests of an ordinary account a day. pushplus.plus/doc/help/lockdown: what each further step costs. */
const PER_DAY = 200;
const DAY_MS = 86_400_000;
const LOCKS = [
  { beyond: 400, ms: 2 * DAY_MS },
  { beyond: 1000, ms: 7 * DAY_MS },
  { beyond: 10_000, ms: Number.POSITIVE_INFINITY },
] as const;

export default defineStandIn(() => {
  const count = createCalendarCount();
  const locked = createMemory<number>();

  /** False: the account is locked. */
  const passes = (token: string, now: number): boolean => {
    const today = dayOf(now, CHINA);
    const requests = count(token, today);
    const lock = LOCKS.findLast(({ beyond }) => requests > beyond);
    const tomorrow = Date.parse(`${today}T00:00:00+08:00`) + DAY_MS;
    const until = lock === undefined ? tomorrow : now + lock.ms;
    if (requests > PER_DAY) locked.set(token, Math.max(until, locked.get(token) ?? 0));
    return now >= (locked.get(token) ?? 0);
  };

  const receive = (call: Call, bot: Bot | undefined): Verdict => {
    const fields = ['GET', 'POST'].includes(call.method) ? readFields(call) : undefined;
    if (fields === undefined) return refuse(999, 'POST of application/json or GET');
    const token = fields['token'];
    if (typeof token !== 'string' || !/^[0-9a-f]{32}$/i.test(token)) return refuse(903);
    if (bot?.unlimited !== true && !passes(token, call.now)) return refuse(900);
    const parsed = MESSAGE.safeParse(fields);
    if (!parsed.success) return refuse(999, issueWords(parsed.error));
    const answer: Answer = { body: { code: 200, msg: '请求成功', data: randomBytes(16).toString('hex') } };
    // "if the server's time is later than the timestamp, the message is not sent"
    const { timestamp } = parsed.data;
    if (timestamp !== undefined && timestamp < call.now) return { ok: true, answer };
    return { ok: true, answer, draft: { ...draw(parsed.data), kind: parsed.data.template, raw: fields } };
  };

  return {
    name: 'pushplus',
    label: 'PushPlus',
    colour: '#f5a524',
    example: {
      path: '/pushplus/send',
      body: {
        token: '0123456789abcdef0123456789abcdef',
        title: '磁盘将满',
        content: '- 主机：**db-1**\n- 已用：91%',
        template: 'markdown',
      },
    },
    routes: ['/pushplus/send', '/pushplus/send/:token'].map((path) => ({ path, token: tokenOf, receive })),
    failure: (code) => (Object.hasOwn(WORDS, code) ? answerOf(Number(code), WORDS[code]!) : undefined),
  };
});

/** Path over query over body. */
function readFields(call: Pick<Call, 'url' | 'params' | 'headers' | 'body'> & { method?: string }) {
  const json = call.method === 'GET' ? {} : isJson(call) ? parseJson(call.body) : undefined;
  return json === undefined ? undefined : { ...json, ...Object.fromEntries(call.url.searchParams), ...call.params };
}

function tokenOf(call: Pick<Call, 'url' | 'params' | 'headers' | 'body'>): string {
  const token: unknown = (readFields(call) ?? readFields({ ...call, method: 'GET' }))?.['token'];
  return typeof token === 'string' ? token : '';
}

const MESSAGE = z.looseObject({
  title: z.string().max(TITLE_CHARS).default(''),
  content: z.string().min(1).max(CONTENT_CHARS),
  template: z.enum(['html', 'txt', 'json', 'markdown', 'cloudMonitor', 'jenkins', 'route', 'pay']).default('html'),
  topic: z.string().optional(),
  to: z.string().optional(),
  channel: z
    .string()
    .regex(/^[a-z]+(,[a-z]+)*$/i)
    .optional(),
  webhook: z.string().optional(),
  callbackUrl: z.url({ protocol: /^https?$/ }).optional(),
  timestamp: z
    .union([z.int().nonnegative(), z.string().regex(/^\d{1,16}$/)])
    .transform(Number)
    .optional(),
});

function draw(message: z.infer<typeof MESSAGE>): Drawn {
  const { title, content, template } = message;
  const isHtml = template === 'html';
  const text = isHtml ? textOfHtml(content) : content;
  const colour = template === 'txt' ? undefined : firstColour(content);
  return {
    style: title === '' ? 'text' : 'card',
    title,
    text,
    format: template === 'markdown' ? 'markdown' : 'text',
    ...look(levelOfMarks(title, text) ?? levelOfColour(colour), colour),
    fields: filled({ 群组: message.topic, 好友: message.to, 渠道: message.channel, 渠道配置: message.webhook }),
    ...(isHtml ? { links: linksOfHtml(content) } : {}),
  };
}

/** pushplus.plus/doc, "接口返回码说明". */
const WORDS: Readonly<Record<string, string>> = {
  '302': '未登录',
  '401': '请求未授权',
  '403': '请求IP未授权',
  '500': '系统异常，请稍后再试',
  '600': '数据异常，操作失败',
  '805': '无权查看',
  '888': '积分不足，需要充值',
  '900': '用户账号使用受限，请求次数过多',
  '903': '无效的用户令牌',
  '905': '账户未进行实名认证',
  '999': '服务端验证错误',
};

const answerOf = (code: number, msg: string): Answer => ({ body: { code, msg, data: null } });

function refuse(code: number, reason?: string): Verdict {
  const words = WORDS[code] ?? '';
  const msg = reason === undefined ? words : `${words}：${reason}`;
  return { ok: false, code: String(code), reason: msg, answer: answerOf(code, msg) };
}
