import { randomBytes } from 'node:crypto';
import { readBasic } from '../basic.ts';
import { parseJson } from '../body.ts';
import { filled } from '../fields.ts';
import { levelOfMarks } from '../level.ts';
import { createCalendarCount, dayOf } from '../limits/calendar-count.ts';
import { createTokenBucket } from '../limits/token-bucket.ts';
import { look } from '../look.ts';
import { type Bot, type Call, defineStandIn, type Drawn, type Level, type Verdict } from '../stand-in.ts';
import { ntfyFailure, ntfyRefusal } from './ntfy/error.ts';
import { type NtfyMessage, readJson, readPlain } from './ntfy/message.ts';

/** docs.ntfy.sh/publish, "Limitations": a longer message becomes an attachment. Bytes of UTF-8. */
const MESSAGE_BYTES = 4096;
/** docs.ntfy.sh/config, "Rate limiting": of one visitor, which is a user or else an address. */
const REQUESTS = { burst: 60, refill_ms: 5000 };
const LOGINS = { burst: 30, refill_ms: 60_000 };
/** Of ntfy.sh without a paid tier. */
const MOST_PER_DAY = 250;
/** How long a message is kept: `cache-duration`, in seconds. */
const CACHE_S = 43_200;

/** The bot is the topic; the limits count per visitor. A declared secret is `tk_…` or `user:password`. */
export default defineStandIn(() => {
  const mayRequest = createTokenBucket(REQUESTS);
  const mayLogIn = createTokenBucket(LOGINS);
  const count = createCalendarCount();

  const publish = (call: Call, bot: Bot | undefined, read: (call: Call) => NtfyMessage): Verdict => {
    if (call.method !== 'POST' && call.method !== 'PUT') return ntfyRefusal('40401');
    const login = credential(call);
    const isWrong = login === undefined || (login !== '' && bot?.secret !== undefined && login !== bot.secret);
    if (isWrong) return ntfyRefusal(mayLogIn(call.ip, call.now) ? '40101' : '42909');
    if (login === '' && bot?.secret !== undefined) return ntfyRefusal('40301');
    const visitor = login || call.ip;
    if (bot?.unlimited !== true && !mayRequest(visitor, call.now)) return ntfyRefusal('42901');
    const message = read(call);
    if (typeof message === 'string') return ntfyRefusal(message);
    const isOver = bot?.unlimited !== true && count(visitor, dayOf(call.now, 0)) > MOST_PER_DAY;
    if (isOver) return ntfyRefusal('42908');
    const [time, text] = [Math.floor(call.now / 1000), message.message || 'triggered'];
    const id = randomBytes(9).toString('base64url');
    const isFile = Buffer.byteLength(text, 'utf8') > MESSAGE_BYTES;
    const shown = { ...message, message: isFile ? 'You received a file: attachment.txt' : text };
    const body = { id, time, expires: time + CACHE_S, event: 'message', ...shown };
    const raw: unknown = call.params['topic'] === undefined ? parseJson(call.body) : call.body.toString('utf8');
    return { ok: true, answer: { body }, draft: { ...draw(shown), kind: isFile ? 'attachment' : 'message', raw } };
  };

  return {
    name: 'ntfy',
    label: 'ntfy',
    colour: '#338574',
    example: {
      path: '/ntfy',
      body: { topic: 'demo', title: '磁盘将满', message: 'db-1 已用 91%', priority: 4, tags: ['warning'] },
    },
    routes: [
      { path: '/ntfy', token: topicOf, receive: (call, bot) => publish(call, bot, readJson) },
      {
        path: '/ntfy/:topic',
        token: ({ params }) => params['topic'] ?? '',
        receive: (call, bot) => publish(call, bot, readPlain),
      },
    ],
    failure: ntfyFailure,
  };
});

function topicOf({ body }: Pick<Call, 'body'>): string {
  const topic = parseJson(body)?.['topic'];
  return typeof topic === 'string' ? topic : '';
}

/** The token or `user:password` of a call; '' when there is none, undefined when it is malformed. */
function credential({ url, headers }: Call): string | undefined {
  const auth = headers.authorization ?? Buffer.from(url.searchParams.get('auth') ?? '', 'base64url').toString('utf8');
  if (auth === '') return '';
  const [, token] = /^bearer +(tk_\w{1,64})$/i.exec(auth) ?? [];
  if (token !== undefined) return token;
  const basic = readBasic(auth);
  if (basic === undefined || basic.password === '') return undefined;
  return basic.user === '' ? basic.password : `${basic.user}:${basic.password}`;
}

const LEVELS: Readonly<Record<number, Level>> = { 1: 'info', 2: 'info', 3: 'info', 4: 'warning', 5: 'error' };

/** docs.ntfy.sh/emojis: the short codes that say how bad it is. */
const EMOJI: Readonly<Record<string, string>> = {
  rotating_light: '🚨',
  red_circle: '🔴',
  x: '❌',
  no_entry: '⛔',
  sos: '🆘',
  fire: '🔥',
  warning: '⚠️',
  orange_circle: '🟠',
  yellow_circle: '🟡',
  bell: '🔔',
  white_check_mark: '✅',
  green_circle: '🟢',
  large_blue_circle: '🔵',
  blue_circle: '🔵',
  information_source: 'ℹ️',
  loudspeaker: '📢',
};

function draw(message: Exclude<NtfyMessage, string>): Drawn {
  const { title, message: text, tags, actions, click } = message;
  const signs = tags.map((tag) => (Object.hasOwn(EMOJI, tag) ? EMOJI[tag]! : '')).join('');
  return {
    style: title === '' ? 'text' : 'card',
    title,
    text,
    format: message.markdown ? 'markdown' : 'text',
    ...look(LEVELS[message.priority] ?? levelOfMarks(signs, title, text)),
    fields: filled({ 标签: tags.join(', '), 延时: message.delay }),
    links: [
      ...(click === '' ? [] : [{ text: '打开', url: click }]),
      ...actions.filter(({ url }) => url !== '').map(({ label, url }) => ({ text: label, url })),
    ],
  };
}
