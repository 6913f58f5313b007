import { z } from 'zod';
import type { HttpRequest } from '../channel/channel.ts';
import { hideUrl, revealUrl } from '../channel/platform/hidden-url.ts';
import { defineHttpChannel } from '../channel/http-channel.ts';
import { isWebhookSecret, webhookSignature } from '../channel/sign/standard-webhook.ts';
import { renderTemplate, templateFault, templateText } from '../channel/template/template.ts';
import { variablesOf } from '../channel/template/template-variables.ts';
import { webhookVerdict } from '../channel/platform/webhook-verdict.ts';
import type { Message } from '../model.ts';

interface Payload {
  /** What the message puts into the URL; the text around it is secret. Absent: nothing. */
  readonly address?: string;
  /** The body as it is sent. Absent: the method has none. */
  readonly content?: string;
}

const METHODS = ['POST', 'PUT', 'PATCH', 'GET', 'DELETE'] as const;
const BODILESS: ReadonlySet<string> = new Set(['GET', 'DELETE']);

/** HTTP sets these itself, or they would change what the request is; those of a proxy belong to `proxy`. */
const OWN_HEADERS =
  /^(?:host|content-length|transfer-encoding|connection|upgrade|expect|te|trailer|keep-alive|proxy-(?:authorization|connection))$/i;

const headers = z
  .record(
    z
      .string()
      .regex(/^[\w!#$%&'*+.^`|~-]+$/, { error: 'expected the name of a header' })
      .refine((name) => !OWN_HEADERS.test(name), { error: 'this header is set by HTTP itself' }),
    z
      .string()
      .regex(/^[\x20-\x7e]*$/, { error: 'expected printable ASCII on one line' })
      .meta({ secret: true }),
  )
  .superRefine((given, context) => {
    const names = Object.keys(given);
    for (const [i, name] of names.entries())
      if (names.slice(0, i).some((earlier) => earlier.toLowerCase() === name.toLowerCase()))
        context.addIssue({ code: 'custom', path: [name], message: 'this header is there already, spelled otherwise' });
  })
  .transform((given) => Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value])))
  .default({})
  .meta({ description: 'Headers to send along, e.g. Authorization; every value is a secret' });

const signingSecret = z
  .string()
  .refine(isWebhookSecret, { error: 'expected whsec_ and the Base64 of 24 to 64 bytes' })
  .meta({ secret: true });

const config = z
  .strictObject({
    url: templateText(
      'url',
      'Address of the receiver; path and query may hold Liquid outputs, which are percent-encoded',
    ).meta({
      secret: true,
    }),
    method: z
      .enum(METHODS)
      .default('POST')
      .meta({ description: 'GET and DELETE have no body: put the message into the URL' }),
    headers,
    content_type: z.enum(['json', 'form']).default('json').meta({ description: 'How the body is written' }),
    body_template: z.string().min(1).optional().meta({
      description: 'Liquid template of the body; absent = title, body, level, fields, url, task_id and timestamp',
    }),
    signing_secret: z
      .union([signingSecret.transform((secret) => [secret]), z.array(signingSecret).min(1)])
      .optional()
      .meta({
        secret: true,
        description: 'Standard Webhooks 1.0: one whsec_… or several, while the receiver changes its own',
      }),
    success: z
      .strictObject({
        path: z
          .string()
          .regex(/^[^.\s]+(?:\.[^.\s]+)*$/, { error: 'expected a dotted path, e.g. data.status' })
          .meta({ description: 'Dotted path into the JSON answer' }),
        equals: z
          .union([z.string(), z.number(), z.boolean()], { error: 'expected text, a number, true or false' })
          .meta({ description: 'The value there that means success' }),
      })
      .optional()
      .meta({ description: 'What the answer must say to count; absent = any 2xx whose JSON reports no failure' }),
  })
  .superRefine(({ method, content_type, body_template }, context) => {
    if (body_template === undefined) return;
    const message = BODILESS.has(method)
      ? `${method} has no body; put the message into the URL`
      : templateFault(body_template, content_type);
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['body_template'], message });
  });
type Config = z.output<typeof config>;

/** Any receiver of HTTP requests. Signature: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md. */
export default defineHttpChannel<typeof config, Payload>({
  name: 'webhook',
  label: { en: 'Webhook', zh: '通用 Webhook' },
  docs: 'https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md',
  config,
  guarded: true,
  // `webhook-id` is the same on every attempt, but whether a receiver heeds it is the receiver's own choice.
  capabilities: { formats: ['text', 'markdown'], card: false, mentions: false, idempotent: false },
  limits: {
    size: [
      { of: 'content', max: 262_144, unit: 'bytes' },
      // Of the 8,000 octets that RFC 9110 (section 4.1) asks every server to take, most are the message's.
      { of: 'address', max: 7000, unit: 'bytes' },
    ],
    title: { max: 1000, unit: 'chars' },
    // Receivers differ; the operator writes down what theirs allows.
    rate: { per_second: 10 },
    throttle: { base: 10, max: 600 },
  },
  credential: ({ url, headers: sent }) => JSON.stringify([url, sent]),
  render: (message, target, now, id) => ({
    ...addressOf(message, target, now, id),
    ...contentOf(message, target, now, id),
  }),
  request: ({ address, content }, target, now, id) => {
    const { method, url, content_type, headers: sent, signing_secret } = target;
    return {
      method,
      url: address === undefined ? url : revealUrl(address, hideUrl(url)),
      headers: {
        ...(content !== undefined && { 'content-type': CONTENT_TYPES[content_type] }),
        ...sent,
        ...(signing_secret && signed(signing_secret, id, now, content ?? '')),
      },
      ...(content !== undefined && { body: content }),
    } satisfies HttpRequest;
  },
  classify: (reply, now, { success }) => webhookVerdict(reply, now, success),
});

const CONTENT_TYPES = {
  json: 'application/json; charset=utf-8',
  form: 'application/x-www-form-urlencoded',
} as const;

function signed(secrets: readonly string[], id: string, now: Date, body: string): Record<string, string> {
  // A full stop would make another text of what is signed.
  const message = id.replaceAll('.', '_');
  const timestamp = String(Math.floor(now.getTime() / 1000));
  return {
    'webhook-id': message,
    'webhook-timestamp': timestamp,
    'webhook-signature': webhookSignature(secrets, message, timestamp, body),
  };
}

// ---- rendering -------------------------------------------------------------------------------------------------

function addressOf(message: Message, { url }: Config, now: Date, id: string): Pick<Payload, 'address'> {
  if (!/\{\{|\{%/.test(url)) return {};
  return { address: renderTemplate(hideUrl(url).shape, 'url', variablesOf(message, now, id)) };
}

function contentOf(message: Message, target: Config, now: Date, id: string): Pick<Payload, 'content'> {
  const { method, content_type, body_template } = target;
  if (BODILESS.has(method)) return {};
  if (body_template !== undefined)
    return { content: renderTemplate(body_template, content_type, variablesOf(message, now, id)) };
  const { title, body, level, fields = [], url = '' } = message;
  const said = { title, body, level, fields, url, task_id: id, timestamp: now.toISOString() };
  if (content_type === 'json') return { content: JSON.stringify(said) };
  return { content: new URLSearchParams({ ...said, fields: JSON.stringify(fields) }).toString() };
}
