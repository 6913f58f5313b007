import { z } from 'zod';
import type { HttpReply } from '../channel/channel.ts';
import { type CodeTable, classifyStatus, judge, parseObject } from '../channel/classify.ts';
import { escapeHtml } from '../channel/text/escape-html.ts';
import { defineHttpChannel, postJson } from '../channel/http-channel.ts';
import { matrixHtml } from '../channel/platform/matrix-html.ts';
import { markedTitle } from '../channel/text/marked-title.ts';
import { percentEncode } from '../channel/percent-encode.ts';
import { plainText } from '../channel/text/plain-text.ts';
import { rule } from '../channel/rule.ts';
import { baseUrl } from '../channel/server-address.ts';
import { TOO_LARGE } from '../channel/usual-rules.ts';
import type { Mentions, Message, Outcome } from '../model.ts';

interface Payload {
  readonly msgtype: string;
  readonly body: string;
  readonly format?: 'org.matrix.custom.html';
  readonly formatted_body?: string;
  /** Empty: nobody is called, whatever the text looks like. */
  readonly 'm.mentions': { readonly user_ids?: readonly string[]; readonly room?: true };
}

const config = z.strictObject({
  base_url: baseUrl().meta({ description: 'Address of the homeserver, e.g. https://matrix.example.org' }),
  access_token: z
    .string()
    .regex(/^[\x21-\x7e]+$/, { error: 'expected an access token' })
    .meta({ secret: true, description: 'Access token of the bot’s account' }),
  room_id: z
    .string()
    .regex(/^![^\s/?#]{1,254}$/, {
      error:
        'expected a room id, beginning with "!" (room settings → advanced); an alias (#…) may move to another room',
    })
    .meta({ description: 'Id of the room, which the bot has joined; messages are not encrypted' }),
  msgtype: z.enum(['m.text', 'm.notice']).default('m.text').meta({
    description: 'm.notice is meant for bots, but by default nobody is notified of it',
  }),
});
type Config = z.output<typeof config>;

/** Synapse lets a user send 0.2 messages a second after a burst of 10 (`rc_message`); other homeservers have other limits. */
const USER_RATE = { per_minute: 10 };

/** Matrix rooms. Wire facts: spec.matrix.org, client-server API, "Sending events to a room". */
export default defineHttpChannel<typeof config, Payload>({
  name: 'matrix',
  label: { en: 'Matrix', zh: 'Matrix' },
  docs: 'https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid',
  config,
  // A repeat with the same transaction id and token gives the event that is already there.
  capabilities: { formats: ['text', 'markdown'], card: true, mentions: true, idempotent: true },
  limits: {
    // An event has at most 65,536 bytes, with what the homeserver adds.
    size: [{ of: 'body', max: 60_000, unit: 'bytes' }],
    // Ours: none is documented.
    title: { max: 200, unit: 'chars' },
    rate: USER_RATE,
    throttle: { base: 5, max: 300 },
  },
  account: { key: ({ base_url, access_token }) => JSON.stringify([base_url, access_token]), rate: USER_RATE },
  credential: ({ base_url, access_token, room_id }) => JSON.stringify([base_url, access_token, room_id]),
  render,
  request(payload, { base_url, access_token, room_id }, _now, id) {
    const room = `${base_url}/_matrix/client/v3/rooms/${percentEncode(room_id)}`;
    const url = `${room}/send/m.room.message/${percentEncode(id)}`;
    return { ...postJson(url, payload, { authorization: `Bearer ${access_token}` }), method: 'PUT' };
  },
  classify,
});

// ---- rendering -------------------------------------------------------------------------------------------------

function render(message: Message, { msgtype }: Config): Payload {
  const { style, format, mentions } = message;
  const { words, html, who } = mentions === undefined ? NOBODY : callsOf(mentions);
  const text = [plainText({ ...message, title: markedTitle(message) }), words].filter((part) => part !== '').join('\n');
  if (style === 'text' && format === 'text') return { msgtype, body: text, 'm.mentions': who };
  return {
    msgtype,
    body: text,
    format: 'org.matrix.custom.html',
    formatted_body: matrixHtml(message, html),
    'm.mentions': who,
  };
}

interface Called {
  readonly words: string;
  readonly html: string;
  readonly who: Payload['m.mentions'];
}

const NOBODY: Called = { words: '', html: '', who: {} };

/** spec.matrix.org/latest/appendices/#user-identifiers */
const USER = /^@[\w.=/+-]{1,200}:[\w.-]{1,200}(?::\d{1,5})?$/;

/** Users and the whole room are called by `m.mentions`; the words are what is seen of it. Anybody else is text. */
function callsOf({ all, ids, mobiles }: Mentions): Called {
  const users = ids.filter((id) => USER.test(id));
  const others = [...mobiles, ...ids.filter((id) => !USER.test(id))].map((who) => `@${who}`);
  const room = all ? ['@room'] : [];
  const pills = users.map((id) => `<a href="https://matrix.to/#/${escapeHtml(id)}">${escapeHtml(id)}</a>`);
  return {
    words: [...room, ...users, ...others].join(' '),
    html: [...room, ...pills, ...others.map(escapeHtml)].join(' '),
    who: { ...(users.length > 0 && { user_ids: [...new Set(users)] }), ...(all && { room: true as const }) },
  };
}

// ---- answers ---------------------------------------------------------------------------------------------------

function classify(reply: HttpReply, now: Date): Outcome {
  const json = parseObject(reply.body);
  const code = json?.['errcode'];
  if (typeof code === 'string') {
    const message = typeof json?.['error'] === 'string' ? json['error'] : '';
    return judge(throttled(json, reply), code, message, reply, now);
  }
  const event = json?.['event_id'];
  if (reply.status < 300 && typeof event === 'string' && event !== '') return { ok: true };
  return classifyStatus(reply, now);
}

/** The time is in `Retry-After` or, from older servers, in the body as milliseconds. */
function throttled(json: Record<string, unknown> | undefined, reply: HttpReply): CodeTable {
  const wait = json?.['retry_after_ms'];
  if (typeof wait !== 'number' || !(wait >= 0) || reply.headers['retry-after'] !== undefined) return TABLE;
  return { ...TABLE, M_LIMIT_EXCEEDED: { ...TOO_FAST, pause: wait / 1000 } };
}

const TOO_FAST = rule(
  'rate_limited',
  '主服务器限流，该账号已自动暂停，稍后继续；若常见，请管理员放宽该账号的限制（Synapse：rc_message）',
  'The homeserver throttles this account; it waits by itself. If it happens often, have its limit raised (Synapse: rc_message).',
  { account: true },
);
const BAD_TOKEN = rule(
  'unauthorized',
  'access_token 无效或已登出：重新登录机器人账号并更新 access_token',
  'access_token is not valid or logged out: log the bot in again and update it.',
);
const SHUT_OUT = rule(
  'unauthorized',
  '机器人未加入该房间或没有发言权限：邀请它加入并调整房间权限；@room 需要相应的权限等级',
  'The bot is not in the room or may not write: invite it and adjust the room’s permissions; @room needs a power level of its own.',
);
const LOCKED = rule(
  'unauthorized',
  '机器人账号已停用、锁定或须先同意条款：请主服务器管理员处理',
  'The bot’s account is deactivated, locked, or has to accept terms first: ask the homeserver’s administrator.',
);
const BAD_REQUEST = rule(
  'invalid',
  '主服务器不接受该消息：核对 base_url 与 room_id；试用 style: text',
  'The homeserver refuses the message: check base_url and room_id, and try style: text.',
  { as_text: true },
);
const FULL = rule(
  'unauthorized',
  '主服务器的资源已用尽：请其管理员处理',
  'The homeserver has used up a resource: ask its administrator.',
);

/** spec.matrix.org/latest/client-server-api/#standard-error-response */
const TABLE: CodeTable = {
  M_UNKNOWN_TOKEN: BAD_TOKEN,
  M_MISSING_TOKEN: BAD_TOKEN,
  M_FORBIDDEN: SHUT_OUT,
  M_GUEST_ACCESS_FORBIDDEN: SHUT_OUT,
  M_USER_DEACTIVATED: LOCKED,
  M_USER_LOCKED: LOCKED,
  M_USER_SUSPENDED: LOCKED,
  M_CONSENT_NOT_GIVEN: LOCKED,
  M_NOT_FOUND: rule(
    'unauthorized',
    '找不到该房间：核对 room_id 与 base_url',
    'No such room: check room_id and base_url.',
  ),
  M_UNRECOGNIZED: rule(
    'invalid',
    '主服务器不认识该接口：base_url 须是客户端接口的地址（见 /.well-known/matrix/client）',
    'The server does not know this call: base_url must be that of the client API (see /.well-known/matrix/client).',
  ),
  M_BAD_JSON: BAD_REQUEST,
  M_NOT_JSON: BAD_REQUEST,
  M_INVALID_PARAM: BAD_REQUEST,
  M_MISSING_PARAM: BAD_REQUEST,
  M_TOO_LARGE: TOO_LARGE,
  M_LIMIT_EXCEEDED: TOO_FAST,
  M_RESOURCE_LIMIT_EXCEEDED: FULL,
};
