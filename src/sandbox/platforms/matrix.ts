import { z } from 'zod';
import { isJson, parseAny } from '../body.ts';
import { issueWords } from '../issue.ts';
import { firstColour, levelOfColour, levelOfMarks } from '../level.ts';
import { createSlidingWindows, type SlidingWindows } from '../limits/sliding-windows.ts';
import { look } from '../look.ts';
import { createMemory, type Memory } from '../memory.ts';
import { type Answer, type Bot, type Call, defineStandIn, type Draft, type Verdict } from '../stand-in.ts';
import { readMatrixHtml } from './matrix/html.ts';

/** Synapse's default for messages, `rc_message`: 0.2 a second, ten at once. */
const RATE = [{ max: 10, ms: 50_000 }];
/** spec.matrix.org/latest/client-server-api/#size-limits: bytes of the whole event. */
const EVENT_BYTES = 65_536;
/** Hashes, signatures, and the events it follows: about what a homeserver adds to the content (bytes). */
const METADATA_BYTES = 1500;
/** Milliseconds in an injected M_LIMIT_EXCEEDED. */
const RETRY_AFTER = 2000;

const ERRORS: Readonly<Record<string, readonly [status: number, error: string]>> = {
  M_BAD_JSON: [400, 'Content must be a JSON object.'],
  M_NOT_JSON: [400, 'Content not JSON.'],
  M_INVALID_PARAM: [400, 'Invalid parameter.'],
  M_MISSING_TOKEN: [401, 'Missing access token'],
  M_UNKNOWN_TOKEN: [401, 'Invalid access token passed.'],
  M_FORBIDDEN: [403, 'User not in room.'],
  M_NOT_FOUND: [404, 'Not found.'],
  M_UNRECOGNIZED: [405, 'Unrecognized request'],
  M_TOO_LARGE: [413, 'event too large'],
  M_LIMIT_EXCEEDED: [429, 'Too Many Requests'],
  M_UNKNOWN: [500, 'Internal server error'],
};

interface State {
  readonly sent: SlidingWindows;
  /** Event ids by token, room and transaction. */
  readonly transactions: Memory<string>;
  events: number;
}

export default defineStandIn(() => {
  const state: State = { sent: createSlidingWindows(RATE), transactions: createMemory(), events: 0 };
  const token = ({ headers }: Pick<Call, 'headers'>): string => bearer(headers) ?? '';
  const client = '/matrix/_matrix/client/v3';
  return {
    name: 'matrix',
    label: 'Matrix',
    colour: '#0dbd8b',
    routes: [
      {
        path: `${client}/rooms/:room/send/:type/:transaction`,
        token,
        receive: (call, bot) => receive(call, bot, state),
      },
      { path: `${client}/rooms/:room/state/m.room.encryption`, token, receive: encryption },
      { path: `${client}/directory/room/:alias`, token: () => '', receive: resolve },
    ],
    failure: (code) => (Object.hasOwn(ERRORS, code) ? failure(code) : undefined),
  };
});

function receive(call: Call, bot: Bot | undefined, state: State): Verdict {
  if (call.method !== 'PUT') return refuse('M_UNRECOGNIZED');
  const { room = '', type = '', transaction = '' } = call.params;
  const token = bearer(call.headers);
  if (token === undefined) return refuse('M_MISSING_TOKEN');
  if (!/^[\x21-\x7e]+$/.test(token)) return refuse('M_UNKNOWN_TOKEN');
  if (!ROOM.test(room)) return refuse('M_INVALID_PARAM', `'${room}' is not a legal room ID`);
  if (type !== 'm.room.message') return refuse('M_INVALID_PARAM', `the sandbox takes no ${type}`);
  // The pair of access token and transaction is remembered: a repeat is answered as before and sends nothing.
  const key = JSON.stringify([token, room, transaction]);
  const known = state.transactions.get(key);
  if (known !== undefined) return { ok: true, answer: { body: { event_id: known } } };
  const wait = bot?.unlimited === true ? 0 : state.sent.wait(token, call.now);
  if (wait > 0) return refuse('M_LIMIT_EXCEEDED', `${wait} ms too early`, wait);
  const json = isJson(call) ? parseAny(call.body) : undefined;
  if (json === undefined) return refuse('M_NOT_JSON');
  const parsed = CONTENT.safeParse(json);
  if (!parsed.success) return refuse('M_BAD_JSON', issueWords(parsed.error));
  if (Buffer.byteLength(JSON.stringify(json)) + METADATA_BYTES > EVENT_BYTES) return refuse('M_TOO_LARGE');
  state.sent.take(token, call.now);
  state.events += 1;
  const event_id = `$sandbox${state.events}`;
  state.transactions.set(key, event_id);
  return { ok: true, answer: { body: { event_id } }, draft: { ...draw(parsed.data), to: [room], raw: json } };
}

/** No room of the sandbox is encrypted. */
function encryption(call: Call): Verdict {
  if (call.method !== 'GET') return refuse('M_UNRECOGNIZED');
  if (bearer(call.headers) === undefined) return refuse('M_MISSING_TOKEN');
  return refuse('M_NOT_FOUND', 'Event not found.');
}

/** Every alias leads to a room of that name. */
function resolve(call: Call): Verdict {
  if (call.method !== 'GET') return refuse('M_UNRECOGNIZED');
  const [, name, server] = /^#([^:]+):(.+)$/.exec(call.params['alias'] ?? '') ?? [];
  if (name === undefined) return refuse('M_INVALID_PARAM', 'Room alias invalid');
  return { ok: true, answer: { body: { room_id: `!${name}:${server}`, servers: [server] } } };
}

/** The token is named in the header only; the query string is no longer read. */
const bearer = (headers: Call['headers']): string | undefined => /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];

/** `!opaque:server`, or `!opaque` since room version 12. */
const ROOM = /^![^:\s/]+(:[\w.-]+(:\d+)?)?$/;

/** Both ways of telling the time: the header of the newer specification, the body of the older one. */
function failure(errcode: string, ms = RETRY_AFTER, reason?: string): Answer {
  const [status, error] = ERRORS[errcode]!;
  const limited = errcode === 'M_LIMIT_EXCEEDED';
  return {
    status,
    ...(limited ? { headers: { 'retry-after': String(Math.ceil(ms / 1000)) } } : {}),
    body: {
      errcode,
      error: limited ? error : (reason ?? error),
      ...(limited ? { retry_after_ms: ms } : {}),
      ...(errcode === 'M_UNKNOWN_TOKEN' ? { soft_logout: false } : {}),
    },
  };
}

const refuse = (errcode: string, reason = ERRORS[errcode]![1], ms?: number): Verdict => ({
  ok: false,
  code: errcode,
  reason,
  answer: failure(errcode, ms, reason),
});

const USER = z.string().regex(/^@[^:\s]+:\S+$/, 'is not a user id');
const CONTENT = z
  .looseObject({
    msgtype: z.enum(['m.text', 'm.notice', 'm.emote']),
    body: z.string().min(1),
    format: z.literal('org.matrix.custom.html').optional(),
    formatted_body: z.string().optional(),
    'm.mentions': z.looseObject({ user_ids: z.array(USER).optional(), room: z.boolean().optional() }).optional(),
  })
  .refine(
    ({ format, formatted_body }) => (format === undefined) === (formatted_body === undefined),
    'format and formatted_body belong together',
  );

/** Clients draw `formatted_body` where there is one; `m.mentions` alone decides who is called. */
function draw({ msgtype, body, formatted_body, ...more }: z.infer<typeof CONTENT>): Omit<Draft, 'raw'> {
  const mentions = more['m.mentions'] ?? {};
  const html = formatted_body === undefined ? undefined : readMatrixHtml(formatted_body);
  const colour = firstColour(/data-mx-(?:bg-)?color="[^"]*"/i.exec(formatted_body ?? '')?.[0] ?? '');
  const level = levelOfColour(colour) ?? levelOfMarks(html?.title ?? '', html?.text ?? body, body);
  return {
    kind: msgtype,
    style: (html?.title ?? '') === '' ? 'text' : 'card',
    title: html?.title ?? '',
    text: html?.text ?? body,
    format: html === undefined ? 'text' : 'markdown',
    ...look(level, colour),
    links: html?.links ?? [],
    mentions: [...(mentions.room === true ? ['all'] : []), ...(mentions.user_ids ?? [])],
  };
}
