import { z } from 'zod';
import { isJson, parseJson } from '../body.ts';
import { createShaped } from '../shaped.ts';
import { equal, hmac, inWindow, looksSigned } from '../sign.ts';
import { type Bot, type Call, defineStandIn, type Drawn, type Verdict } from '../stand-in.ts';
import { card } from './feishu/card.ts';
import { BOT_POST, drawPost } from './feishu/post.ts';
import { drawText } from './feishu/text.ts';

/**
 * Feishu / Lark custom bot. open.feishu.cn, "add-custom-bot". The page limits a body to "20 KB" without defining KB, so
 * the stricter reading (20,000 bytes) holds here.
 */
const BODY_BYTES = 20_000;

export default defineStandIn(() => ({
  name: 'feishu',
  label: '飞书',
  colour: '#00b3a1',
  example: {
    path: '/open-apis/bot/v2/hook/demo',
    body: {
      msg_type: 'interactive',
      card: {
        header: { title: { tag: 'plain_text', content: '数据库告警' }, template: 'red' },
        elements: [{ tag: 'markdown', content: '连接数 **150/100**，请立即处理' }],
      },
    },
  },
  routes: [{ path: '/open-apis/bot/v2/hook/:token', token: ({ params }) => params['token'] ?? '', receive }],
  limit: {
    windows: [
      { max: 100, ms: 60_000 },
      { max: 5, ms: 1000 },
    ],
    block_ms: 0,
    verdict: () => refuse(11232, 'frequency limited psm[lark.oapi.app_platform_runtime]'),
  },
  failure: (code) => (/^\d{1,9}$/.test(code) ? failure(Number(code), 'sandbox fault') : undefined),
}));

function receive(call: Call, bot: Bot | undefined): Verdict {
  if (call.method !== 'POST') return malformed('method must be POST');
  if (!/^[\w-]{1,128}$/.test(call.params['token'] ?? '')) {
    return refuse(19001, 'param invalid: incoming webhook access token invalid');
  }
  if (!isJson(call)) return malformed('Content-Type must be application/json');
  if (call.body.length > BODY_BYTES) return refuse(19036, `message size exceeds ${BODY_BYTES} bytes`);
  const json = parseJson(call.body);
  if (json === undefined) return malformed('body is not a JSON object');
  const stamp = STAMP.safeParse(json);
  if (!stamp.success || !signed(stamp.data, call.now, bot?.secret)) {
    return refuse(19021, 'sign match fail or timestamp is not within one hour from current time');
  }
  const type = json['msg_type'];
  if (typeof type !== 'string' || !Object.hasOwn(TYPES, type)) return refuse(19002, 'params error, msg_type need');
  const read = TYPES[type]!(json);
  return 'code' in read
    ? refuse(read.code, read.reason)
    : { ok: true, answer: { body: SUCCESS }, draft: { ...read, kind: type, raw: json } };
}

const SUCCESS = { StatusCode: 0, StatusMessage: 'success', code: 0, data: {}, msg: 'success' };

const failure = (code: number, msg: string) => ({ body: { code, data: {}, msg } });

const refuse = (code: number, reason: string): Verdict => ({
  ok: false,
  code: String(code),
  reason,
  answer: failure(code, reason),
});

const malformed = (reason: string): Verdict => ({
  ok: false,
  code: '9499',
  reason,
  answer: { status: 400, body: { code: 9499, data: {}, msg: 'Bad Request' } },
});

const STAMP = z.object({
  timestamp: z.union([z.string().regex(/^\d{1,12}$/), z.int().nonnegative()]).optional(),
  sign: z.string().optional(),
});

/** Key = timestamp in seconds, line feed, secret; message = empty. A bot without a declared secret has no key to check with. */
function signed(stamp: z.infer<typeof STAMP>, now: number, secret: string | undefined): boolean {
  const { timestamp, sign } = stamp;
  if (timestamp === undefined && sign === undefined) return secret === undefined;
  if (timestamp === undefined || sign === undefined || !inWindow(Number(timestamp) * 1000, now)) return false;
  return secret === undefined ? looksSigned(sign) : equal(sign, hmac(`${timestamp}\n${secret}`, ''));
}

type Read = Drawn | { readonly code: number; readonly reason: string };

const shaped = createShaped<Read>((words) => ({ code: 19002, reason: `params error, ${words}` }));

const TYPES: Readonly<Record<string, (json: Record<string, unknown>) => Read>> = {
  text: shaped(z.looseObject({ content: z.looseObject({ text: z.string().min(1) }) }), ({ content }) =>
    drawText(content.text),
  ),
  post: shaped(z.looseObject({ content: z.looseObject({ post: BOT_POST }) }), ({ content }) => drawPost(content.post)),
  image: shaped(z.looseObject({ content: z.looseObject({ image_key: z.string().min(1) }) }), () => drawText('[图片]')),
  share_chat: shaped(z.looseObject({ content: z.looseObject({ share_chat_id: z.string().min(1) }) }), () =>
    drawText('[群名片]'),
  ),
  interactive: (json) => card(json['card']),
};
