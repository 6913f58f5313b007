import { z } from 'zod';
import { type CodeTable, classifyByCode } from '../channel/classify.ts';
import { defineHttpChannel, postJson } from '../channel/http-channel.ts';
import { LEVELS } from '../channel/level.ts';
import { mobileNumbers } from '../channel/text/mobile-numbers.ts';
import { plainText } from '../channel/text/plain-text.ts';
import { rule } from '../channel/rule.ts';
import { webhookKey, webhookUrl } from '../channel/webhook.ts';
import { wecomCodes } from '../channel/platform/wecom-codes.ts';
import { inertInWecom, wecomMarkdown } from '../channel/platform/wecom-markdown.ts';
import type { Level, Mentions, Message } from '../model.ts';

interface Text {
  readonly content: string;
  readonly mentioned_list?: readonly string[];
  readonly mentioned_mobile_list?: readonly string[];
}
type Payload =
  | { readonly msgtype: 'text'; readonly text: Text }
  | { readonly msgtype: 'markdown'; readonly markdown: { readonly content: string } }
  | { readonly msgtype: 'template_card'; readonly template_card: Readonly<Record<string, unknown>> };

const config = z.strictObject({
  url: webhookUrl(),
  secret: z
    .string()
    .max(0, 'WeCom group bots have no secret; leave it empty')
    .optional()
    .meta({ secret: true, description: 'Always empty: the key in the URL is the only credential' }),
});

/** WeCom (企业微信) group bots. Wire facts: developer.work.weixin.qq.com/document/path/91770. */
export default defineHttpChannel<typeof config, Payload>({
  name: 'wechat',
  label: { en: 'WeCom', zh: '企业微信' },
  docs: 'https://developer.work.weixin.qq.com/document/path/91770',
  config,
  list: 'webhooks',
  capabilities: { formats: ['text', 'markdown'], card: true, mentions: true, idempotent: false },
  limits: {
    size: [
      { of: 'text.content', max: 2048, unit: 'bytes' },
      { of: 'markdown.content', max: 4096, unit: 'bytes' },
    ],
    // Ours: none is documented; leaves most of a text message to its text.
    title: { max: 100, unit: 'chars' },
    // Official: 20 a minute. A breach of a minute's limit blocks for 60 s by the general rule.
    rate: { per_minute: 18 },
    throttle: { base: 60, max: 600 },
  },
  credential: ({ url }) => webhookKey(url),
  render,
  request: (payload, { url }) => postJson(url, payload),
  classify: (reply, now) => classify(reply, now),
});

// ---- rendering -------------------------------------------------------------------------------------------------

/**
 * Only a text message can mention everybody or a mobile number; Markdown can mention user ids, a template card nobody.
 * A mention that pings is worth more than a card, so such a message goes as text whatever style was asked for.
 */
function render(message: Message): Payload {
  const { style, format, mentions = NOBODY } = message;
  const { numbers, others } = mobileNumbers(mentions.mobiles);
  const onlyText = mentions.all || numbers.length > 0;
  if (onlyText || (style === 'text' && format === 'text')) {
    const users = mentions.all ? [...mentions.ids, '@all'] : mentions.ids;
    const text = {
      content: [plainText(message), ...others.map((name) => `@${name}`)].join('\n'),
      ...(users.length > 0 && { mentioned_list: users }),
      ...(numbers.length > 0 && { mentioned_mobile_list: numbers }),
    };
    return { msgtype: 'text', text };
  }
  if (fitsTemplate(message)) return { msgtype: 'template_card', template_card: template(message) };
  return { msgtype: 'markdown', markdown: { content: wecomMarkdown(message) + calls(mentions.ids, others) } };
}

const NOBODY: Mentions = { all: false, ids: [], mobiles: [] };

/** Recommended characters of a template card: beyond them the clients cut the text off. */
const TEMPLATE = { title: 26, body: 112, fields: 6, name: 5, value: 26 };

function fitsTemplate({ title, body, style, format, url, mentions, fields = [] }: Message): boolean {
  return (
    style === 'card' &&
    format === 'text' &&
    url !== undefined &&
    mentions === undefined &&
    title.length <= TEMPLATE.title &&
    body.length <= TEMPLATE.body &&
    fields.length <= TEMPLATE.fields &&
    fields.every(({ name, value }) => name.length <= TEMPLATE.name && value.length <= TEMPLATE.value)
  );
}

/** `desc_color`: 1 black, 2 red, 3 green; orange is not to be had. */
const DESC_COLOURS: Readonly<Record<Level, number>> = { info: 3, warning: 2, error: 2 };

const template = ({ title, body, level, url, fields = [] }: Message) => ({
  card_type: 'text_notice',
  source: { desc: `${LEVELS[level].mark} ${LEVELS[level].word}`, desc_color: DESC_COLOURS[level] },
  main_title: { title },
  ...(body !== '' && { sub_title_text: body }),
  ...(fields.length > 0 && { horizontal_content_list: fields.map(({ name, value }) => ({ keyname: name, value })) }),
  jump_list: [{ type: 1, url, title: '查看详情' }],
  card_action: { type: 1, url },
});

/** Markdown can call members by their ids alone. Whoever cannot be called is written, as is an id that could leave its tag. */
function calls(ids: readonly string[], others: readonly string[]): string {
  const tags = [
    ...ids.map((id) => (/^[\w.@-]+$/.test(id) ? `<@${id}>` : `@${inertInWecom(id)}`)),
    ...others.map((name) => `@${inertInWecom(name)}`),
  ];
  return tags.length === 0 ? '' : `\n${tags.join(' ')}`;
}

// ---- answers ---------------------------------------------------------------------------------------------------

const BAD_REQUEST = rule(
  'invalid',
  '企业微信不接受该消息的格式：确认 url 为群机器人的 webhook/send 地址；若改用 style: text 后正常，请反馈该消息内容',
  'WeCom does not take this message: make sure url is the group bot’s webhook/send URL; see whether style: text works.',
);

const TABLE: CodeTable = {
  ...wecomCodes(BAD_REQUEST),
  45009: rule(
    'rate_limited',
    '超过每分钟 20 条被企业微信限流，通道已自动暂停，稍后继续；若常见，请增加机器人或合并消息',
    'More than 20 messages a minute: WeCom throttles the bot and the lane waits. Add a bot or merge messages.',
  ),
  93000: rule(
    'unauthorized',
    '机器人地址无效或机器人已被移出群：在群「设置 → 消息推送」中重新复制 Webhook 地址（检查 key）',
    'The bot’s URL is wrong or the bot was removed: copy the webhook URL (its key) again from the group’s settings.',
  ),
  93004: rule(
    'unauthorized',
    '机器人已停用：在群机器人设置中启用它',
    'The bot is disabled: enable it in the group’s bot settings.',
  ),
  93008: rule('unauthorized', '机器人不在该群：把机器人重新添加到群中', 'The bot is not in the group: add it again.'),
  45008: BAD_REQUEST,
  40007: BAD_REQUEST,
  40014: rule(
    'unauthorized',
    '该地址要求 access_token：url 应为群机器人的 webhook/send?key=… 地址，而不是应用消息接口',
    'The URL wants an access_token: use the group bot’s webhook/send?key=… URL, not the application API.',
  ),
  301025: BAD_REQUEST,
};

const classify = classifyByCode('errcode', 'errmsg', TABLE);
