import { z } from 'zod';
import type { HttpReply } from '../channel/channel.ts';
import { type CodeTable, classifyStatus, judge, parseObject } from '../channel/classify.ts';
import { defineHttpChannel, postJson } from '../channel/http-channel.ts';
import { LEVEL_COLOURS } from '../channel/level-colours.ts';
import { LEVELS } from '../channel/level.ts';
import { breakTags } from '../channel/text/markdown.ts';
import { plainText } from '../channel/text/plain-text.ts';
import { rule } from '../channel/rule.ts';
import { slackChunks } from '../channel/platform/slack-chunks.ts';
import { slackEscape, slackMarkdown, slackPlain } from '../channel/platform/slack-text.ts';
import { EMPTY, TOO_LONG } from '../channel/usual-rules.ts';
import { webhookKey, webhookUrl } from '../channel/webhook.ts';
import type { Field, Mentions, Message, Outcome } from '../model.ts';

type Block = { readonly type: string; readonly [key: string]: unknown };
interface Payload {
  readonly text?: string;
  readonly attachments?: readonly [
    { readonly color: string; readonly fallback: string; readonly blocks: readonly Block[] },
  ];
}

const config = z.strictObject({
  url: webhookUrl().refine((url) => !URL.canParse(url) || !/^\/(?:workflows|triggers)\//.test(new URL(url).pathname), {
    error:
      'this URL belongs to Workflow Builder, which takes the variables of a workflow and no messages; create an incoming webhook (https://hooks.slack.com/services/…)',
  }),
});

/** Slack incoming webhooks. Wire facts: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks. */
export default defineHttpChannel<typeof config, Payload>({
  name: 'slack',
  label: { en: 'Slack', zh: 'Slack' },
  docs: 'https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks',
  config,
  list: 'webhooks',
  capabilities: { formats: ['text', 'markdown'], card: true, mentions: true, idempotent: false },
  limits: {
    size: [
      // Slack cuts at 40,000 and advises to stay below 4,000: api.slack.com/changelog/2018-04-truncating-really-long-messages.
      { of: 'text', max: 4000, unit: 'chars' },
      { of: 'attachments.0.fallback', max: 4000, unit: 'chars' },
      // msg_blocks_too_long was seen at about 13,200: github.com/slackapi/bolt-js/issues/2509.
      { of: 'attachments.0.blocks', max: 12_000, unit: 'chars' },
    ],
    // A header takes 150, with the mark of the level.
    title: { max: 140, unit: 'chars' },
    // docs.slack.dev/apis/web-api/rate-limits: one a second, short bursts tolerated.
    rate: { per_second: 1, per_minute: 55 },
    throttle: { base: 5, max: 300 },
  },
  credential: ({ url }) => webhookKey(url),
  render: (message) => (message.style === 'card' ? card(message) : text(message)),
  request: (payload, { url }) => postJson(url, payload),
  classify,
});

// ---- rendering -------------------------------------------------------------------------------------------------

function text(message: Message): Payload {
  const { title, body, format, fields = [], url, mentions } = message;
  const lines = [
    slackPlain(title),
    format === 'markdown' ? slackMarkdown(body) : slackPlain(body),
    ...fields.map(({ name, value }) => `${slackPlain(name)}：${slackPlain(value)}`),
    // Slack makes a link of it by itself.
    url === undefined ? '' : `详情：${slackEscape(url)}`,
    mentions === undefined ? '' : callsOf(mentions),
  ];
  return { text: lines.filter((line) => line !== '').join('\n') };
}

/** Calls stand above the card: inside an attachment they are not sure to notify. */
function card(message: Message): Payload {
  const { title, body, level, format, fields = [], url, mentions } = message;
  const blocks: Block[] = [];
  const head = `${LEVELS[level].mark} ${title}`;
  blocks.push({ type: 'header', text: literal(head) });
  if (body !== '') {
    blocks.push(
      ...(format === 'markdown' ? sections(slackMarkdown(body), mrkdwn) : sections(breakTags(body), literal)),
    );
  }
  blocks.push(...rows(fields));
  if (url !== undefined)
    blocks.push({ type: 'actions', elements: [{ type: 'button', text: literal('查看详情'), url }] });
  const calls = mentions === undefined ? '' : callsOf(mentions);
  return {
    ...(calls !== '' && { text: calls }),
    attachments: [
      { color: LEVEL_COLOURS[level], fallback: slackEscape(plainText({ ...message, title: head })), blocks },
    ],
  };
}

/** docs.slack.dev/reference/block-kit/blocks/section-block: characters of a text and of a field, fields of one section. */
const SECTION = 3000;
const FIELD = 2000;
const FIELDS = 10;

/** Ten fields share a section; what is too long for a field has sections of its own. */
function rows(fields: readonly Field[]): Block[] {
  const blocks: Block[] = [];
  let row: unknown[] = [];
  for (const { name, value } of fields) {
    const said = `*${slackPlain(name)}*\n${slackPlain(value)}`;
    if (said.length > FIELD) {
      blocks.push(...sections(said, mrkdwn));
      row = [];
      continue;
    }
    if (row.length === 0 || row.length === FIELDS) {
      row = [];
      blocks.push({ type: 'section', fields: row });
    }
    row.push(mrkdwn(said));
  }
  return blocks;
}

/** A long text takes several sections; one that looks empty is refused. */
const sections = (words: string, write: typeof mrkdwn | typeof literal): Block[] =>
  slackChunks(words, SECTION, write === mrkdwn ? 'mrkdwn' : 'plain_text')
    .filter((piece) => piece.trim() !== '')
    .map((piece) => ({ type: 'section', text: write(piece) }));

const mrkdwn = (words: string) => ({ type: 'mrkdwn', text: words });

/** Knows no markup. The invisible break after a `<` is for a client that should ever think otherwise. */
const literal = (words: string) => ({ type: 'plain_text', text: breakTags(words), emoji: true });

/** Members and user groups can be called by their ids; anybody else is written as text. */
function callsOf({ all, ids, mobiles }: Mentions): string {
  const calls = all ? ['<!channel>'] : [];
  for (const id of ids) {
    if (/^[UW][A-Z0-9]{2,}$/.test(id)) calls.push(`<@${id}>`);
    else calls.push(/^S[A-Z0-9]{2,}$/.test(id) ? `<!subteam^${id}>` : `@${slackPlain(id)}`);
  }
  for (const mobile of mobiles) calls.push(`@${slackPlain(mobile)}`);
  return calls.join(' ');
}

// ---- answers ---------------------------------------------------------------------------------------------------

const BAD_CARD = rule(
  'invalid',
  'Slack 无法显示该卡片：改用 style: text，或减少字段与正文',
  'Slack cannot show the card: use style: text, or fewer fields and less text.',
  { as_text: true },
);
const REMOVED = rule(
  'unauthorized',
  'Incoming Webhook 已被移除或停用：在 Slack 应用的「Incoming Webhooks」页重新添加，并更新 url',
  'The incoming webhook was removed or disabled: add it again on the Slack app’s Incoming Webhooks page, and update url.',
);
const RESTRICTED = rule(
  'unauthorized',
  '工作区管理员限制了在该频道发言：请其放开限制，或换一个频道的 Webhook',
  'An administrator restricts posting to this channel: ask them to allow it, or use a webhook of another channel.',
);
const TOO_FAST = rule(
  'rate_limited',
  '发送过快被 Slack 限流，通道按其要求的时间自动暂停；若常见，请合并消息或调低 rate_limit',
  'Slack throttles this webhook; the lane pauses as long as it asks for. If it happens often, merge messages or lower rate_limit.',
);

/** api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks, and answers seen. */
const TABLE: CodeTable = {
  invalid_payload: rule(
    'invalid',
    'Slack 无法解析该消息：确认 url 是 Incoming Webhook 的 /services/ 地址且未被代理改写',
    'Slack cannot read the message: make sure url is an incoming webhook (/services/…) and no proxy rewrites the request.',
    { as_text: true },
  ),
  no_text: EMPTY,
  missing_text_or_fallback_or_attachments: { ...EMPTY, as_text: true },
  invalid_blocks: BAD_CARD,
  invalid_blocks_format: BAD_CARD,
  invalid_attachments: BAD_CARD,
  msg_blocks_too_long: BAD_CARD,
  too_many_attachments: BAD_CARD,
  msg_too_long: TOO_LONG,
  user_not_found: rule(
    'unauthorized',
    'Webhook 对应的用户不存在或已停用：换一个 Webhook',
    'The user of this webhook does not exist or is deactivated: use another webhook.',
  ),
  channel_not_found: rule(
    'unauthorized',
    '频道不存在或 Webhook 的创建者已不在其中：重新为现有频道添加 Incoming Webhook',
    'The channel is gone, or the webhook’s creator left it: add an incoming webhook for an existing channel.',
  ),
  channel_is_archived: rule(
    'unauthorized',
    '频道已归档：取消归档，或换一个频道的 Webhook',
    'The channel is archived: unarchive it, or use a webhook of another channel.',
  ),
  action_prohibited: RESTRICTED,
  posting_to_general_channel_denied: RESTRICTED,
  invalid_token: REMOVED,
  no_service: REMOVED,
  no_service_id: REMOVED,
  no_active_hooks: REMOVED,
  no_team: REMOVED,
  team_disabled: rule(
    'unauthorized',
    'Slack 工作区已停用：请联系工作区管理员',
    'The Slack workspace is disabled: ask its administrator.',
  ),
  rollup_error: rule(
    'unavailable',
    'Slack 内部错误，自动重试后仍未成功；持续出现请查看 status.slack.com',
    'Internal error at Slack; automatic retries did not outlast it. If it lasts, see status.slack.com.',
  ),
  rate_limited: TOO_FAST,
  // The word of the Web API.
  ratelimited: TOO_FAST,
};

/**
 * The whole body is `ok` or the error; a gateway may answer in the form of the Web API. A 200 with neither says nothing.
 * Whatever comes with a 429 is a throttle.
 */
function classify(reply: HttpReply, now: Date): Outcome {
  const json = parseObject(reply.body);
  const said = json === undefined ? reply.body.trim() : json['ok'] === true ? 'ok' : json['error'];
  if (reply.status === 200 && said === 'ok') return { ok: true };
  if (reply.status === 429) return judge(TABLE, 'rate_limited', '', reply, now);
  if (typeof said !== 'string' || !/^[a-z_]{3,60}$/.test(said) || said === 'ok') return classifyStatus(reply, now);
  return judge(TABLE, said, said, reply, now);
}
