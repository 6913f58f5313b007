import { z } from 'zod';
import type { Channel } from './channel.ts';
import type { HttpChannel } from './http-channel.ts';

/**
 * What keeps a value from being a channel, in one line; undefined when nothing does. The type checker says it of the
 * project's own channels; those from outside may be plain JavaScript.
 */
export function channelFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'expected the result of a define…Channel';
  const parsed = CHANNEL.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return [issue?.path.join('.') ?? '', issue?.message ?? 'invalid'].filter((part) => part !== '').join(': ');
  }
  try {
    z.toJSONSchema(parsed.data.config, { io: 'input', unrepresentable: 'any' });
    return undefined;
  } catch (error) {
    return `config: ${error instanceof Error ? error.message : String(error)}`;
  }
}

const callable = (error: string) => z.custom<object>((value) => typeof value === 'function', { error });
const text = z.string().min(1);
const unit = z.enum(['bytes', 'go_bytes', 'chars', 'code_points']);
const max = z.number().positive();
const rate = z
  .strictObject({
    per_second: z.int().positive().optional(),
    per_minute: z.int().positive().optional(),
    per_hour: z.int().positive().optional(),
    per_day: z.int().positive().optional(),
  })
  .refine((limit) => Object.keys(limit).length > 0, { error: 'expected at least one window, such as per_minute' });

/** Every key there is: a misspelt one that may be left out would be missed in silence. */
const KEYS = {
  name: text,
  label: z.strictObject({ en: text, zh: text }),
  docs: z.url({ protocol: /^https?$/ }),
  config: z.instanceof(z.ZodType, { error: "expected a schema made with the kit's z" }),
  list: z.enum(['webhooks', 'recipients']).optional(),
  capabilities: z.strictObject({
    formats: z.array(z.enum(['text', 'markdown'])).min(1),
    card: z.boolean(),
    mentions: z.boolean(),
    idempotent: z.boolean(),
  }),
  limits: z.strictObject({
    size: z.array(z.strictObject({ of: text, max, unit })).min(1),
    title: z.strictObject({ max, unit }),
    parts: z.int().positive().optional(),
    rate: z.union([z.literal('off'), rate]),
    throttle: z.strictObject({ base: max, max }),
  }),
  wire: z.literal('smtp').optional(),
  guarded: z.literal(true).optional(),
  account: z.strictObject({ key: callable('expected a function'), rate }).optional(),
  credential: callable('expected a function (config) => text'),
  people: callable('expected a function (config) => list').optional(),
  render: callable('expected a function (message, config, now, id) => payload'),
  send: callable('expected a function; defineHttpChannel writes it'),
  request: callable('expected a function (payload, config, now, id) => request').optional(),
  classify: callable('expected a function (reply, now, config) => outcome').optional(),
} satisfies Record<keyof Channel | keyof HttpChannel<z.ZodType, unknown>, z.ZodType>;

const CHANNEL = z.strictObject(KEYS);
