import { hash } from 'node:crypto';
import { z } from 'zod';
import { cidr, networkKeys } from './network.ts';

/** A week, in seconds: longer than anybody waits, and far below the longest timer (2^31 - 1 ms, 24.8 days). */
const WEEK = 604_800;
/** Ages are compared, never waited for. */
const YEAR = 31_536_000;
const AGE = `expected a number of seconds from 0 (for ever) to ${YEAR}`;

/** Names, labels and aliases: shown in logs, metrics and tables, so one line without control characters. */
export const label = text('expected 1 to 200 characters on one line', (value) =>
  /^[^\p{Cc}\p{Zl}\p{Zp}]{1,200}$/u.test(value),
);

export const rateLimit = z.union(
  [
    z.literal('off'),
    // YAML 1.1 tools write `off` as false.
    z.literal(false).transform(() => 'off' as const),
    z
      .strictObject({
        per_second: count(1).exactOptional(),
        per_minute: count(1).exactOptional(),
        per_hour: count(1).exactOptional(),
        per_day: count(1).exactOptional(),
      })
      .refine((limit) => Object.keys(limit).length > 0, {
        error: 'expected at least one of per_second, per_minute, per_hour, per_day',
      }),
  ],
  { error: 'expected off, or per_second, per_minute, per_hour, per_day' },
);

/** An entry of the last line of defence, here and below `recipients.<alias>.platforms.system`. */
const SINK = {
  type: z.enum(['console', 'file', 'syslog', 'http']),
  url: z
    .url({ protocol: /^https?$/, error: 'expected a URL that begins with http:// or https://' })
    .meta({ secret: true })
    .optional(),
};
const urlNeedsHttp = {
  check: (sink: { type: string; url?: string | undefined }) => sink.type === 'http' || sink.url === undefined,
  params: { path: ['url'], error: 'only an entry of type http has a url' },
};

/** What a target of the platform `system` says beside name and enabled. */
export const sinkConfig = z.strictObject(SINK).refine(urlNeedsHttp.check, urlNeedsHttp.params);

const sink = z
  .strictObject({ ...SINK, name: label.optional(), enabled: flag(true) })
  .refine(urlNeedsHttp.check, urlNeedsHttp.params);

const token = z
  .strictObject({
    name: label,
    // A wrong token costs its address one of 30 tries, then one try a minute: eight random signs (48 bits) cannot be
    // guessed that way. Visible ASCII, because a token travels in a header.
    token: text('expected 8 to 512 visible ASCII characters', (value) => /^[\x21-\x7e]{8,512}$/.test(value))
      .meta({ secret: true })
      .optional(),
    token_sha256: text('expected the 64 hexadecimal digits of a SHA-256', (value) => /^[0-9a-f]{64}$/i.test(value))
      .meta({ secret: true })
      .optional(),
    scopes: z
      .array(z.enum(['push', 'read', 'admin']))
      .min(1)
      .default(['push']),
  })
  .refine((entry) => (entry.token === undefined) !== (entry.token_sha256 === undefined), {
    error: 'expected either token or token_sha256',
  })
  .transform(({ name, token: plain, token_sha256, scopes }) => ({
    name,
    token_sha256: plain === undefined ? token_sha256!.toLowerCase() : hash('sha256', plain),
    scopes,
  }));

const folder = text('expected the path of a folder', (value) => value !== '' && !value.includes('\0'));

/** The sections of the file that stand for themselves, with the defaults of every key. All mappings are strict. */
export const SECTIONS = {
  server: z.strictObject({
    host: text('expected a host name or an IP address', (value) => /^[\w.:%-]{1,253}$/.test(value)).default(
      '127.0.0.1',
    ),
    port: whole('expected a whole number from 0 to 65535', 0, 65_535).default(8080),
    mode: z.enum(['debug', 'release', 'test']).default('release'),
    unix_socket: text('expected the path of a socket', (value) => value !== '' && !value.includes('\0')).optional(),
    shutdown_timeout: seconds(WEEK).default(10),
    body_limit: count(1).default(262_144),
    trust_proxy: flag(false),
  }),
  auth: z.strictObject({
    tokens: z.array(token).default([]),
    allow_anonymous: flag(false),
  }),
  log: z.strictObject({
    level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    format: z.enum(['json', 'text']).default('json'),
    output: z.enum(['stdout', 'file']).default('file'),
    file_path: text('expected the path of a file', (value) => value !== '' && !value.includes('\0')).default(
      'log/app.log',
    ),
    max_size: count(1).default(10_485_760),
    max_files: count(1).default(5),
  }),
  queue: z.strictObject({
    worker_count: count(1).default(50),
    buffer_size: count(1).default(10_000),
    timeout: seconds(WEEK).default(10),
    max_concurrent_per_platform: count(1).default(20),
    batch_size: count(1).default(100),
    deadline: seconds(WEEK).default(900),
    failover_patience: seconds(WEEK).default(3),
  }),
  retry: z.strictObject({
    attempts: count(1).default(3),
    base_delay: seconds(WEEK).default(1),
    max_delay: seconds(WEEK).default(30),
  }),
  digest: z.strictObject({
    enabled: flag(true),
    threshold: count(1).default(5),
    max_items: count(2).default(20),
  }),
  fit: z.strictObject({ max_parts: count(1).default(20) }),
  http: z.strictObject(networkKeys),
  security: z.strictObject({ allow_networks: z.array(cidr).default([]) }),
  channels: z.strictObject({
    path: z
      .union([folder, z.array(folder)], { error: 'expected the path of a folder, or a list of them' })
      .transform((paths) => [paths].flat())
      .default([]),
  }),
  store: z
    .strictObject({
      driver: z.enum(['memory', 'sqlite', 'postgres']).default('memory'),
      path: text('expected the path of a file', (value) => value !== '' && !value.includes('\0')).default(
        'data/pushserver.db',
      ),
      url: text('expected a URL that begins with postgres:// or postgresql://', isPostgresUrl)
        .meta({ secret: true })
        .optional(),
      lease: whole('expected a whole number of seconds from 1 to 3600', 1, 3600).default(10),
    })
    .refine((store) => store.driver !== 'postgres' || store.url !== undefined, {
      path: ['url'],
      error: 'the driver postgres needs a url: postgres://user:password@host:5432/database',
    }),
  delivery: z.strictObject({ on_unknown: z.enum(['resend', 'report']).default('resend') }),
  task: z.strictObject({
    // The default depends on the driver of the store, see config.ts.
    max_age: z.number({ error: AGE }).min(0, { error: AGE }).max(YEAR, { error: AGE }).optional(),
    cleanup_interval: seconds(WEEK).default(300),
    store_limit: count(1).default(100_000),
  }),
  idempotency: z.strictObject({
    max_keys: count(1).default(100_000),
    max_age: seconds(YEAR).default(86_400),
  }),
  system: z.strictObject({
    enabled: flag(true),
    notifications: z
      .array(sink)
      .transform((sinks) => sinks.map((entry, i) => ({ ...entry, name: entry.name ?? `system#${i + 1}` })))
      .default([
        { type: 'console', name: '控制台通知', enabled: true },
        { type: 'file', name: '文件通知', enabled: true },
        { type: 'http', name: 'HTTP通知', enabled: true },
      ]),
    store_limit: count(1).default(1000),
    file_limit: count(1).default(10_000),
    heartbeat_url: z
      .url({ protocol: /^https?$/, error: 'expected a URL that begins with http:// or https://' })
      .meta({ secret: true })
      .optional(),
    audit_interval: seconds(WEEK).default(60),
  }),
};

export type Settings = { [K in keyof typeof SECTIONS]: z.output<(typeof SECTIONS)[K]> };

function text(error: string, accepts: (value: string) => boolean): z.ZodString {
  return z.string().refine((value) => value.isWellFormed() && accepts(value), { error });
}

function isPostgresUrl(value: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(value) && URL.canParse(value);
}

function flag(value: boolean): z.ZodDefault<z.ZodBoolean> {
  return z.boolean().default(value);
}

function whole(error: string, min: number, max: number): z.ZodInt {
  return z.int({ error }).min(min, { error }).max(max, { error });
}

function count(min: number): z.ZodInt {
  return whole(`expected a whole number of at least ${min}`, min, Number.MAX_SAFE_INTEGER);
}

/** Decimals are fine. */
function seconds(max: number): z.ZodNumber {
  const error = `expected a number of seconds above 0 and at most ${max}`;
  return z.number({ error }).gt(0, { error }).max(max, { error });
}
