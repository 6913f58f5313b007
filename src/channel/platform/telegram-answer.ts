import type { Failure, Outcome } from '../../model.ts';
import type { HttpReply } from '../channel.ts';
import { type CodeRule, classifyStatus, failureOf, parseObject } from '../classify.ts';
import { rule } from '../rule.ts';
import { EMPTY, TOO_LARGE } from '../usual-rules.ts';

/** The verdict in an answer of the Bot API: core.telegram.org/bots/api#making-requests. */
export function classifyTelegram(reply: HttpReply, now: Date): Outcome {
  const json = parseObject(reply.body);
  if (json?.['ok'] === true && reply.status < 300) return { ok: true };
  if (json?.['ok'] !== false) return classifyStatus(reply, now);
  const status = typeof json['error_code'] === 'number' ? json['error_code'] : reply.status;
  const message = typeof json['description'] === 'string' ? json['description'] : '';
  const found = RULES.find(({ at, says }) => at === status && (says?.test(message) ?? true));
  const said = { code: String(status), message, reply, now };
  if (found === undefined) return unlisted(said, status);
  const pause = status === 429 ? pauseIn(reply, message) : undefined;
  return failureOf(pause === undefined ? found : { ...found, pause }, said);
}

/** Seconds: of its own, or in the words `Too Many Requests: retry after 12`, where no header says it either. */
function pauseIn(reply: HttpReply, message: string): number | undefined {
  const words = /retry after (\d+)/i.exec(message)?.[1];
  return (
    parameter(reply, 'retry_after') ??
    (words === undefined || reply.headers['retry-after'] !== undefined ? undefined : Number(words))
  );
}

/** Where a group is that has become a supergroup: the number that its messages must now be sent to. */
export const newChatId = (reply: HttpReply): number | undefined => parameter(reply, 'migrate_to_chat_id');

function parameter(reply: HttpReply, name: 'retry_after' | 'migrate_to_chat_id'): number | undefined {
  const parameters = parseObject(reply.body)?.['parameters'];
  if (typeof parameters !== 'object' || parameters === null) return undefined;
  const value: unknown = Reflect.get(parameters, name);
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/** By the status that the platform names, whatever the one of the HTTP answer is. */
function unlisted(said: Parameters<typeof failureOf>[1], status: number): Failure {
  const failure = classifyStatus({ ...said.reply, status: status >= 300 ? status : 500 }, said.now);
  return { ...failure, code: said.code, message: said.message.slice(0, 500) || failure.message };
}

const BOT_SHUT_OUT = rule(
  'unauthorized',
  '机器人不能在该聊天中发言：确认它未被屏蔽或移出群，重新邀请它；频道中须设为管理员',
  'The bot may not write in this chat: see that it is not blocked or removed, invite it again, and make it an administrator in channels.',
);
const NO_RIGHTS = rule(
  'unauthorized',
  '机器人没有发言权限：在群或频道的管理员设置中给它发送消息的权限',
  'The bot has no right to write: give it one in the administrator settings of the group or channel.',
);
const NO_CHAT = rule(
  'unauthorized',
  '找不到该聊天：核对 chat_id（群与频道以 -100 开头），并先把机器人加入；私聊须由对方先发送 /start',
  'No such chat: check chat_id (-100… for groups and channels) and add the bot to it; a person must send it /start first.',
);
const NO_TOPIC = rule(
  'invalid',
  '话题不存在或已关闭：核对 thread_id，或在群中重新打开该话题',
  'The topic does not exist or is closed: check thread_id, or open the topic again.',
);
const BAD_MARKUP = rule(
  'invalid',
  'Telegram 无法解析消息中的标记：改用 style: text 与 format: text，或把 parse_mode 改为 HTML',
  'Telegram cannot parse the markup: use style: text with format: text, or parse_mode HTML.',
  { as_text: true },
);

/**
 * Descriptions are no contract, so they are looked for in any case, as a part of what is said. From
 * core.telegram.org/bots/api, github.com/TelegramBotAPI/errors and the server’s source (tdlib/telegram-bot-api).
 */
const RULES: readonly (CodeRule & { readonly at: number; readonly says?: RegExp })[] = [
  {
    at: 400,
    says: /can.?t parse entit|unsupported start tag|can.?t find end|entities? too long|entity_/i,
    ...BAD_MARKUP,
  },
  {
    at: 400,
    says: /BUTTON_URL_INVALID|inline keyboard button URL|reply markup/i,
    ...rule(
      'invalid',
      '按钮链接不被 Telegram 接受：content.url 须是公网可见的完整网址',
      'Telegram refuses the button’s link: content.url must be a complete public URL.',
      { as_text: true },
    ),
  },
  {
    at: 400,
    says: /upgraded to a supergroup/i,
    ...rule(
      'invalid',
      '该群已升级为超级群：把 chat_id 改为新群的编号（-100 开头）',
      'The group has become a supergroup: set chat_id to its new number (-100…).',
    ),
  },
  { at: 400, says: /text is empty|must be non-empty/i, ...EMPTY },
  {
    at: 400,
    says: /too long/i,
    ...rule(
      'invalid',
      '消息超过 4096 个字符：缩短内容或字段',
      'More than 4,096 characters: shorten the text or the fields.',
    ),
  },
  { at: 400, says: /thread not found|TOPIC_(CLOSED|DELETED)/i, ...NO_TOPIC },
  { at: 400, says: /not enough rights|administrator rights|have no rights|CHAT_WRITE_FORBIDDEN/i, ...NO_RIGHTS },
  { at: 400, says: /chat not found|PEER_ID_INVALID|user not found|chat_id is empty/i, ...NO_CHAT },
  {
    at: 400,
    says: /deactivated/i,
    ...rule('unauthorized', '群或用户已停用：更换 chat_id', 'The group or user is deactivated: use another chat_id.'),
  },
  {
    at: 400,
    ...rule(
      'invalid',
      'Telegram 不接受该消息：核对 chat_id、thread_id 与消息内容',
      'Telegram refuses the message: check chat_id, thread_id and the text.',
    ),
  },
  {
    at: 401,
    ...rule(
      'unauthorized',
      'bot_token 已失效：向 @BotFather 重新获取并更新配置',
      'bot_token is not valid any more: get a new one from @BotFather.',
    ),
  },
  { at: 403, says: /not enough rights|administrator rights|have no rights/i, ...NO_RIGHTS },
  {
    at: 403,
    says: /deactivated/i,
    ...rule('unauthorized', '群或用户已停用：更换 chat_id', 'The group or user is deactivated: use another chat_id.'),
  },
  {
    at: 403,
    says: /send messages to bots/i,
    ...rule(
      'unauthorized',
      'chat_id 是另一个机器人：机器人之间不能发消息',
      'chat_id is another bot: bots cannot write to bots.',
    ),
  },
  {
    at: 403,
    says: /initiate conversation/i,
    ...rule(
      'unauthorized',
      '对方尚未与机器人对话：请其在 Telegram 中向机器人发送 /start',
      'This person has not talked to the bot: let them send it /start.',
    ),
  },
  { at: 403, ...BOT_SHUT_OUT },
  {
    at: 404,
    ...rule(
      'unauthorized',
      'bot_token 格式错误，或 base_url 不是 Bot API 的地址：核对二者',
      'bot_token is malformed, or base_url is no Bot API server: check both.',
    ),
  },
  {
    at: 409,
    ...rule(
      'invalid',
      '同一 bot_token 在别处以轮询或 webhook 接收更新而冲突：检查 base_url 是否指向 sendMessage 接口，稍后重发',
      'Conflict with another poller or webhook of this bot: see that base_url is the Bot API, and send again.',
    ),
  },
  { at: 413, ...TOO_LARGE },
  {
    at: 429,
    ...rule(
      'rate_limited',
      '发送过快被 Telegram 限流，通道按其要求的时间自动暂停；若常见，请合并消息或调低 rate_limit',
      'Telegram throttles the bot; the lane pauses as long as it asks for. If it happens often, merge messages or lower rate_limit.',
    ),
  },
];
