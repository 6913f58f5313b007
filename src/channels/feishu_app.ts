import { z } from 'zod';
import { type ChannelIo, type HttpReply, defineChannel } from '../channel/channel.ts';
import { classifyByCode, parseObject } from '../channel/classify.ts';
import { FEISHU_APP_CODES } from '../channel/platform/feishu-app-codes.ts';
import { feishuCard, feishuPost, feishuText, isId } from '../channel/platform/feishu-message.ts';
import { postJson } from '../channel/http-channel.ts';
import { headerNumber } from '../channel/header-number.ts';
import { idList, idText } from '../channel/id.ts';
import { maskId } from '../channel/mask.ts';
import { baseUrl } from '../channel/server-address.ts';
import { shortHash } from '../channel/short-hash.ts';
import { tokenIn } from '../channel/token-answer.ts';
import { withToken } from '../channel/token.ts';
import type { Message, Outcome, Success } from '../model.ts';

/** The body of the request, without its `uuid`. */
interface Body {
  readonly receive_id: string;
  readonly msg_type: string;
  /** JSON in a string. */
  readonly content: string;
}
/** One of the first three, each of which has a size limit of its own. */
interface Payload {
  readonly text?: Body;
  readonly post?: Body;
  readonly interactive?: Body;
  /** Whom to urge once the message has arrived; empty: nobody is known. Absent: it is not urgent. */
  readonly urgent?: readonly string[];
}

const PERSON_ID_TYPES = ['open_id', 'user_id', 'union_id'] as const;
/** Most people of one urgent call. */
const MOST_URGED = 200;

const config = z.strictObject({
  app_id: z.string().min(1).meta({ description: 'App ID, cli_…' }),
  app_secret: z.string().min(1).meta({ secret: true, description: 'App Secret' }),
  receive_id: idText('Who receives the messages: a person or a chat'),
  receive_id_type: z
    .enum([...PERSON_ID_TYPES, 'email', 'chat_id'])
    .default('open_id')
    .meta({ description: 'What receive_id is; an open_id is valid within its own app only' }),
  msg_type: z.enum(['text', 'post', 'interactive']).optional().meta({
    description: 'Form of every message; absent = text, and a card (interactive) for style card and for Markdown',
  }),
  urgent: z.enum(['app', 'sms', 'phone', '']).default('').meta({
    description: 'Urge the recipient in the app, by SMS or by telephone (these two are paid); empty = do not',
  }),
  urgent_levels: z
    .array(z.enum(['info', 'warning', 'error']))
    .default(['info', 'warning', 'error'])
    .meta({ description: 'Levels of the messages that are urgent' }),
  urgent_user_ids: idList(
    'Whom to urge; absent = the recipient, or those a message to a chat or an e-mail address mentions',
  )
    .refine((ids) => ids.length <= MOST_URGED, { error: `expected at most ${MOST_URGED} ids` })
    .optional(),
  urgent_user_id_type: z.enum(PERSON_ID_TYPES).optional().meta({
    description: 'What the ids of those to urge are; absent = as receive_id_type if that is a person’s, else open_id',
  }),
  base_url: baseUrl('https://open.feishu.cn'),
});
type Config = z.output<typeof config>;

/** `"uuid":"…",` around 32 characters. */
const UUID_BYTES = 42;

/** Messages of a Feishu or Lark app. Wire facts: open.feishu.cn, server-docs/im-v1/message/create and urgent_app. */
export default defineChannel<typeof config, Payload>({
  name: 'feishu_app',
  label: { en: 'Feishu / Lark app', zh: '飞书应用' },
  docs: 'https://open.feishu.cn/document/server-docs/im-v1/message/create',
  config,
  // "At most one message is created for the same uuid within an hour."
  capabilities: { formats: ['text', 'markdown'], card: true, mentions: true, idempotent: true },
  limits: {
    // Official: 150 KB and 30 KB of the request; the smaller reading of KB.
    size: [
      { of: 'text', max: 150_000 - UUID_BYTES, unit: 'bytes' },
      { of: 'post', max: 30_000 - UUID_BYTES, unit: 'bytes' },
      { of: 'interactive', max: 30_000 - UUID_BYTES, unit: 'bytes' },
    ],
    // Ours: no figure is documented; a card's header shows about two lines.
    title: { max: 200, unit: 'chars' },
    // Official: 5 a second to one user or chat.
    rate: { per_second: 4 },
    // How long is not documented where no header says it: back off from a second to a minute.
    throttle: { base: 1, max: 60 },
  },
  // Official, of one app: 1,000 a minute and 50 a second.
  account: { key: ({ app_id }) => app_id, rate: { per_minute: 980, per_second: 48 } },
  credential: ({ app_id, receive_id }) => JSON.stringify([app_id, receive_id]),
  people: ({ receive_id, urgent_user_ids = [] }) => [receive_id, ...urgent_user_ids],
  render: (message, target) => ({ ...bodyOf(message, target), ...urgencyOf(message, target) }),
  async send(payload, target, io) {
    const { text, post, interactive, urgent } = payload;
    const body = { uuid: shortHash(io.id), ...(text ?? post ?? interactive) };
    const reply = await call(io, target, 'POST', `messages?receive_id_type=${target.receive_id_type}`, body);
    const outcome = verdict(reply, io.now());
    // One call for the whole of a long message.
    return outcome.ok && urgent && io.part === 0 ? urge(urgent, target, messageIdIn(reply), io) : outcome;
  },
});

// ---- rendering -------------------------------------------------------------------------------------------------

function bodyOf(message: Message, { receive_id, receive_id_type, msg_type }: Config): Payload {
  const isCard = message.style === 'card' || message.format === 'markdown';
  const form = message.plain ? 'text' : (msg_type ?? (isCard ? 'interactive' : 'text'));
  const content = JSON.stringify(CONTENTS[form](message, receive_id_type === 'chat_id'));
  return { [form]: { receive_id, msg_type: form, content } };
}

/** What each form holds, of a message to a group or to one person. */
const CONTENTS = {
  text: (message: Message, isGroup: boolean) => ({ text: feishuText(message, isGroup) }),
  post: (message: Message, isGroup: boolean) => ({ zh_cn: feishuPost(message, isGroup) }),
  interactive: feishuCard,
};

// ---- urgency ---------------------------------------------------------------------------------------------------

function urgencyOf({ level, mentions }: Message, target: Config): Pick<Payload, 'urgent'> {
  const { urgent, urgent_levels, urgent_user_ids, receive_id, receive_id_type } = target;
  if (urgent === '' || !urgent_levels.includes(level)) return {};
  if (urgent_user_ids) return { urgent: urgent_user_ids };
  if (receive_id_type === urgedIdType(target)) return { urgent: [receive_id] };
  return { urgent: mentions?.ids.filter(isId).slice(0, MOST_URGED) ?? [] };
}

const urgedIdType = ({ urgent_user_id_type, receive_id_type }: Config) =>
  urgent_user_id_type ?? PERSON_ID_TYPES.find((type) => type === receive_id_type) ?? 'open_id';

const WAYS = { app: '应用内', sms: '短信', phone: '电话', '': '' } as const;

/** The message has arrived, whatever becomes of this. */
async function urge(users: readonly string[], target: Config, id: string | undefined, io: ChannelIo): Promise<Success> {
  const { urgent } = target;
  const note = (text: string): Success => ({ ok: true, note: `消息已送达，${WAYS[urgent]}加急${text}` });
  if (users.length === 0) {
    return note('未进行：不知道要加急谁，请配置 urgent_user_ids，或在 mentions.ids 中写明');
  }
  if (id === undefined) return note('未进行：飞书的应答中没有 message_id');
  io.accepted(note('未得到答复，可能没有成功'));
  const path = `messages/${encodeURIComponent(id)}/urgent_${urgent}?user_id_type=${urgedIdType(target)}`;
  const reply = await call(io, target, 'PATCH', path, { user_id_list: users });
  const outcome = verdict(reply, io.now());
  if (!outcome.ok) {
    return note(
      `失败：${[outcome.code, outcome.message].join(' ')}${outcome.remedy ? `（${outcome.remedy.zh}）` : ''}`,
    );
  }
  const missed = dataOf(reply)['invalid_user_id_list'];
  const ids = Array.isArray(missed) ? missed.map((one) => maskId(String(one))) : [];
  return ids.length === 0 ? { ok: true } : note(`未通知到 ${ids.length} 人：${ids.join('、')}（id 无效或不在会话中）`);
}

// ---- requests --------------------------------------------------------------------------------------------------

const STALE: ReadonlySet<number> = new Set([99991663, 99991661, 99991671, 99991664, 99991665]);

function call(
  io: ChannelIo,
  { base_url, app_id, app_secret }: Config,
  method: 'POST' | 'PATCH',
  path: string,
  body: unknown,
) {
  return withToken(
    io,
    JSON.stringify(['feishu_app', base_url, app_id, app_secret]),
    async (ask) => {
      const url = `${base_url}/open-apis/auth/v3/tenant_access_token/internal`;
      const answer = await ask(postJson(url, { app_id, app_secret }));
      return tokenIn(answer, io.now(), { value: 'tenant_access_token', expires_in: 'expire' }, verdict);
    },
    (token) => {
      const request = postJson(`${base_url}/open-apis/im/v1/${path}`, body, { authorization: `Bearer ${token}` });
      return io.http({ ...request, method });
    },
    (answer) => STALE.has(Number(parseObject(answer.body)?.['code'])),
  );
}

// ---- answers ---------------------------------------------------------------------------------------------------

const classify = classifyByCode('code', 'msg', FEISHU_APP_CODES);

/** The gateway says in a header of its own how many seconds to wait; support asks for the log's id. */
function verdict(reply: HttpReply, now: Date): Outcome {
  const outcome = classify(reply, now);
  if (outcome.ok) return outcome;
  const reset = headerNumber(reply, 'x-ogw-ratelimit-reset');
  const waits = outcome.kind === 'rate_limited' && !outcome.quota && reset >= 0;
  const log = logIdIn(reply);
  return {
    ...outcome,
    ...(waits && { retry_after: reset }),
    // In front: what is cut off at the end of a message must stay at its end, where the rest of a secret is still known.
    ...(log !== undefined && { message: `[log_id ${log}] ${outcome.message}`.slice(0, 500) }),
  };
}

function logIdIn(reply: HttpReply): string | undefined {
  const error = Object(parseObject(reply.body)?.['error']);
  const id: unknown = Reflect.get(error, 'log_id');
  return typeof id === 'string' && id !== '' ? id.slice(0, 80) : undefined;
}

function messageIdIn(reply: HttpReply): string | undefined {
  const id = dataOf(reply)['message_id'];
  return typeof id === 'string' && id !== '' ? id : undefined;
}

function dataOf(reply: HttpReply): Record<string, unknown> {
  const data = parseObject(reply.body)?.['data'];
  return typeof data === 'object' && data !== null ? Object.fromEntries(Object.entries(data)) : {};
}
