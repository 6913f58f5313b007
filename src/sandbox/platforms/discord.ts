import { isJson, parseJson } from '../body.ts';
import { createSlidingWindows, type SlidingWindows } from '../limits/sliding-windows.ts';
import { equal } from '../sign.ts';
import { type Answer, type Bot, type Call, defineStandIn, type Verdict } from '../stand-in.ts';
import { drawDiscordMessage, type ErrorTree, isEmpty, readDiscordMessage } from './discord/message.ts';

/**
 * Discord publishes no figures for a webhook and tells clients to read its headers. These are the ones that clients
 * have measured: five in two seconds for a webhook, 30 a minute for a channel.
 */
const RATE = [
  { max: 5, ms: 2000 },
  { max: 30, ms: 60_000 },
];
const MESSAGE_ID = 1_400_000_000_000_000_000n;

/** docs.discord.com/developers/topics/opcodes-and-status-codes#json */
const CODES: Readonly<Record<number, readonly [status: number, message: string]>> = {
  10003: [404, 'Unknown Channel'],
  10015: [404, 'Unknown Webhook'],
  20016: [429, 'This action cannot be performed due to slowmode rate limit'],
  20028: [429, 'The write action you are performing on the channel has hit the write rate limit'],
  20029: [429, 'The write action you are performing on the server has hit the write rate limit'],
  40005: [413, 'Request entity too large. Try sending something smaller in size'],
  40333: [403, 'internal network error'],
  50006: [400, 'Cannot send an empty message'],
  50027: [401, 'Invalid Webhook Token'],
  50035: [400, 'Invalid Form Body'],
  50109: [400, 'The request body contains invalid JSON.'],
  220001: [400, 'Webhooks posted to forum channels must have a thread_name or thread_id'],
  220002: [400, 'Webhooks posted to forum channels cannot have both a thread_name and thread_id'],
  220003: [400, 'Webhooks can only create threads in forum channels'],
  220004: [400, 'Webhook services cannot be used in forum channels'],
};
/** Errors without a code of their own. */
const PLAIN: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};
/** Seconds in an injected 429: a float in the body, rounded up in the header. */
const RETRY_AFTER = 0.529;

interface State {
  readonly sent: SlidingWindows;
  messages: bigint;
}

export default defineStandIn(() => {
  const state: State = { sent: createSlidingWindows(RATE), messages: 0n };
  const route = {
    // The token is the secret of the hook.
    token: ({ params }: Pick<Call, 'params'>) => params['id'] ?? '',
    receive: (call: Call, bot: Bot | undefined) => receive(call, bot, state),
  };
  return {
    name: 'discord',
    label: 'Discord',
    colour: '#5865f2',
    example: {
      path: '/api/webhooks/123456789012345678/demo?wait=true',
      body: {
        embeds: [{ title: '数据库告警', description: '连接数 **150/100**，请立即处理', color: 0xd9_2d_20 }],
        allowed_mentions: { parse: [] },
      },
    },
    routes: [
      { path: '/api/webhooks/:id/:token', ...route },
      { path: '/api/v:version/webhooks/:id/:token', ...route },
    ],
    failure(code) {
      if (code === '429') return tooFast(RETRY_AFTER);
      const number = Number(code);
      if (Object.hasOwn(PLAIN, number)) return plain(number);
      return Object.hasOwn(CODES, number) ? failure(number) : undefined;
    },
  };
});

function receive(call: Call, bot: Bot | undefined, state: State): Verdict {
  const { id = '', token = '' } = call.params;
  // A request that names no client is stopped by Cloudflare, in front of Discord.
  if ((call.headers['user-agent'] ?? '') === '') return refuse(failure(40333), 40333);
  if (call.method !== 'POST') return refuse(plain(405), 405);
  if (!/^\d{1,20}$/.test(id)) return invalid({ webhook_id: coded('NUMBER_TYPE_COERCE', 'Value is not snowflake.') });
  if (!/^[\w-]{1,128}$/.test(token) || (bot?.secret !== undefined && !equal(bot.secret, token)))
    return refuse(failure(50027), 50027);
  const wait = bot?.unlimited === true ? 0 : state.sent.wait(id, call.now);
  if (wait > 0) return refuse(tooFast(wait / 1000), 429, `${wait} ms too early`);
  state.sent.take(id, call.now);
  const verdict = judge(call, state);
  const { answer } = verdict;
  return { ...verdict, answer: { ...answer, headers: { ...bucket(state.sent, id, call.now), ...answer.headers } } };
}

function judge(call: Call, state: State): Verdict {
  const query = call.url.searchParams;
  const thread = query.get('thread_id');
  if (thread !== null && !/^\d{1,20}$/.test(thread))
    return invalid({ thread_id: coded('NUMBER_TYPE_COERCE', 'Value is not snowflake.') });
  if (!isJson(call))
    return invalid({
      _errors: [
        { code: 'CONTENT_TYPE_INVALID', message: 'Expected "Content-Type" header to be one of {application/json}.' },
      ],
    });
  const json = parseJson(call.body);
  if (json === undefined) return refuse(failure(50109), 50109);
  const read = readDiscordMessage(json);
  if ('errors' in read) return invalid(read.errors);
  const { message } = read;
  if (isEmpty(message)) return refuse(failure(50006), 50006);
  // The sandbox's channel is an ordinary one, where no thread can be made.
  if (message.thread_name !== undefined) {
    const code = thread === null ? 220003 : 220002;
    return refuse(failure(code), code);
  }
  const draft = { ...drawDiscordMessage(message), raw: json };
  if (query.get('wait') !== 'true') return { ok: true, answer: { status: 204, body: '' }, draft };
  state.messages += 1n;
  const saved = {
    id: String(MESSAGE_ID + state.messages),
    type: 0,
    channel_id: thread ?? '100000000000000001',
    webhook_id: call.params['id'],
    content: message.content ?? '',
    embeds: message.embeds ?? [],
    timestamp: new Date(call.now).toISOString(),
  };
  return { ok: true, answer: { body: saved }, draft };
}

const coded = (code: string, message: string): ErrorTree => ({ _errors: [{ code, message }] });

function failure(code: number): Answer {
  const [status, message] = CODES[code]!;
  if (status !== 429) return { status, body: { message, code } };
  const { headers = {}, body } = tooFast(RETRY_AFTER);
  return { status, headers, body: { ...(body as object), message, code } };
}

const plain = (status: number): Answer => ({ status, body: { message: `${status}: ${PLAIN[status]}`, code: 0 } });

/** @param seconds may have a fraction; the header is rounded up */
const tooFast = (seconds: number): Answer => ({
  status: 429,
  headers: {
    'retry-after': String(Math.ceil(seconds)),
    'x-ratelimit-reset-after': seconds.toFixed(3),
    'x-ratelimit-remaining': '0',
    'x-ratelimit-scope': 'user',
  },
  body: { message: 'You are being rate limited.', retry_after: seconds, global: false },
});

const refuse = (answer: Answer, code: number, reason?: string): Verdict => ({
  ok: false,
  code: String(code),
  reason: reason ?? CODES[code]?.[1] ?? PLAIN[code] ?? '',
  answer,
});

function invalid(errors: ErrorTree): Verdict {
  const [status, message] = CODES[50035]!;
  return refuse({ status, body: { message, code: 50035, errors } }, 50035, `${message}: ${JSON.stringify(errors)}`);
}

/** What every answer tells of the limit. The window of two seconds is the bucket. */
function bucket(sent: SlidingWindows, id: string, now: number): Readonly<Record<string, string>> {
  const { max, ms } = RATE[0]!;
  const left = Math.max(0, sent.left(id, now));
  const reset = left === 0 ? sent.wait(id, now) : ms;
  return {
    'x-ratelimit-limit': String(max),
    'x-ratelimit-remaining': String(Math.min(left, max)),
    'x-ratelimit-reset': ((now + reset) / 1000).toFixed(3),
    'x-ratelimit-reset-after': (reset / 1000).toFixed(3),
    'x-ratelimit-bucket': 'sandbox',
  };
}
