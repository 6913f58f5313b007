import { z } from 'zod';
import type { HttpReply } from '../channel/channel.ts';
import { type CodeRule, classifyStatus, failureOf, parseObject } from '../channel/classify.ts';
import { headerNumber } from '../channel/header-number.ts';
import { defineHttpChannel, postJson } from '../channel/http-channel.ts';
import { LEVEL_COLOURS } from '../channel/level-colours.ts';
import { LEVELS } from '../channel/level.ts';
import { ZERO_WIDTH_SPACE } from '../channel/text/markdown.ts';
import { breakCalls, escapeMarkdown } from '../channel/text/markdown-escape.ts';
import { rule } from '../channel/rule.ts';
import { TOO_LARGE } from '../channel/usual-rules.ts';
import { webhookKey, webhookUrl } from '../channel/webhook.ts';
import type { Mentions, Message, Outcome } from '../model.ts';

interface Attachment {
  readonly fallback: string;
  readonly color: string;
  readonly title: string;
  readonly title_link?: string;
  readonly text?: string;
  readonly fields?: readonly { readonly short: boolean; readonly title: string; readonly value: string }[];
}
interface Payload {
  readonly channel?: string;
  readonly username?: string;
  readonly icon_url?: string;
  readonly icon_emoji?: string;
  readonly text?: string;
  readonly attachments?: readonly [Attachment];
}

const config = z.strictObject({
  url: webhookUrl(),
  channel: z.string().min(1).optional().meta({
    description: 'Channel (its name in the URL, or its id) or @username instead of the webhook’s own',
  }),
  username: z.string().min(1).optional().meta({ description: 'Name shown, if the server allows overrides' }),
  icon_url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ description: 'Picture shown, if it allows overrides' }),
  icon_emoji: z.string().min(1).optional().meta({ description: 'Emoji shown as picture, if it allows overrides' }),
});
type Config = z.output<typeof config>;

/** Mattermost incoming webhooks. Wire facts: developers.mattermost.com/integrate/webhooks/incoming. */
export default defineHttpChannel<typeof config, Payload>({
  name: 'mattermost',
  label: { en: 'Mattermost', zh: 'Mattermost' },
  docs: 'https://developers.mattermost.com/integrate/webhooks/incoming/',
  config,
  list: 'webhooks',
  capabilities: { formats: ['text', 'markdown'], card: true, mentions: true, idempotent: false },
  limits: {
    size: [
      // 16,383 runes since server 5.0, 4,000 before; a longer text is split by the server into posts of its own.
      { of: 'text', max: 4000, unit: 'code_points' },
      // The properties of a post, as JSON: 8,000 before server 5.35, of which 400 are the server's.
      { of: 'attachments', max: 7600, unit: 'code_points' },
    ],
    // Ours: none is documented.
    title: { max: 200, unit: 'chars' },
    // Off by default; where it is on, 10 a second: docs.mattermost.com, rate limiting settings.
    rate: { per_second: 5, per_minute: 240 },
    throttle: { base: 1, max: 60 },
  },
  credential: ({ url }) => webhookKey(url),
  people: ({ channel }) => (channel?.startsWith('@') ? [channel.slice(1)] : []),
  render,
  request: (payload, { url }) => postJson(url, payload),
  classify,
});

// ---- rendering -------------------------------------------------------------------------------------------------

function render(message: Message, { channel, username, icon_url, icon_emoji }: Config): Payload {
  const { style, mentions } = message;
  const calls = mentions === undefined ? '' : callsOf(mentions);
  const text = [style === 'card' ? '' : words(message), calls].filter((part) => part !== '').join('\n');
  return {
    ...(channel !== undefined && { channel }),
    ...(username !== undefined && { username }),
    ...(icon_url !== undefined && { icon_url }),
    ...(icon_emoji !== undefined && { icon_emoji }),
    ...(text !== '' && { text }),
    ...(style === 'card' && { attachments: [card(message)] }),
  };
}

function words({ title, body, format, fields = [], url }: Message): string {
  const head = title === '' ? '' : format === 'markdown' ? `**${inert(title)}**` : inert(title);
  const lines = [head, format === 'markdown' ? markdown(body) : inert(body)];
  for (const { name, value } of fields) lines.push(`${inert(name)}：${inert(value)}`);
  if (url !== undefined) lines.push(`详情：${url.replace(/[<>]/g, encodeURIComponent)}`);
  return lines.filter((line) => line !== '').join('\n');
}

/** Up to this many characters a field shares its row with the next one. */
const SHORT_FIELD = 24;

/** Calls stand beside the card: in an attachment they are not sure to notify. */
function card(message: Message): Attachment {
  const { title, body, level, format, fields = [], url } = message;
  const head = `${LEVELS[level].mark} ${title}`;
  return {
    // Shown where cards are not: one line, for the whole text would count twice towards the size.
    fallback: breakCalls(head),
    color: LEVEL_COLOURS[level],
    title: inert(head),
    ...(url !== undefined && { title_link: url }),
    ...(body !== '' && { text: format === 'markdown' ? markdown(body) : inert(body) }),
    ...(fields.length > 0 && {
      fields: fields.map(({ name, value }) => ({
        short: name.length + value.length <= SHORT_FIELD,
        title: inert(name),
        value: inert(value),
      })),
    }),
  };
}

/** Text of others, shown as it was written. */
const inert = (plain: string) => markdown(escapeMarkdown(plain));

/** `@all`, `@name` and, translated by the server, `<!channel>` call people; only `mentions` may. */
const markdown = (source: string) => breakCalls(source.replaceAll('<!', `<${ZERO_WIDTH_SPACE}!`));

/** Names of users can be called; what is none (a mobile number, above all) calls nobody and is text. */
function callsOf({ all, ids, mobiles }: Mentions): string {
  const names = ids.map((id) => id.replace(/^@/, ''));
  const calls = names.map((name) => (/^[a-z0-9][a-z0-9._-]*$/i.test(name) ? `@${name}` : inert(`@${name}`)));
  return [...(all ? ['@channel'] : []), ...calls, ...mobiles.map((mobile) => inert(`@${mobile}`))].join(' ');
}

// ---- answers ---------------------------------------------------------------------------------------------------

/**
 * The whole body is `ok`, or JSON with an id. The ids of webhooks are those of the server’s source (channels/app/webhook.go,
 * channels/web/webhook.go); a status has a meaning of its own, whatever the id.
 */
function classify(reply: HttpReply, now: Date): Outcome {
  if (reply.status === 200 && reply.body.trim() === 'ok') return { ok: true };
  const json = parseObject(reply.body);
  const id = typeof json?.['id'] === 'string' ? json['id'] : '';
  const code = id === '' ? `HTTP ${reply.status}` : id;
  const found = RULES.find(({ at, says }) => at === reply.status && (says === undefined || says.test(id)));
  // Without an id the platform has not spoken (a page of some proxy); its limiter answers a bare text.
  if (found === undefined || (id === '' && reply.status !== 429)) return { ...classifyStatus(reply, now), code };
  const message = typeof json?.['message'] === 'string' ? json['message'] : '';
  const pause = reply.status === 429 ? pauseOf(reply, now) : undefined;
  return failureOf(pause === undefined ? found : { ...found, pause }, { code, message, reply, now });
}

/** `X-RateLimit-Reset`, where there is no `Retry-After`: seconds, or the Unix time in seconds. */
function pauseOf(reply: HttpReply, now: Date): number | undefined {
  const reset = headerNumber(reply, 'x-ratelimit-reset');
  if (reply.headers['retry-after'] !== undefined || !Number.isFinite(reset)) return undefined;
  return Math.max(0, reset > 1e9 ? reset - now.getTime() / 1000 : reset);
}

const NO_CHANNEL = rule(
  'unauthorized',
  '找不到频道：channel 须为频道网址中的名称或编号，且频道未归档',
  'No such channel: channel must be its name in the URL or its id, and it must not be archived.',
);

const RULES: readonly (CodeRule & { readonly at: number; readonly says?: RegExp })[] = [
  {
    at: 400,
    says: /incoming_webhook\.invalid/,
    ...rule(
      'unauthorized',
      'Webhook 不存在或已被删除：在 Mattermost「集成 → 传入的 Webhook」中核对并更新 url',
      'The webhook does not exist any more: check it under Integrations → Incoming Webhooks, and update url.',
    ),
  },
  {
    at: 400,
    says: /incoming_webhook\.user/,
    ...rule('unauthorized', '找不到用户：核对 channel 中的 @用户名', 'No such user: check the @username in channel.'),
  },
  {
    at: 400,
    says: /incoming_webhook\.text|props_length/,
    ...rule(
      'invalid',
      '消息内容为空或卡片过大：检查 content.msg，或改用 style: text',
      'The message is empty or the card too large: check content.msg, or use style: text.',
      { as_text: true },
    ),
  },
  { at: 400, says: /incoming_webhook\.channel/, ...NO_CHANNEL },
  {
    at: 400,
    ...rule(
      'invalid',
      'Mattermost 无法解析该消息：确认 url 是 /hooks/ 地址，或改用 style: text',
      'Mattermost cannot read the message: make sure url is a /hooks/ address, or use style: text.',
      { as_text: true },
    ),
  },
  {
    at: 403,
    ...rule(
      'unauthorized',
      'Webhook 无权在该频道发言：去掉 channel（Webhook 可能锁定了频道），或请管理员授权其创建者',
      'The webhook may not post there: leave out channel (it may be locked to one), or have its creator given the right.',
    ),
  },
  { at: 404, ...NO_CHANNEL },
  { at: 413, ...TOO_LARGE },
  {
    at: 429,
    ...rule(
      'rate_limited',
      '发送过快被 Mattermost 限流，通道已自动暂停；若常见，请合并消息或调低 rate_limit',
      'Mattermost throttles this server; the lane pauses by itself. If it happens often, merge messages or lower rate_limit.',
    ),
  },
  {
    at: 501,
    ...rule(
      'unauthorized',
      '服务器停用了传入的 Webhook：请管理员在系统控制台「集成管理」中启用',
      'Incoming webhooks are disabled on the server: ask its administrator to enable them in the System Console (Integration Management).',
    ),
  },
];
