import { z } from 'zod';
import { isJson, parseJson } from '../body.ts';
import { filled } from '../fields.ts';
import { linksOfHtml, textOfHtml } from '../html-text.ts';
import { firstIssue } from '../issue.ts';
import { firstColour, levelOfColour, levelOfMarks } from '../level.ts';
import { look } from '../look.ts';
import { type Answer, type Call, defineStandIn, type Drawn, type Verdict } from '../stand-in.ts';

/** WxPusher. wxpusher.zjiecode.com/docs/api-reference.html, "限制": characters and numbers. */
const CONTENT_CHARS = 40_000;
const SUMMARY_CHARS = 100;
const URL_CHARS = 400;
const MOST_TOPICS = 5;
const MOST_UIDS = 2000;

export default defineStandIn(() => {
  let last = 0;
  return {
    name: 'wxpusher',
    label: 'WxPusher',
    colour: '#5b8c2a',
    example: {
      path: '/wxpusher/api/send/message',
      body: { appToken: 'AT_demo', summary: '磁盘将满', content: 'db-1 已用 91%', contentType: 1, uids: ['UID_demo'] },
    },
    routes: [{ path: '/wxpusher/api/send/message', token: tokenOf, receive: (call) => receive(call, ++last) }],
    limit: { windows: [{ max: 2, ms: 1000 }], block_ms: 0, verdict: () => refuse(1008) },
    failure: (code) => (Object.hasOwn(WORDS, code) ? answerOf(Number(code), WORDS[code]!) : undefined),
  };
});

function receive(call: Call, id: number): Verdict {
  if (call.method !== 'POST' || !isJson(call)) return refuse(1009, '请使用 POST 和 application/json');
  const json = parseJson(call.body);
  if (json === undefined) return refuse(1009, '请求体不是 JSON');
  if (tokenOf(call) === '') return refuse(1001);
  if (!/^AT_\w{1,128}$/.test(tokenOf(call))) return refuse(1002);
  const parsed = MESSAGE.safeParse(json);
  if (!parsed.success) {
    const { path, reason } = firstIssue(parsed.error);
    const isLong = parsed.error.issues[0]?.code === 'too_big' && !path.endsWith('s');
    if (path === 'content' && !isLong) return refuse(1003);
    return refuse(isLong ? 1007 : 1009, `${path}: ${reason}`);
  }
  const { uids, topicIds } = parsed.data;
  if (uids.length + topicIds.length === 0) return refuse(1004);
  const item = { messageContentId: id, messageId: id, sendRecordId: id };
  const data = [
    ...uids.map((uid) => ({ uid, topicId: null, ...item, ...fateOf(/^UID_\w{1,64}$/.test(uid)) })),
    ...topicIds.map((topicId) => ({ uid: null, topicId, ...item, ...fateOf(topicId > 0) })),
  ];
  const answer: Answer = { body: { code: 1000, msg: '处理成功', success: true, data } };
  if (data.every(({ code }) => code !== 1000)) return { ok: false, code: '1004', reason: data[0]!.status, answer };
  return { ok: true, answer, draft: { ...draw(parsed.data), kind: KINDS[parsed.data.contentType], raw: json } };
}

/** One wrong recipient does not fail the call; it shows in its item alone. */
const fateOf = (isKnown: boolean): { code: number; status: string } =>
  isKnown ? { code: 1000, status: '创建发送任务成功' } : { code: 1004, status: '用户或主题不存在' };

function tokenOf({ body }: Pick<Call, 'body'>): string {
  const token = parseJson(body)?.['appToken'];
  return typeof token === 'string' ? token : '';
}

const MESSAGE = z.looseObject({
  content: z.string().min(1).max(CONTENT_CHARS),
  summary: z.string().max(SUMMARY_CHARS).default(''),
  contentType: z.literal([1, 2, 3]).default(1),
  uids: z.array(z.string()).max(MOST_UIDS).default([]),
  topicIds: z.array(z.int()).max(MOST_TOPICS).default([]),
  url: z
    .url({ protocol: /^https?$/ })
    .max(URL_CHARS)
    .optional(),
  verifyPayType: z.literal([0, 1, 2]).optional(),
});

const KINDS = { 1: 'text', 2: 'html', 3: 'markdown' } as const;

function draw({ content, summary, contentType, uids, topicIds, url }: z.infer<typeof MESSAGE>) {
  const kind = KINDS[contentType];
  const text = kind === 'html' ? textOfHtml(content) : content;
  const colour = kind === 'text' ? undefined : firstColour(content);
  const links = [...(url === undefined ? [] : [{ text: '原文链接', url }]), ...linksOfHtml(content)];
  return {
    style: summary === '' ? 'text' : 'card',
    title: summary,
    text,
    format: kind === 'markdown' ? 'markdown' : 'text',
    ...look(levelOfMarks(summary, text) ?? levelOfColour(colour), colour),
    fields: filled({ 用户: uids.join('，'), 主题: topicIds.join('，') }),
    links: kind === 'html' ? links : links.slice(0, url === undefined ? 0 : 1),
  } satisfies Drawn;
}

const WORDS: Readonly<Record<string, string>> = {
  '1001': 'appToken不能为空',
  '1002': 'appToken不正确',
  '1003': '消息内容不能为空',
  '1004': '用户或主题不能为空',
  '1005': '绑定失败',
  '1006': '消息发送错误',
  '1007': '消息过长',
  '1008': '发送过于频繁',
  '1009': '未知错误',
  '1010': 'IP未授权',
};

const answerOf = (code: number, msg: string): Answer => ({ body: { code, msg, data: null, success: false } });

function refuse(code: number, reason?: string): Verdict {
  const words = WORDS[code] ?? '';
  const msg = reason === undefined ? words : `${words}：${reason}`;
  return { ok: false, code: String(code), reason: msg, answer: answerOf(code, msg) };
}
