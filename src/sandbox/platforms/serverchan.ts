import { z } from 'zod';
import { filled } from '../fields.ts';
import { parseFields } from '../form.ts';
import { firstIssue } from '../issue.ts';
import { firstColour, levelOfColour, levelOfMarks } from '../level.ts';
import { CHINA, createCalendarCount, dayOf } from '../limits/calendar-count.ts';
import { look } from '../look.ts';
import { type Answer, type Bot, type Call, defineStandIn, type Drawn, type Route, type Verdict } from '../stand-in.ts';

/** sct.ftqq.com, "发送消息". Characters; `desp` in bytes, "32KB" read as the stricter 32,000. */
const TITLE_CHARS = 32;
const SHORT_CHARS = 64;
const DESP_BYTES = 32_000;
/** Of an account that does not pay, a day. */
const PER_DAY = 5;

/** Turbo (`sctapi.ftqq.com/KEY.send`) and ServerChan³ (`UID.push.ft07.com/send/KEY.send`). */
export default defineStandIn(() => {
  const count = createCalendarCount();
  let last = 0;

  const route = (path: string, key: RegExp, accept: (id: number) => object): Route => ({
    path,
    token: ({ params }) => params['key'] ?? '',
    receive(call: Call, bot: Bot | undefined): Verdict {
      const token = call.params['key'] ?? '';
      if (!key.test(token)) return refuse('461');
      const fields = readFields(call);
      if (fields === undefined) return refuse('400', '[INPUT]请求格式错误');
      const parsed = MESSAGE.safeParse(fields);
      if (!parsed.success) {
        const { path: name, reason } = firstIssue(parsed.error);
        return refuse('400', `[INPUT]${name} ${reason}`);
      }
      const isOver = bot?.unlimited !== true && count(token, dayOf(call.now, CHINA)) > PER_DAY;
      if (isOver) return refuse('471');
      const draft = { ...draw(parsed.data), kind: 'send', raw: fields };
      return { ok: true, answer: { body: accept(++last) }, draft };
    },
  });

  return {
    name: 'serverchan',
    label: 'Server酱',
    colour: '#20a0a8',
    example: {
      path: '/serverchan/SCTdemo.send',
      body: { title: '磁盘将满', desp: '- 主机：**db-1**\n- 已用：91%', short: 'db-1 已用 91%' },
    },
    routes: [
      route('/serverchan/:key.send', /^SCT\w{1,200}$/, (id) => ({
        code: 0,
        message: '',
        data: { pushid: String(id), readkey: `SCTread${id}`, error: 'SUCCESS', errno: 0 },
      })),
      route('/serverchan/send/:key.send', /^sctp\d+t\w{1,200}$/, (id) => ({
        code: 0,
        message: 'SUCCESS',
        errno: 0,
        data: { pushid: String(id), meta: { android: null, devices: [] } },
      })),
    ],
    failure,
  };
});

/** GET with a query, or POST of a form or of JSON. */
function readFields(call: Call): Record<string, unknown> | undefined {
  if (call.method === 'GET') return Object.fromEntries(call.url.searchParams);
  return call.method === 'POST' ? parseFields(call) : undefined;
}

/** The numbers of Turbo's channels. */
const CHANNEL = '(?:98|66|1|2|3|8|0|88|18|9)';

const MESSAGE = z.looseObject({
  title: z
    .string()
    .min(1, '不能为空')
    .max(TITLE_CHARS, `不能超过${TITLE_CHARS}个字符`)
    .refine((title) => !/[\r\n]/.test(title), '不能换行'),
  desp: z
    .string()
    .refine((text) => Buffer.byteLength(text, 'utf8') <= DESP_BYTES, '不能超过32KB')
    .default(''),
  short: z.string().max(SHORT_CHARS, `不能超过${SHORT_CHARS}个字符`).default(''),
  tags: z.string().default(''),
  noip: z.literal([0, 1, '0', '1']).optional(),
  channel: z
    .union([z.int(), z.string()])
    .transform(String)
    .pipe(z.string().regex(new RegExp(`^(?:${CHANNEL}(?:\\|${CHANNEL})?)?$`), '最多两个通道'))
    .default(''),
  openid: z.string().default(''),
});

function draw({ title, desp, short, tags }: z.infer<typeof MESSAGE>): Drawn {
  const colour = firstColour(desp);
  return {
    style: 'card',
    title,
    text: desp || short,
    format: 'markdown',
    ...look(levelOfMarks(title, short, desp) ?? levelOfColour(colour), colour),
    fields: filled({ 摘要: desp === '' ? '' : short, 标签: tags.replaceAll('|', '，') }),
  };
}

/** All of these bear the code 40001; only the words, and `scode`, tell them apart. */
const WORDS: Readonly<Record<string, string>> = {
  '400': '[INPUT]参数错误',
  '461': '[AUTH]错误的Key',
  '471': `[AUTH]超过当天的发送次数限制[${PER_DAY}]，请稍后再试`,
};

/** `40001`, `461`: a wrong key; `471`: the daily quota; 5xx: a status; any other number: a code nobody has written down. */
function failure(code: string): Answer | undefined {
  if (code === '40001') return failure('461');
  if (Object.hasOwn(WORDS, code)) return answerOf(400, 40_001, WORDS[code]!, Number(code));
  if (/^5\d\d$/.test(code)) return answerOf(Number(code), Number(code), 'sandbox fault', Number(code));
  return /^-?[1-9]\d{0,8}$/.test(code) ? answerOf(200, Number(code), 'sandbox fault', Number(code)) : undefined;
}

const answerOf = (status: number, code: number, message: string, scode: number): Answer => ({
  status,
  body: { message, code, info: message.replace(/^\[\w+\]/, ''), args: [null], scode },
});

function refuse(scode: '400' | '461' | '471', message = WORDS[scode]!): Verdict {
  return { ok: false, code: scode, reason: message, answer: answerOf(400, 40_001, message, Number(scode)) };
}
