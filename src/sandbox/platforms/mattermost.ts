import { z } from 'zod';
import { parseJson } from '../body.ts';
import { isForm, parseForm } from '../form.ts';
import { issueWords } from '../issue.ts';
import { look } from '../look.ts';
import { type Answer, type Call, defineStandIn, type Draft, type Level, type Verdict } from '../stand-in.ts';
import { lookOfBar } from './slack/bar.ts';

/** Bytes: the default of ServiceSettings.MaximumPayloadSizeBytes. docs.mattermost.com, web server settings. */
const BODY_BYTES = 300_000;
/** Seconds until the bucket of a rate limited server has room again. */
const RESET = 1;

/** mattermost/mattermost, server/channels/app/webhook.go and api/web/webhook.go: the ids of its errors. */
const ERRORS: Readonly<Record<string, readonly [status: number, message: string]>> = {
  'web.incoming_webhook.parse.app_error': [400, 'Unable to parse incoming data.'],
  'web.incoming_webhook.text.app_error': [400, 'No text specified.'],
  'web.incoming_webhook.invalid.app_error': [400, 'Invalid webhook.'],
  'web.incoming_webhook.user.app_error': [400, "Couldn't find the user."],
  'web.incoming_webhook.split_props_length.app_error': [400, 'Unable to split webhook props into parts.'],
  'api.context.invalid_body_param.app_error': [400, 'Invalid or missing type in request body.'],
  'web.incoming_webhook.channel_locked.app_error': [
    403,
    'This webhook is not permitted to post to the requested channel.',
  ],
  'web.incoming_webhook.permissions.app_error': [403, 'Inappropriate channel permissions.'],
  'web.incoming_webhook.channel.app_error': [404, "Couldn't find the channel."],
  'api.context.404.app_error': [404, 'Sorry, we could not find the page.'],
  'api.context.405.app_error': [405, 'Method not allowed.'],
  'api.context.request_body_too_large.app_error': [413, 'Request body too large.'],
  'app.post.save.app_error': [500, 'Unable to save the Post.'],
  'web.incoming_webhook.disabled.app_error': [501, 'Incoming webhooks have been disabled by the system admin.'],
  'api.context.server_busy.app_error': [503, 'Server is busy, non-critical services are temporarily unavailable.'],
};

/** No `limit`: the rate limiter of a server is off unless its admin turned it on. `code:429` shows what it says. */
export default defineStandIn(() => ({
  name: 'mattermost',
  label: 'Mattermost',
  colour: '#1e325c',
  example: {
    path: '/hooks/demo',
    body: { attachments: [{ color: '#D92D20', title: '数据库告警', text: '连接数 **150/100**，请立即处理' }] },
  },
  routes: [{ path: '/hooks/:key', token: ({ params }) => params['key'] ?? '', receive }],
  failure(code) {
    if (code === '429') return LIMITED;
    const id = Object.keys(ERRORS).find((key) => key === code || String(ERRORS[key]![0]) === code);
    return id === undefined ? undefined : failure(id);
  },
}));

function receive(call: Call): Verdict {
  // The path of the real server takes letters and digits only; its own keys are 26 of them.
  if (!/^[A-Za-z0-9]{1,64}$/.test(call.params['key'] ?? '')) return refuse('api.context.404.app_error');
  if (call.method !== 'POST') return refuse('api.context.405.app_error');
  if (call.body.length > BODY_BYTES) return refuse('api.context.request_body_too_large.app_error');
  const json = parseJson(payload(call));
  if (json === undefined) return refuse('web.incoming_webhook.parse.app_error');
  const parsed = REQUEST.safeParse(json);
  if (!parsed.success) {
    return refuse('web.incoming_webhook.parse.app_error', issueWords(parsed.error));
  }
  const { text, attachments, type } = parsed.data;
  if (text === '' && attachments.length === 0) return refuse('web.incoming_webhook.text.app_error');
  if (type !== '' && !type.startsWith('custom_')) return refuse('api.context.invalid_body_param.app_error');
  return {
    ok: true,
    answer: { headers: { 'content-type': 'text/plain' }, body: 'ok' },
    draft: read(parsed.data, json),
  };
}

/** The JSON itself, whatever the content type says, or the field `payload` of a form. */
function payload(call: Call): Buffer {
  return isForm(call) ? Buffer.from(parseForm(call.body)['payload'] ?? '') : call.body;
}

/** What the rate limiter of a server says: no JSON, and no `Retry-After`. */
const LIMITED: Answer = {
  status: 429,
  headers: {
    'content-type': 'text/plain',
    'x-ratelimit-limit': '101',
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': String(RESET),
  },
  body: 'limit exceeded',
};

function failure(id: string, detail = ''): Answer {
  const [status_code, message] = ERRORS[id]!;
  return { status: status_code, body: { id, message, detailed_error: detail, request_id: 'sandbox', status_code } };
}

const refuse = (id: string, detail = ''): Verdict => ({
  ok: false,
  code: id,
  reason: detail === '' ? ERRORS[id]![1] : detail,
  answer: failure(id, detail),
});

const WORDS = z.string().default('');
const ATTACHMENT = z.looseObject({
  fallback: WORDS,
  color: WORDS,
  pretext: WORDS,
  author_name: WORDS,
  title: WORDS,
  title_link: WORDS,
  text: WORDS,
  fields: z
    .array(z.looseObject({ title: WORDS, value: z.unknown(), short: z.union([z.boolean(), z.string()]).optional() }))
    .default([]),
  footer: WORDS,
});
const REQUEST = z.looseObject({
  text: WORDS,
  username: WORDS,
  icon_url: WORDS,
  icon_emoji: WORDS,
  channel: WORDS,
  type: WORDS,
  props: z.looseObject({ card: z.string().optional() }).nullish(),
  attachments: z
    .array(ATTACHMENT)
    .nullish()
    .transform((list) => list ?? []),
  priority: z
    .looseObject({ priority: z.enum(['', 'important', 'urgent']).nullish(), requested_ack: z.boolean().nullish() })
    .nullish(),
});

/** A longer post is split by the server itself; here it stays in one piece. */
function read({ text, attachments, props, priority }: z.infer<typeof REQUEST>, raw: unknown): Draft {
  const [first] = attachments;
  const body = attachments.flatMap((one) => [one.pretext, one.author_name, one.text, one.footer]);
  const title = first?.title ?? '';
  const bar = attachments.find(({ color }) => color !== '')?.color ?? '';
  return {
    kind: first === undefined ? 'text' : 'attachments',
    style: first === undefined ? 'text' : 'card',
    title,
    text: [text, ...body, props?.card ?? ''].filter((one) => one !== '').join('\n\n'),
    format: 'markdown',
    ...look(PRIORITIES[priority?.priority ?? '']),
    ...lookOfBar(bar, title, text, ...body),
    fields: attachments.flatMap(({ fields }) => fields.map((one) => ({ name: one.title, value: plain(one.value) }))),
    links: attachments.flatMap((one) => (one.title_link === '' ? [] : [{ text: one.title, url: one.title_link }])),
    mentions: mentionsOf([text, ...attachments.map((one) => one.text)].join('\n')),
    raw,
  };
}

const PRIORITIES: Readonly<Record<string, Level>> = { important: 'warning', urgent: 'error' };

const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? ''));

/** `@name` outside of code; Slack's `<!channel>`, `<!here>` and `<!all>` are translated, `<!everyone>` is not. */
function mentionsOf(text: string): string[] {
  const bare = text
    .replaceAll(/```[^]*?```|`[^`\n]*`/g, '')
    .replaceAll(/<!(channel|here|all)>/g, '@$1')
    .matchAll(/(?<![\w@.\\])@([a-z0-9][a-z0-9._-]*[a-z0-9])/gi);
  return [...bare].map(([, name]) => (name === 'channel' || name === 'all' ? 'all' : name!));
}
