import { z } from 'zod';
import { isJson, parseJson } from '../body.ts';
import { filled } from '../fields.ts';
import { isForm, parseForm } from '../form.ts';
import { levelOfMarks } from '../level.ts';
import { look } from '../look.ts';
import { type Answer, type Bot, type Call, defineStandIn, type Draft, type Level, type Verdict } from '../stand-in.ts';
import { decryptBark, readBarkKey } from './bark/cipher.ts';

/** bark-server: github.com/Finb/bark-server, route_push.go. Apple's bound on a whole payload, in bytes. */
const PAYLOAD_BYTES = 4096;
/** Of `apns-collapse-id`, which `id` becomes: developer.apple.com, "Sending notification requests to APNs". */
const ID_BYTES = 64;
/** `max-batch-push-count` of the public server. */
const MOST_KEYS = 10;

const PATHS = ['/bark/:key', '/bark/:key/:body', '/bark/:key/:title/:body', '/bark/:key/:title/:subtitle/:body'];

export default defineStandIn(() => ({
  name: 'bark',
  label: 'Bark',
  colour: '#e5484d',
  example: {
    path: '/bark/push',
    body: { device_key: 'demo', title: '磁盘将满', body: 'db-1 已用 91%', level: 'timeSensitive' },
  },
  routes: ['/bark/push', ...PATHS].map((path) => ({
    path,
    token: (call) => keysOf(readParams({ ...call, method: 'POST' }) ?? {})[0] ?? '',
    receive,
  })),
  failure,
}));

type Params = Readonly<Record<string, unknown>>;

function receive(call: Call, bot: Bot | undefined): Verdict {
  const stamp = Math.floor(call.now / 1000);
  const refuse = (code: number, reason: string): Verdict => ({
    ok: false,
    code: String(code),
    reason,
    answer: answerOf(code, reason, stamp),
  });
  const isPath = call.params['key'] !== undefined;
  if (call.method !== 'POST' && !(isPath && call.method === 'GET')) return refuse(405, 'Method Not Allowed');
  const params = readParams(call);
  if (params === undefined) return refuse(400, 'request bind failed: invalid character in request body');
  if (params['group'] !== undefined && typeof params['group'] !== 'string') {
    return refuse(500, 'interface conversion: interface {} is not string');
  }
  const keys = keysOf(params);
  if (keys.length === 0) return refuse(400, 'device key is empty');
  const draft = { ...draw(params, bot?.secret), raw: params };
  const faults = keys.map((key) => faultOf(key, params));
  if (!Array.isArray(params['device_keys'])) {
    const [fault] = faults;
    if (fault !== undefined) return refuse(fault.code, fault.message);
    const answer = { body: { code: 200, message: 'success', timestamp: stamp } };
    return params['delete'] === '1' ? { ok: true, answer } : { ok: true, answer, draft };
  }
  if (keys.length > MOST_KEYS) return refuse(400, `batch push count exceeds the maximum limit: ${MOST_KEYS}`);
  const data = keys.map((key, i) => ({ code: 200, ...faults[i], device_key: key }));
  const answer = { body: { code: 200, message: 'success', data, timestamp: stamp } };
  const reached = keys.filter((_, i) => faults[i] === undefined);
  if (reached.length === 0) return { ok: false, code: String(faults[0]!.code), reason: faults[0]!.message, answer };
  const fields = [...(draft.fields ?? []), { name: '设备', value: reached.join('，') }];
  return { ok: true, answer, draft: { ...draft, fields } };
}

/** Path over query over body; names in lower case. Undefined: a JSON body that is no object. */
function readParams(call: Pick<Call, 'method' | 'url' | 'params' | 'headers' | 'body'>): Params | undefined {
  const body = isJson(call) ? parseJson(call.body) : isForm(call) ? parseForm(call.body) : {};
  if (body === undefined) return undefined;
  const { key, ...path } = call.params;
  const all = { ...lower(body), ...lower(Object.fromEntries(call.url.searchParams)), ...path };
  return key === undefined ? all : { ...all, device_key: key };
}

const lower = (entries: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(entries).map(([name, value]) => [name.toLowerCase(), value]));

function keysOf({ device_key: one, device_keys: many }: Params): string[] {
  const several = z.array(z.string()).safeParse(many);
  if (several.success) return several.data;
  return typeof one === 'string' && one !== '' ? [one] : [];
}

/** Why the message does not reach this device. */
function faultOf(key: string, params: Params): { code: number; message: string } | undefined {
  if (!/^[\w-]{1,64}$/.test(key)) {
    return { code: 400, message: `failed to get device token: failed to get [${key}] device token from database` };
  }
  if (Buffer.byteLength(word(params, 'id')) > ID_BYTES) return { code: 500, message: 'push failed: BadCollapseId' };
  return payloadBytes(params) > PAYLOAD_BYTES ? { code: 500, message: 'push failed: PayloadTooLarge' } : undefined;
}

const OWN = new Set(['device_key', 'device_keys', 'title', 'subtitle', 'body', 'sound', 'group', 'id']);

/** Go's encoder writes `<`, `>` and `&` as six bytes each. */
function payloadBytes(params: Params): number {
  const rest = Object.fromEntries(Object.entries(params).filter(([name]) => !OWN.has(name)));
  const alert = { title: params['title'], subtitle: params['subtitle'], body: params['body'] };
  const sound = `${word(params, 'sound') || '1107'}.caf`;
  const thread = { 'thread-id': params['group'] };
  const aps = { alert, category: 'myNotificationCategory', 'mutable-content': 1, sound, ...thread };
  return Buffer.byteLength(JSON.stringify({ aps, ...rest }).replaceAll(/[<>&]/g, '------'), 'utf8');
}

const word = (params: Params, name: string): string => (typeof params[name] === 'string' ? params[name] : '');

const LEVELS: Readonly<Record<string, Level>> = {
  critical: 'error',
  timeSensitive: 'warning',
  active: 'info',
  passive: 'info',
};

/** What the phone shows. */
function draw(params: Params, secret: string | undefined): Omit<Draft, 'raw'> {
  const sealed = word(params, 'ciphertext');
  if (sealed !== '') {
    const plain = { kind: 'encrypted', style: 'text', title: '', format: 'text' } as const;
    if (secret === undefined) return { ...plain, text: '[加密消息]' };
    const opened = decryptBark(readBarkKey(secret), sealed, word(params, 'iv') || undefined);
    if (opened === undefined) return { ...plain, text: 'Decryption Failed' };
    return { ...draw({ ...params, ...opened, ciphertext: '' }, undefined), kind: 'encrypted' };
  }
  const [title, markdown, url] = [word(params, 'title'), word(params, 'markdown'), word(params, 'url')];
  const text = markdown || word(params, 'body') || 'Empty Message';
  const level = word(params, 'level');
  return {
    kind: 'push',
    style: title === '' ? 'text' : 'card',
    title,
    text,
    format: markdown === '' ? 'text' : 'markdown',
    ...look(levelOfMarks(title, text) ?? (Object.hasOwn(LEVELS, level) ? LEVELS[level] : undefined)),
    fields: filled({ 副标题: word(params, 'subtitle'), 分组: word(params, 'group') }),
    ...(url === '' ? {} : { links: [{ text: '打开', url }] }),
  };
}

const APNS = new Set([
  'BadDeviceToken',
  'Unregistered',
  'DeviceTokenNotForTopic',
  'PayloadTooLarge',
  'BadCollapseId',
  'TooManyRequests',
  'InternalServerError',
  'ServiceUnavailable',
  'Shutdown',
]);

const WORDS: Readonly<Record<string, string>> = {
  '400': 'failed to get device token: failed to get [demo] device token from database',
  '401': 'Unauthorized',
  '404': 'Cannot POST /push',
  '405': 'Method Not Allowed',
  '413': 'Request Entity Too Large',
  '500': 'push failed: sandbox fault',
  '502': 'Bad Gateway',
  '503': 'Service Unavailable',
  '504': 'Gateway Timeout',
};

/** A status, or a reason of Apple's. */
function failure(code: string): Answer | undefined {
  if (APNS.has(code)) return answerOf(500, `push failed: ${code}`);
  return Object.hasOwn(WORDS, code) ? answerOf(Number(code), WORDS[code]!) : undefined;
}

/** @param timestamp in seconds; an injected fault has none to tell */
const answerOf = (code: number, message: string, timestamp = 0): Answer => ({
  status: code,
  body: { code, message, timestamp },
});
