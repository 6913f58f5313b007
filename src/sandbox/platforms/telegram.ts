import { z } from 'zod';
import { isJson, parseJson } from '../body.ts';
import { levelOfMarks } from '../level.ts';
import { createSlidingWindows, type SlidingWindows } from '../limits/sliding-windows.ts';
import { look } from '../look.ts';
import { type Answer, type Bot, type Call, defineStandIn, type Drawn, type Verdict } from '../stand-in.ts';
import { telegramFailures } from './telegram/failures.ts';
import { readTelegramText } from './telegram/text.ts';
import type { Span, Visible } from './telegram/visible.ts';

/** core.telegram.org/bots/api#sendmessage: characters of the visible text; `.length`, as offsets are UTF-16 units. */
const TEXT_LENGTH = 4096;

/**
 * core.telegram.org/bots/faq, "My bot is hitting limits": about one message a second in one chat, where short bursts are
 * tolerated (here: a second one), 20 a minute in a group, 30 a second over all chats.
 */
const CHAT = [
  { max: 2, ms: 1000 },
  { max: 60, ms: 60_000 },
];
const GROUP = [...CHAT, { max: 20, ms: 60_000 }];
const ALL = [{ max: 30, ms: 1000 }];

interface State {
  readonly chats: SlidingWindows;
  readonly groups: SlidingWindows;
  readonly bots: SlidingWindows;
  messages: number;
}

export default defineStandIn(() => {
  const state: State = {
    chats: createSlidingWindows(CHAT),
    groups: createSlidingWindows(GROUP),
    bots: createSlidingWindows(ALL),
    messages: 0,
  };
  return {
    name: 'telegram',
    label: 'Telegram',
    colour: '#2aabee',
    example: {
      path: '/telegram/bot123456:demo/sendMessage',
      body: { chat_id: 1, parse_mode: 'HTML', text: '<b>部署完成</b>\n版本 <code>v1.2.0</code>' },
    },
    routes: [
      {
        path: '/telegram/bot:token/:method',
        token: ({ params }) => params['token'] ?? '',
        receive: (call, bot) => receive(call, bot, state),
      },
    ],
    failure: telegramFailures,
  };
});

function receive(call: Call, bot: Bot | undefined, state: State): Verdict {
  const token = call.params['token'] ?? '';
  if (!/^[1-9]\d{0,19}:[\w-]{1,80}$/.test(token)) return refuse('Not Found', 404);
  // The names of methods know no case.
  if (call.params['method']?.toLowerCase() !== 'sendmessage') return refuse('Not Found', 404);
  // Forms and query strings, which the real one reads too, are not read here: they come out as no parameters at all.
  const json = isJson(call) ? parseJson(call.body) : {};
  if (call.method !== 'POST' || json === undefined) return refuse("Bad Request: can't parse JSON object");
  const parsed = PARAMETERS.safeParse(json);
  if (!parsed.success) return refuse(firstFault(parsed.error));
  const { chat_id, text, parse_mode, reply_markup } = parsed.data;
  const wait = bot?.unlimited === true ? 0 : pace(state, token, chat_id, call.now);
  if (wait > 0) return tooFast(Math.ceil(wait / 1000));
  const visible = readTelegramText(text, parse_mode);
  if (typeof visible === 'string') return refuse(visible);
  if (visible.text.trim() === '') return refuse('Bad Request: text must be non-empty');
  if (visible.text.length > TEXT_LENGTH) return refuse('Bad Request: message is too long');
  state.messages += 1;
  const kind = parse_mode === '' ? 'text' : parse_mode;
  return {
    ok: true,
    answer: { body: { ok: true, result: result(state.messages, call, chat_id, visible) } },
    draft: { ...draw(visible, reply_markup, kind), to: [chat_id], kind, raw: json },
  };
}

const refuse = (description: string, status = 400): Verdict => ({
  ok: false,
  code: String(status),
  reason: description,
  answer: { status, body: { ok: false, error_code: status, description } },
});

function tooFast(seconds: number): Verdict {
  const description = `Too Many Requests: retry after ${seconds}`;
  const answer: Answer = {
    status: 429,
    headers: { 'retry-after': String(seconds) },
    body: { ok: false, error_code: 429, description, parameters: { retry_after: seconds } },
  };
  return { ok: false, code: '429', reason: description, answer };
}

const NO_ID = 'Bad Request: chat_id is empty';
const NO_CHAT = 'Bad Request: chat not found';
const NO_THREAD = 'Bad Request: message thread not found';
const BAD_MARKUP = "Bad Request: can't parse reply keyboard markup JSON object";
const FLAG = z.boolean('Bad Request: field must be of type Boolean').optional();

/** "absolute and public looking": a host without a dot, such as localhost, is refused. */
const isPublic = (url: string): boolean => {
  if (/^(tg|ton):\/\//i.test(url)) return true;
  const { protocol, hostname } = URL.parse(url) ?? { protocol: '', hostname: '' };
  return (protocol === 'http:' || protocol === 'https:') && hostname.includes('.');
};
const BUTTON = z
  .looseObject(
    {
      text: z.string(BAD_MARKUP).min(1, 'Bad Request: text buttons are unallowed in the inline keyboard'),
      url: z.string(BAD_MARKUP).refine(isPublic, 'Bad Request: BUTTON_URL_INVALID').optional(),
      callback_data: z.string(BAD_MARKUP).optional(),
    },
    BAD_MARKUP,
  )
  .refine(
    ({ url, callback_data }) => url !== undefined || callback_data !== undefined,
    'Bad Request: text buttons are unallowed in the inline keyboard',
  );
/** The message of an issue is the description of the 400. */
const PARAMETERS = z.looseObject({
  chat_id: z
    .union([z.number(), z.string().min(1, NO_ID)], NO_ID)
    .transform(String)
    .refine((id) => /^(-?\d{1,16}|@[A-Za-z]\w{3,31})$/.test(id), NO_CHAT),
  text: z.string('Bad Request: message text is empty').min(1, 'Bad Request: message text is empty'),
  parse_mode: z.string('Bad Request: unsupported parse_mode').default(''),
  message_thread_id: z
    .union([z.number(), z.string()], NO_THREAD)
    .refine((id) => /^[1-9]\d*$/.test(String(id)), NO_THREAD)
    .optional(),
  disable_notification: FLAG,
  link_preview_options: z
    .looseObject({ is_disabled: FLAG }, "Bad Request: can't parse link preview options JSON object")
    .optional(),
  reply_markup: z
    .looseObject({ inline_keyboard: z.array(z.array(BUTTON, BAD_MARKUP), BAD_MARKUP).optional() }, BAD_MARKUP)
    .optional(),
});

const firstFault = (error: z.ZodError): string => error.issues[0]?.message ?? 'Bad Request';

/** Milliseconds to wait; 0: it passes and is counted. A group or channel has a negative id or a name. */
function pace({ chats, groups, bots }: State, token: string, chat: string, now: number): number {
  const [sent, key] = [/^[-@]/.test(chat) ? groups : chats, `${token}\n${chat}`];
  const wait = Math.max(sent.wait(key, now), bots.wait(token, now));
  if (wait > 0) return wait;
  sent.take(key, now);
  bots.take(token, now);
  return 0;
}

/** The message as the platform tells it back. */
function result(message_id: number, call: Call, chat: string, { text }: Visible): unknown {
  const type = chat.startsWith('-100') ? 'supergroup' : chat.startsWith('-') ? 'group' : 'private';
  const where = chat.startsWith('@') ? { type: 'channel', username: chat.slice(1) } : { type, id: Number(chat) };
  return { message_id, date: Math.floor(call.now / 1000), chat: where, text };
}

type Keyboard = z.infer<typeof PARAMETERS>['reply_markup'];

/** A message in the look of a card has a bold first line or a button. */
function draw({ text, spans }: Visible, keyboard: Keyboard, mode: string): Drawn {
  const [line = ''] = text.split('\n', 1);
  const bold = spans.some(({ kind, from, to }) => kind === 'bold' && from < line.length && to >= line.length);
  const title = mode !== 'text' && bold ? line : '';
  const buttons = (keyboard?.inline_keyboard ?? []).flat();
  const level = levelOfMarks(text);
  return {
    style: title !== '' || buttons.length > 0 ? 'card' : 'text',
    title,
    text: title === '' ? text : text.slice(title.length).trimStart(),
    format: 'text',
    ...look(level),
    links: [
      ...linksOf(text, spans),
      ...buttons.flatMap((button) => (button.url === undefined ? [] : [{ text: button.text, url: button.url }])),
    ],
    mentions: mentionsOf(text, spans),
  };
}

function linksOf(text: string, spans: readonly Span[]): { text: string; url: string }[] {
  return spans.flatMap(({ url = '', from, to }) =>
    /^https?:/i.test(url) ? [{ text: text.slice(from, to), url }] : [],
  );
}

/** `@name` anywhere but in code, and links to `tg://user?id=`. */
function mentionsOf(text: string, spans: readonly Span[]): string[] {
  const ids = spans.flatMap(({ url = '' }) => /^tg:\/\/user\?id=(\d+)$/.exec(url)?.[1] ?? []);
  const code = spans.filter(({ kind }) => kind === 'code' || kind === 'pre');
  const names = [...text.matchAll(/(?<![\w@])@([A-Za-z]\w{3,31})\b/g)]
    .filter(({ index }) => !code.some(({ from, to }) => index >= from && index < to))
    .map(([, name]) => name!);
  return [...ids, ...names];
}
