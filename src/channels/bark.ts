import { z } from 'zod';
import { type BarkMode, IV_LENGTHS, barkEncrypt, barkVector } from '../channel/platform/bark-cipher.ts';
import { basicAuth } from '../channel/basic-auth.ts';
import { bodyText } from '../channel/text/body-text.ts';
import { BARK_CODES } from '../channel/platform/bark-codes.ts';
import type { HttpReply } from '../channel/channel.ts';
import { classifyByCode, classifyStatus, judge, parseObject } from '../channel/classify.ts';
import { defineHttpChannel, postJson } from '../channel/http-channel.ts';
import { idText } from '../channel/id.ts';
import { markdownMessage } from '../channel/text/markdown-message.ts';
import { markedTitle } from '../channel/text/marked-title.ts';
import { maskId } from '../channel/mask.ts';
import { baseUrl } from '../channel/server-address.ts';
import { shortHash } from '../channel/short-hash.ts';
import type { Level, Message, Outcome, Refused } from '../model.ts';

/** What the phone shows. */
interface Push {
  readonly title: string;
  readonly body?: string;
  readonly markdown?: string;
  readonly level: Interruption;
  readonly [display: string]: string | number | undefined;
}
/** `sealed`: to be encrypted. */
type Payload = { readonly push: Push } | { readonly sealed: Push };

const INTERRUPTIONS = ['passive', 'active', 'timeSensitive', 'critical'] as const;
type Interruption = (typeof INTERRUPTIONS)[number];
const STANDARD: Readonly<Record<Level, Interruption>> = { info: 'active', warning: 'active', error: 'timeSensitive' };

const STANDARD_SERVER = 'https://api.day.app';
/** Keys that the public server takes at once. */
const MOST_KEYS = 10;

const NO_KEY = 'expected the key that the app shows in its URLs';
const deviceKey = idText('Key of the device')
  .refine((key) => /^[\w-]{1,100}$/.test(key), { error: NO_KEY })
  .meta({ secret: true });
const interruption = z.enum(INTERRUPTIONS);
const ascii = (length: string) => ({ error: `expected ${length} printable ASCII characters` });

const encryption = z
  .strictObject({
    key: z
      .string()
      .regex(/^(?:[\x20-\x7e]{16}|[\x20-\x7e]{24}|[\x20-\x7e]{32})$/, ascii('16, 24 or 32'))
      .meta({ secret: true, description: 'Key as set in the app' }),
    iv: z
      .string()
      .regex(/^[\x20-\x7e]{16}$/, ascii('16'))
      .optional()
      .meta({ secret: true, description: 'Fixed vector, CBC only; absent = a new one for each attempt, sent along' }),
    algorithm: z
      .string()
      .regex(/^(?:aes-?(?:128|192|256)?-?)?(?:cbc|ecb|gcm)$/i, { error: 'expected CBC, ECB or GCM, e.g. AES-128-CBC' })
      .default('CBC')
      .meta({ description: 'CBC, ECB or GCM as set in the app, with or without AES-128, AES-192 or AES-256' }),
  })
  .superRefine(({ key, iv, algorithm }, context) => {
    const bits = /\d+/.exec(algorithm)?.[0];
    if (bits !== undefined && Number(bits) !== key.length * 8)
      context.addIssue({ code: 'custom', path: ['key'], message: `AES-${bits} takes a key of ${Number(bits) / 8}` });
    if (iv === undefined || modeOf(algorithm) === 'cbc') return;
    const why = modeOf(algorithm) === 'gcm' ? 'GCM is broken by a vector that is used twice' : 'ECB has none';
    context.addIssue({ code: 'custom', path: ['iv'], message: `${why}; leave it out` });
  });

const config = z
  .strictObject({
    device_key: z
      .union([deviceKey.transform((key) => [key]), z.array(deviceKey).min(1)], { error: NO_KEY })
      .meta({ secret: true, description: 'Key of the device, or a list of them (server 2.1.9 or newer)' }),
    server_url: baseUrl().optional(),
    base_url: baseUrl().optional(),
    username: z.string().optional().meta({ description: 'Of a server behind Basic auth' }),
    password: z.string().optional().meta({ secret: true, description: 'Of a server behind Basic auth' }),
    level: z
      .union([
        interruption.transform((level): Partial<Record<Level, Interruption>> => ({
          info: level,
          warning: level,
          error: level,
        })),
        z.strictObject({
          info: interruption.optional(),
          warning: interruption.optional(),
          error: interruption.optional(),
        }),
      ])
      .default({})
      .meta({
        description:
          'How a message interrupts: passive, active, timeSensitive or critical for all of them, or a mapping from info, warning and error; absent = error is timeSensitive',
      }),
    volume: z.int().min(0).max(10).optional().meta({ description: 'Loudness of level critical, 0 to 10' }),
    call: z.boolean().default(false).meta({ description: 'Messages of level error ring for half a minute' }),
    group: z.string().min(1).optional().meta({ description: 'Group of the notification' }),
    sound: z.string().min(1).optional().meta({ description: 'Name of a sound in the app' }),
    icon: z
      .url({ protocol: /^https?$/ })
      .optional()
      .meta({ description: 'URL of an icon, iOS 15 or newer' }),
    archive: z
      .boolean()
      .optional()
      .meta({ description: 'Whether the app keeps the message; absent = as set in the app' }),
    encryption: encryption.optional().meta({ description: 'End-to-end encryption, as set in the app' }),
  })
  .superRefine(({ device_key, server_url, base_url, username, password }, context) => {
    const fault = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    if (server_url !== undefined && base_url !== undefined) fault('server_url', 'is base_url; write one of them');
    if ((username === undefined) !== (password === undefined)) fault('password', 'username and password go together');
    if (device_key.length > MOST_KEYS && (server_url ?? base_url ?? STANDARD_SERVER) === STANDARD_SERVER)
      fault('device_key', `the public server takes ${MOST_KEYS} keys at most`);
  });
type Config = z.output<typeof config>;

/** Bark, notifications on iPhones. Wire facts: github.com/Finb/bark-server, docs/API_V2.md, and its routes. */
export default defineHttpChannel<typeof config, Payload>({
  name: 'bark',
  label: { en: 'Bark', zh: 'Bark' },
  docs: 'https://bark.day.app/',
  config,
  // A repeat with the same `id` takes the place of the first one, but the phone rings again.
  capabilities: { formats: ['text', 'markdown'], card: true, mentions: false, idempotent: false },
  limits: {
    size: [
      // Apple takes 4,096 bytes with everything that the server adds.
      { of: 'push', max: 3500, unit: 'go_bytes' },
      // Base64 adds a third, the padding or the tag up to 16 bytes.
      { of: 'sealed', max: 2500, unit: 'bytes' },
    ],
    title: { max: 100, unit: 'chars' },
    // Ours: the server has no limit, but Apple holds back what comes too often.
    rate: { per_minute: 60 },
    throttle: { base: 30, max: 600 },
  },
  credential: (target) => JSON.stringify([serverOf(target), target.device_key.toSorted()]),
  render: (message, target) => {
    const push = pushOf(message, target);
    return target.encryption === undefined ? { push } : { sealed: push };
  },
  request(payload, target, now, id) {
    const { device_key, username, password } = target;
    const [only, ...more] = device_key;
    const body = {
      ...(more.length === 0 ? { device_key: only } : { device_keys: device_key }),
      // Apple takes 64 bytes here.
      id: shortHash(id),
      ...shown(payload, target, `${now.getTime()} ${id}`),
    };
    const isOpen = username === undefined || password === undefined;
    return postJson(`${serverOf(target)}/push`, body, isOpen ? {} : { authorization: basicAuth(username, password) });
  },
  classify: (reply, now, { device_key }) => classifyBatch(reply, now, device_key) ?? classify(reply, now),
});

const modeOf = (algorithm: string) => algorithm.slice(-3).toLowerCase() as BarkMode;
const serverOf = ({ server_url, base_url }: Pick<Config, 'server_url' | 'base_url'>) =>
  server_url ?? base_url ?? STANDARD_SERVER;

// ---- rendering -------------------------------------------------------------------------------------------------

function pushOf(message: Message, target: Config): Push {
  const { format, level, url } = message;
  const { volume, call, group, sound, icon, archive } = target;
  const text =
    format === 'markdown'
      ? { markdown: markdownMessage(message, { title: false, link: false }) }
      : { body: bodyText(message, { link: false }) };
  return {
    title: markedTitle(message),
    ...text,
    level: target.level[level] ?? STANDARD[level],
    ...(url !== undefined && { url }),
    ...(volume !== undefined && { volume }),
    ...(call && level === 'error' && { call: '1' }),
    ...(group !== undefined && { group }),
    ...(sound !== undefined && { sound }),
    ...(icon !== undefined && { icon }),
    ...(archive !== undefined && { isArchive: archive ? '1' : '0' }),
  };
}

/** What is sent of it: as it is, or encrypted. */
function shown(payload: Payload, { encryption: secret }: Config, attempt: string): object {
  if ('push' in payload || secret === undefined) return 'push' in payload ? payload.push : payload.sealed;
  const text = JSON.stringify(payload.sealed);
  const cipher = { key: secret.key, mode: modeOf(secret.algorithm) };
  const iv = secret.iv ?? barkVector(text, cipher, attempt);
  return { ciphertext: barkEncrypt(text, cipher, iv), ...(IV_LENGTHS[cipher.mode] > 0 && { iv }) };
}

// ---- answers ---------------------------------------------------------------------------------------------------

const classify = classifyByCode('code', 'message', BARK_CODES, 200);

/** Of several devices each has a verdict of its own, whatever is said of the whole. */
function classifyBatch(reply: HttpReply, now: Date, keys: readonly string[]): Outcome | undefined {
  const json = parseObject(reply.body);
  const data: unknown = json?.['data'];
  if (keys.length < 2 || reply.status !== 200 || json?.['code'] !== 200) return undefined;
  // Nothing is said of any device.
  if (!Array.isArray(data) || data.length === 0) return classifyStatus(reply, now);
  const failed = data
    .filter((item) => wordIn(item, 'code') !== '200')
    .map((item) => ({
      key: wordIn(item, 'device_key'),
      failure: judge(BARK_CODES, wordIn(item, 'code'), wordIn(item, 'message'), reply, now),
    }));
  const [first] = failed;
  if (first === undefined) return { ok: true };
  if (failed.length === data.length) return first.failure;
  const refused = failed.map(({ key, failure: { code = '', remedy } }): Refused => ({
    recipient: maskId(key),
    code,
    message: remedy?.zh ?? '',
  }));
  return { ok: true, refused };
}

const wordIn = (item: unknown, key: string): string => {
  const value: unknown = typeof item === 'object' && item !== null ? Reflect.get(item, key) : undefined;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
};
