import { z } from 'zod';
import { defineChannel } from '../channel/channel.ts';
import { postJson } from '../channel/http-channel.ts';
import { idText } from '../channel/id.ts';
import { markedTitle } from '../channel/text/marked-title.ts';
import { baseUrl } from '../channel/server-address.ts';
import { classifyTelegram, newChatId } from '../channel/platform/telegram-answer.ts';
import { TELEGRAM_TEXT, type TelegramText } from '../channel/platform/telegram-text.ts';
import type { Mentions, Message, Outcome } from '../model.ts';

/** What a stretch of the text is, where no parse mode says it. Offset and length are UTF-16 units. */
interface Entity {
  readonly type: 'bold' | 'text_mention';
  readonly offset: number;
  readonly length: number;
  readonly user?: { readonly id: number };
}
interface Payload {
  readonly chat_id: number | string;
  readonly message_thread_id?: number;
  readonly text: string;
  readonly parse_mode?: string;
  readonly entities?: readonly Entity[];
  readonly disable_notification?: true;
  readonly link_preview_options: { readonly is_disabled: true };
  readonly reply_markup?: unknown;
}

const config = z.strictObject({
  bot_token: z
    .string()
    .regex(/^[\w:-]+$/, { error: 'expected the token that @BotFather gave' })
    .meta({ secret: true, description: 'Token of the bot, from @BotFather' }),
  chat_id: idText('Chat')
    .refine((id) => /^@\w+$/.test(id) || (/^-?\d+$/.test(id) && Number.isSafeInteger(Number(id))), {
      error: 'expected the number of a chat (-100… for groups and channels), or @name of a public one',
    })
    .transform((id) => (id.startsWith('@') ? id : Number(id)))
    .meta({ description: 'Number of the chat, or @name of a public channel or group' }),
  thread_id: idText('Topic')
    .refine((id) => /^\d{1,15}$/.test(id), { error: 'expected the number of a topic' })
    .transform(Number)
    .optional()
    .meta({ description: 'Number of the topic (message_thread_id) in a group with topics' }),
  parse_mode: z.enum(['none', 'HTML', 'Markdown', 'MarkdownV2']).default('none').meta({
    description: 'How messages are marked up; none = plain text, and Markdown is sent as it is written',
  }),
  silent: z.boolean().default(false).meta({ description: 'Delivered without a sound' }),
  base_url: baseUrl('https://api.telegram.org'),
});
type Config = z.output<typeof config>;

/** Messages of a Telegram bot. Wire facts: core.telegram.org/bots/api#sendmessage. */
export default defineChannel<typeof config, Payload>({
  name: 'telegram',
  label: { en: 'Telegram', zh: 'Telegram' },
  docs: 'https://core.telegram.org/bots/api#sendmessage',
  config,
  capabilities: { formats: ['text', 'markdown'], card: true, mentions: true, idempotent: false },
  limits: {
    // 4,096 after the markup is removed, in a unit that is not stated: with markup and in UTF-16 units it is never more.
    size: [{ of: 'text', max: 4096, unit: 'chars' }],
    // Ours: none is documented; leaves most of a message to its text.
    title: { max: 200, unit: 'chars' },
    // core.telegram.org/bots/faq: one a second in a chat, 20 a minute in a group.
    rate: { per_second: 1, per_minute: 18 },
    throttle: { base: 5, max: 300 },
  },
  // Same page: about 30 a second over all chats of a bot.
  account: { key: ({ bot_token }) => bot_token, rate: { per_second: 25 } },
  credential: ({ bot_token, chat_id }) => JSON.stringify([bot_token, chat_id]),
  people: ({ chat_id }) => [String(chat_id)],
  render,
  async send(payload, { bot_token, base_url }, io) {
    const ask = (body: Payload) => io.http(postJson(`${base_url}/bot${bot_token}/sendMessage`, body));
    const reply = await ask(payload);
    const moved = newChatId(reply);
    if (moved === undefined) return classifyTelegram(reply, io.now());
    return arrivedAt(moved, classifyTelegram(await ask({ ...payload, chat_id: moved }), io.now()));
  },
});

/** The group has become a supergroup with another number, where nothing has been sent yet: the message goes there. */
const arrivedAt = (chat: number, outcome: Outcome): Outcome =>
  outcome.ok ? { ok: true, note: `该群已升级为超级群，消息已发到新群：请把 chat_id 改为 ${chat}` } : outcome;

// ---- rendering -------------------------------------------------------------------------------------------------

function render(message: Message, { chat_id, thread_id, parse_mode: configured, silent }: Config): Payload {
  const { style, url } = message;
  const parse_mode = message.plain ? 'none' : configured;
  const dialect = TELEGRAM_TEXT[parse_mode];
  const isCard = style === 'card';
  const head = markedTitle(message);
  const button = isCard && url !== undefined && canBeButton(url);
  const text = [isCard ? dialect.bold(head) : dialect.plain(head), ...linesOf(message, dialect, button)]
    .filter((line) => line !== '')
    .join('\n');
  const calls = message.mentions === undefined ? [] : callsOf(message.mentions, dialect);
  const entities: Entity[] =
    isCard && parse_mode === 'none' ? [{ type: 'bold', offset: 0, length: dialect.plain(head).length }] : [];
  let whole = text;
  for (const { word, user } of calls) {
    whole += whole === text ? '\n' : ' ';
    if (user !== undefined) entities.push({ type: 'text_mention', offset: whole.length, length: word.length, user });
    whole += word;
  }
  return {
    chat_id,
    ...(thread_id !== undefined && { message_thread_id: thread_id }),
    text: whole,
    ...(parse_mode !== 'none' && { parse_mode }),
    ...(entities.length > 0 && { entities }),
    ...(silent && { disable_notification: true as const }),
    link_preview_options: { is_disabled: true },
    ...(button && { reply_markup: { inline_keyboard: [[{ text: '查看详情', url }]] } }),
  };
}

/** What follows the title: body, fields and, where no button leads to it, the link. */
function linesOf({ body, format, style, fields = [], url }: Message, dialect: TelegramText, button: boolean): string[] {
  const { plain, bold, markdown } = dialect;
  const lines = [format === 'markdown' ? markdown(body) : plain(body)];
  for (const { name, value } of fields) lines.push(`${style === 'card' ? bold(name) : plain(name)}：${plain(value)}`);
  if (url !== undefined && !button) lines.push(plain(`详情：${url}`));
  return lines;
}

/** A button whose host has no dot (`localhost`) costs the whole message: BUTTON_URL_INVALID. */
const canBeButton = (url: string) => URL.canParse(url) && new URL(url).hostname.includes('.');

/** A word that calls somebody; `user` where an entity must say whom. */
interface Call {
  readonly word: string;
  readonly user?: { readonly id: number };
}

/** Names and numbers of users can be called. There is no "everybody", and nobody is found by a mobile number. */
function callsOf({ all, ids, mobiles }: Mentions, { plain, person }: TelegramText): Call[] {
  const calls = ids.map((id): Call => {
    const name = /^@?([a-z]\w{3,31})$/i.exec(id)?.[1];
    if (name !== undefined) return { word: called(name, plain) };
    if (!/^\d{1,15}$/.test(id)) return { word: plain(`@${id}`) };
    return person ? { word: person(id) } : { word: `@${id}`, user: { id: Number(id) } };
  });
  const words = [...(all ? ['所有人'] : []), ...mobiles].map((who): Call => ({ word: plain(`@${who}`) }));
  return [...words, ...calls];
}

/** `plain` keeps text of others from calling anybody; this name is meant to. */
const called = (name: string, plain: TelegramText['plain']) => `@${plain(name)}`;
