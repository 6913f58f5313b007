import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isJson, parseJson } from '../body.ts';
import { createShaped } from '../shaped.ts';
import { type Call, defineStandIn, type Drawn, type Verdict } from '../stand-in.ts';
import { refuse } from './wechat/answer.ts';
import { looks } from './wechat/looks.ts';
import { drawNews, NEWS } from './wechat/news.ts';
import { templateCard } from './wechat/template-card.ts';

/** WeCom group bot. developer.work.weixin.qq.com, document/path/99110: bytes of UTF-8. */
const TEXT_BYTES = 2048;
const MARKDOWN_BYTES = 4096;
const IMAGE_BYTES = 2 * 1024 * 1024;

export default defineStandIn(() => ({
  name: 'wechat',
  label: '企业微信',
  colour: '#12b35b',
  example: {
    path: '/cgi-bin/webhook/send?key=demo',
    body: { msgtype: 'markdown', markdown: { content: '## 部署完成\n> 版本 v1.2.0' } },
  },
  routes: [{ path: '/cgi-bin/webhook/send', token: ({ url }) => url.searchParams.get('key') ?? '', receive }],
  limit: {
    windows: [{ max: 20, ms: 60_000 }],
    // The general WeCom rule: breaking a limit per minute closes the door for 60 s.
    block_ms: 60_000,
    verdict: (call) => refuse(call, 45009, 'api freq out of limit'),
  },
  failure: (code) =>
    /^-?\d{1,9}$/.test(code) ? { body: { errcode: Number(code), errmsg: 'sandbox fault' } } : undefined,
}));

function receive(call: Call): Verdict {
  if (call.method !== 'POST') return refuse(call, 40035, 'invalid parameter: require POST method');
  const keys = call.url.searchParams.getAll('key');
  if (keys.length !== 1 || !/^[\w-]{1,128}$/.test(keys[0]!)) return refuse(call, 93000, 'invalid webhook url');
  if (!isJson(call)) return refuse(call, 40035, 'invalid parameter: Content-Type must be application/json');
  const json = parseJson(call.body);
  if (json === undefined) return refuse(call, 40035, 'invalid parameter. Warning: wrong json format. ');
  const type = json['msgtype'];
  if (typeof type !== 'string' || !Object.hasOwn(TYPES, type)) return refuse(call, 40008, 'invalid message type');
  const read = TYPES[type]!(json);
  if ('code' in read) return refuse(call, read.code, read.reason);
  return { ok: true, answer: { body: { errcode: 0, errmsg: 'ok' } }, draft: { ...read, kind: type, raw: json } };
}

type Read = Drawn | { readonly code: number; readonly reason: string };

const IDS = z.array(z.string().min(1)).optional();

const shaped = createShaped<Read>((words) => ({ code: 40035, reason: `invalid parameter: ${words}` }));

const TYPES: Readonly<Record<string, (json: Record<string, unknown>) => Read>> = {
  text: shaped(
    z.looseObject({
      text: z.looseObject({ content: z.string(), mentioned_list: IDS, mentioned_mobile_list: IDS }),
    }),
    ({ text }) =>
      sized('text.content', text.content, TEXT_BYTES) ?? {
        style: 'text',
        title: '',
        text: text.content,
        format: 'text',
        mentions: [...(text.mentioned_list ?? []), ...(text.mentioned_mobile_list ?? [])].map((id) =>
          id === '@all' ? 'all' : id,
        ),
        ...looks(text.content),
      },
  ),
  markdown: shaped(
    z.looseObject({ markdown: z.looseObject({ content: z.string() }) }),
    ({ markdown }) =>
      sized('markdown.content', markdown.content, MARKDOWN_BYTES) ?? {
        ...MARKDOWN,
        text: markdown.content,
        mentions: [...markdown.content.matchAll(/<@([^>\s]+)>/g)].map(([, id]) => id!),
        ...looks(markdown.content),
      },
  ),
  markdown_v2: shaped(
    z.looseObject({ markdown_v2: z.looseObject({ content: z.string() }) }),
    ({ markdown_v2: v2 }) =>
      sized('markdown_v2.content', v2.content, MARKDOWN_BYTES) ?? {
        ...MARKDOWN,
        text: v2.content,
        ...looks(v2.content),
      },
  ),
  image: shaped(
    z.looseObject({ image: z.looseObject({ base64: z.base64().min(1), md5: z.string() }) }),
    ({ image }) => {
      const bytes = Buffer.from(image.base64, 'base64');
      if (bytes.length > IMAGE_BYTES) return { code: 45002, reason: 'content too large' };
      const right = createHash('md5').update(bytes).digest('hex') === image.md5.toLowerCase();
      return right ? { ...PLAIN, text: '[图片]' } : { code: 40035, reason: 'invalid parameter: image.md5' };
    },
  ),
  news: shaped(z.looseObject({ news: NEWS }), ({ news }) => drawNews(news)),
  // Media comes from an upload, which the sandbox has none of: every id is unknown.
  file: () => ({ code: 40007, reason: 'invalid media_id' }),
  voice: () => ({ code: 40007, reason: 'invalid media_id' }),
  template_card: (json) => templateCard(json['template_card']),
};

const PLAIN = { style: 'text', title: '', format: 'text' } as const;
const MARKDOWN = { style: 'card', title: '', format: 'markdown' } as const;

function sized(name: string, text: string, max: number): { code: number; reason: string } | undefined {
  if (text.trim() === '') return { code: 44004, reason: 'empty content' };
  return Buffer.byteLength(text, 'utf8') > max
    ? { code: 40058, reason: `${name} exceed max length ${max}` }
    : undefined;
}
