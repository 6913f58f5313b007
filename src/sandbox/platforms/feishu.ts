import { z } from 'zod';
import { isJson, parseJson } from '../body.ts';
import { card } from '../feishu-card.ts';
import { plainText, readMentions } from '../feishu-text.ts';
import { levelOfMarks } from '../level.ts';
import { equal, hmac, inWindow, looksSigned } from '../sign.ts';
import { type Bot, type Call, defineStandIn, type Draft, type Verdict } from '../stand-in.ts';

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

type Read = Omit<Draft, 'kind' | 'raw'> | { readonly code: number; readonly reason: string };

const LINK = z.url({ protocol: /^(https?|lark|feishu)$/ });
const NODE = z.discriminatedUnion('tag', [
  z.looseObject({ tag: z.literal('text'), text: z.string(), un_escape: z.boolean().optional() }),
  z.looseObject({ tag: z.literal('a'), text: z.string(), href: LINK }),
  z.looseObject({ tag: z.literal('at'), user_id: z.string().min(1), user_name: z.string().optional() }),
  z.looseObject({ tag: z.literal('img'), image_key: z.string().min(1) }),
]);
const POST = z.looseObject({ title: z.string().optional(), content: z.array(z.array(NODE)) });

const TYPES: Readonly<Record<string, (json: Record<string, unknown>) => Read>> = {
  text: shaped(z.looseObject({ content: z.looseObject({ text: z.string().min(1) }) }), ({ content }) => {
    const text = plainText(content.text);
    return { ...TEXT, title: '', text, mentions: readMentions(content.text), ...level(text) };
  }),
  post: shaped(
    z.looseObject({
      content: z.looseObject({
        post: z
          .looseObject({ zh_cn: POST.optional(), en_us: POST.optional() })
          .refine((post) => post.zh_cn ?? post.en_us, 'zh_cn or en_us is needed'),
      }),
    }),
    ({ content: { post } }) => {
      const { title = '', content } = (post.zh_cn ?? post.en_us)!;
      const nodes = content.flat();
      return {
        ...TEXT,
        title,
        text: content.map((line) => line.map(inline).join('')).join('\n'),
        links: nodes.flatMap((node) => (node.tag === 'a' ? [{ text: node.text, url: node.href }] : [])),
        mentions: nodes.flatMap((node) => (node.tag === 'at' ? [node.user_id] : [])),
        ...level(title),
      };
    },
  ),
  image: shaped(z.looseObject({ content: z.looseObject({ image_key: z.string().min(1) }) }), () => ({
    ...TEXT,
    title: '',
    text: '[图片]',
  })),
  share_chat: shaped(z.looseObject({ content: z.looseObject({ share_chat_id: z.string().min(1) }) }), () => ({
    ...TEXT,
    title: '',
    text: '[群名片]',
  })),
  interactive: (json) => card(json['card']),
};

const TEXT = { style: 'text', format: 'text' } as const;

function level(text: string): Pick<Draft, 'level'> {
  const found = levelOfMarks(text);
  return found === undefined ? {} : { level: found };
}

function shaped<S extends z.ZodType>(schema: S, read: (value: z.output<S>) => Read) {
  return (json: unknown): Read => {
    const parsed = schema.safeParse(json);
    if (parsed.success) return read(parsed.data);
    const [issue] = parsed.error.issues;
    return { code: 19002, reason: `params error, ${issue?.path.join('.')}: ${issue?.message}` };
  };
}

function inline(node: z.infer<typeof NODE>): string {
  if (node.tag === 'at') return `@${node.user_id === 'all' ? '所有人' : (node.user_name ?? node.user_id)}`;
  return node.tag === 'img' ? '[图片]' : node.text;
}
