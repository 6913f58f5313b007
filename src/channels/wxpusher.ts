import { z } from 'zod';
import type { HttpReply } from '../channel/channel.ts';
import { type CodeTable, classifyByCode, judge, parseObject } from '../channel/classify.ts';
import { defineHttpChannel, postJson } from '../channel/http-channel.ts';
import { idList } from '../channel/id.ts';
import { markdownMessage } from '../channel/text/markdown-message.ts';
import { markedTitle } from '../channel/text/marked-title.ts';
import { maskId } from '../channel/mask.ts';
import { plainText } from '../channel/text/plain-text.ts';
import { rule } from '../channel/rule.ts';
import { baseUrl } from '../channel/server-address.ts';
import { EMPTY, TOO_LONG } from '../channel/usual-rules.ts';
import type { Message, Outcome, Refused } from '../model.ts';

interface Payload {
  readonly content: string;
  /** What the list of messages shows. */
  readonly summary: string;
  /** 1 = text, 3 = Markdown. */
  readonly contentType: 1 | 3;
  readonly uids?: readonly string[];
  readonly topicIds?: readonly number[];
  readonly url?: string;
}

const MOST_UIDS = 2000;
const MOST_TOPICS = 5;

const config = z
  .strictObject({
    app_token: z.string().min(1).meta({ secret: true, description: 'appToken of the application, AT_…' }),
    uids: idList('Users by UID_…')
      .refine((ids) => ids.length <= MOST_UIDS, { error: `expected ${MOST_UIDS} at most` })
      .optional(),
    topic_ids: idList('Topics by number')
      .refine((ids) => ids.length <= MOST_TOPICS && ids.every((id) => /^\d{1,15}$/.test(id)), {
        error: `expected numbers, ${MOST_TOPICS} at most`,
      })
      .transform((ids) => ids.map(Number))
      .optional(),
    base_url: baseUrl('https://wxpusher.zjiecode.com'),
  })
  .superRefine(({ uids, topic_ids }, context) => {
    if (uids !== undefined || topic_ids !== undefined) return;
    context.addIssue({ code: 'custom', path: ['uids'], message: 'write uids, topic_ids or both' });
  });
type Config = z.output<typeof config>;

/** Official since 2026: about two a second for one application: wxpusher.zjiecode.com/docs. */
const APP_RATE = { per_second: 1 };

/** WxPusher. Wire facts: wxpusher.zjiecode.com/docs. */
export default defineHttpChannel<typeof config, Payload>({
  name: 'wxpusher',
  label: { en: 'WxPusher', zh: 'WxPusher 微信推送' },
  docs: 'https://wxpusher.zjiecode.com/docs/',
  config,
  capabilities: { formats: ['text', 'markdown'], card: true, mentions: false, idempotent: false },
  limits: {
    size: [{ of: 'content', max: 40_000, unit: 'chars' }],
    // With the mark of a card the 100 characters of a summary.
    title: { max: 96, unit: 'chars' },
    rate: APP_RATE,
    // No time is documented.
    throttle: { base: 5, max: 300 },
  },
  account: { key: ({ base_url, app_token }) => JSON.stringify([base_url, app_token]), rate: APP_RATE },
  credential: ({ base_url, app_token, uids, topic_ids }) => JSON.stringify([base_url, app_token, uids, topic_ids]),
  people: ({ uids = [] }) => uids,
  render,
  request: (payload, { base_url, app_token }) =>
    postJson(`${base_url}/api/send/message`, { appToken: app_token, ...payload }),
  classify: (reply, now) => classifyEach(reply, now) ?? classify(reply, now),
});

/** Characters of a link; a longer one goes into the text. */
const LONGEST_URL = 400;

/** The page of a message shows its content alone, so the title stands in it. */
function render(message: Message, { uids, topic_ids }: Config): Payload {
  const { url, ...unlinked } = message;
  const linked = url !== undefined && url.length <= LONGEST_URL;
  const isPlain = message.style === 'text' && message.format === 'text';
  return {
    content: isPlain
      ? plainText(linked ? unlinked : message)
      : markdownMessage(message, { title: true, link: !linked }),
    summary: markedTitle(message),
    contentType: isPlain ? 1 : 3,
    ...(uids !== undefined && { uids }),
    ...(topic_ids !== undefined && { topicIds: topic_ids }),
    ...(linked && { url }),
  };
}

// ---- answers ---------------------------------------------------------------------------------------------------

const BAD_TOKEN = rule(
  'unauthorized',
  'app_token 无效：在 WxPusher 管理后台重新复制应用的 appToken（AT_ 开头）',
  'The app_token is not valid: copy the application’s appToken (AT_…) again from the WxPusher console.',
);
const NOBODY_REACHED = rule(
  'invalid',
  '接收人无效：核对 uids 与 topic_ids，并确认用户已关注该应用',
  'The recipients are not valid: check uids and topic_ids, and that the users follow the application.',
);

/** Source: github.com/caronc/apprise, plugins/wxpusher.py; the provider documents 1000 alone. */
const TABLE: CodeTable = {
  1001: BAD_TOKEN,
  1002: BAD_TOKEN,
  1003: EMPTY,
  1004: NOBODY_REACHED,
  1005: NOBODY_REACHED,
  1006: rule(
    'unavailable',
    'WxPusher 发送出错，自动重试后仍未成功，请稍后重发',
    'WxPusher failed to send, and automatic retries did not help; send again later.',
  ),
  1007: TOO_LONG,
  1008: rule(
    'rate_limited',
    '发送过于频繁，该应用已自动暂停；若常见，请合并消息或调低 account_rate_limit',
    'Too frequent: the application waits by itself. If it happens often, merge messages or lower account_rate_limit.',
    { account: true },
  ),
  1009: rule(
    'unavailable',
    'WxPusher 返回其他错误，自动重试后仍未成功：按错误信息检查配置',
    'WxPusher reports another error, and one retry did not help: check the configuration against its message.',
    { max_retries: 1 },
  ),
  1010: rule(
    'unauthorized',
    '本机出口 IP 不在应用的白名单中：在 WxPusher 管理后台加入该 IP',
    'This server’s public IP is not on the application’s list: add it in the WxPusher console.',
  ),
};

const OK = 1000;
const classify = classifyByCode('code', 'msg', TABLE, OK);

/** One bad recipient does not fail the whole: each has a verdict of its own. */
function classifyEach(reply: HttpReply, now: Date): Outcome | undefined {
  const json = parseObject(reply.body);
  const data: unknown = json?.['data'];
  if (reply.status !== 200 || json?.['code'] !== OK || !Array.isArray(data)) return undefined;
  const failed = data.map(entryOf).filter(({ code }) => code !== String(OK));
  const [first] = failed;
  if (first === undefined) return { ok: true };
  if (failed.length === data.length) return judge(TABLE, first.code, first.said, reply, now);
  const refused = failed.map(({ recipient, code, said }): Refused => ({ recipient, code, message: said || '未送达' }));
  return { ok: true, refused };
}

function entryOf(item: unknown): { recipient: string; code: string; said: string } {
  const { uid, topicId, code, status }: Record<string, unknown> =
    typeof item === 'object' && item !== null ? { ...item } : {};
  const recipient =
    typeof uid === 'string' ? maskId(uid) : `topic ${typeof topicId === 'number' ? topicId : ''}`.trim();
  return {
    recipient,
    code: typeof code === 'number' ? String(code) : '',
    said: typeof status === 'string' ? status : '',
  };
}
