import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { readBasic } from '../basic.ts';
import { filled } from '../fields.ts';
import { parseFields } from '../form.ts';
import { linksOfHtml, textOfHtml } from '../html-text.ts';
import { firstIssue } from '../issue.ts';
import { levelOfMarks } from '../level.ts';
import { look } from '../look.ts';
import { type Answer, type Bot, type Call, defineStandIn, type Drawn, type Level, type Verdict } from '../stand-in.ts';

/** Apprise API: github.com/caronc/apprise-api, views.py and forms.py. `APPRISE_UPLOAD_MAX_MEMORY_SIZE`, in bytes. */
const BODY_BYTES = 3 * 1024 * 1024;
/** A token names a bot in the inbox and the control API: so many characters of the addresses at most. */
const TOKEN_CHARS = 200;

/** A declared secret is the `user:password` that a reverse proxy before the server asks for. */
export default defineStandIn(() => ({
  name: 'apprise',
  label: 'Apprise',
  colour: '#1b7f79',
  example: {
    path: '/apprise/notify/demo',
    body: { title: '磁盘将满', body: 'db-1 已用 **91%**', type: 'warning', format: 'markdown' },
  },
  routes: [
    { path: '/apprise/notify/:key', token: ({ params }) => params['key'] ?? '', receive },
    { path: '/apprise/notify', token: (call) => wordOf(parseFields(call), 'urls').slice(0, TOKEN_CHARS), receive },
  ],
  failure: (code) => (Object.hasOwn(WORDS, code) ? answerOf(Number(code), WORDS[code]!, true) : undefined),
}));

function receive(call: Call, bot: Bot | undefined): Verdict {
  const asJson = /application\/json/i.test(call.headers.accept ?? '');
  const refuse = (status: number, reason = WORDS[status] ?? ''): Verdict => ({
    ok: false,
    code: String(status),
    reason,
    answer: answerOf(status, reason, asJson),
  });
  const login = readBasic(call.headers.authorization);
  if (bot?.secret !== undefined && `${login?.user}:${login?.password}` !== bot.secret) return refuse(401);
  const key = call.params['key'];
  if (key !== undefined && !/^[\w-]{1,128}$/.test(key)) return refuse(404);
  if (call.method !== 'POST') return refuse(405);
  if (call.body.length > BODY_BYTES) return refuse(431);
  const fields = parseFields(call);
  if (fields === undefined) return refuse(400);
  const parsed = MESSAGE.safeParse(fields);
  if (!parsed.success) {
    const { path, reason } = firstIssue(parsed.error);
    return refuse(400, `${WORDS['400']}: ${path} ${reason}`);
  }
  const urls = wordOf(fields, 'urls')
    .split(/[\s,]+/)
    .filter((url) => /^[a-z][\w+.-]*:\/\/\S/i.test(url));
  if (key === undefined && urls.length === 0) return refuse(204);
  const tag = tagOf(parsed.data, call.url);
  if (!TAG.test(tag)) return refuse(400, 'Unsupported characters found in tag definition');
  const services = key === undefined ? urls.map((url) => `${url.split('://')[0]}://…`).join('，') : '';
  const words = 'Notification(s) sent.';
  return {
    ok: true,
    answer: asJson ? { body: { error: null, details: [['INFO', '', words]] } } : { headers: PLAIN, body: words },
    draft: { ...draw(parsed.data, { tag, services }), kind: 'notify', raw: fields },
  };
}

function wordOf(fields: Record<string, unknown> | undefined, name: string): string {
  const value = fields?.[name];
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'string' ? value : '';
}

const TAGS = z.union([z.string(), z.array(z.string())]).optional();
const MESSAGE = z.looseObject({
  body: z.string().refine((text) => text.trim() !== '', 'is empty'),
  title: z.string().default(''),
  type: z.enum(['info', 'success', 'warning', 'failure']).optional(),
  format: z.enum(['text', 'markdown', 'html']).default('text'),
  tag: TAGS,
  tags: TAGS,
});

/** Names parted by `,` (or) and by blanks or `+` (and). */
const TAG = /^[\p{L}\p{N}_\-.,+&|\s]*$/u;

/** `tag` wins over `tags`, the body over the query. */
function tagOf({ tag, tags }: z.infer<typeof MESSAGE>, url: URL): string {
  const found = tag ?? tags ?? url.searchParams.get('tag') ?? url.searchParams.get('tags') ?? '';
  return typeof found === 'string' ? found : found.join(', ');
}

const LEVELS: Readonly<Record<string, Level>> = {
  info: 'info',
  success: 'info',
  warning: 'warning',
  failure: 'error',
};

function draw(
  { title, body, type, format }: z.infer<typeof MESSAGE>,
  { tag, services }: { readonly tag: string; readonly services: string },
): Drawn {
  const isHtml = format === 'html';
  const text = isHtml ? textOfHtml(body) : body;
  return {
    style: title === '' ? 'text' : 'card',
    title,
    text,
    format: format === 'markdown' ? 'markdown' : 'text',
    ...look(type === undefined ? levelOfMarks(title, text) : LEVELS[type]),
    fields: filled({ 标签: tag, 服务: services }),
    ...(isHtml ? { links: linksOfHtml(body) } : {}),
  };
}

const PLAIN = { 'content-type': 'text/plain; charset=utf-8' };

const WORDS: Readonly<Record<string, string>> = {
  '204': 'There was no services to notify',
  '400': 'Payload lacks minimum requirements',
  '401': 'Unauthorized',
  '403': 'Forbidden',
  '404': 'Not Found',
  '405': 'Method Not Allowed',
  '421': 'The site has been configured to deny this request',
  '424': 'One or more notification could not be sent',
  '431': 'The payload is larger than the server accepts',
  '500': 'An error occurred while processing the request',
  '502': 'Bad Gateway',
  '503': 'Service Unavailable',
  '504': 'Gateway Timeout',
};

/** Those of the reverse proxy before it. */
const PROXY = new Set([401, 403, 502, 503, 504]);

/** An answer of 204 has no body, so its words go unheard. */
function answerOf(status: number, error: string, asJson: boolean): Answer {
  if (status === 204) return { status, body: '' };
  if (PROXY.has(status)) {
    const title = `${status} ${STATUS_CODES[status]}`;
    const headers: Answer['headers'] = status === 401 ? { 'www-authenticate': 'Basic realm="Apprise"' } : {};
    return { status, headers, body: `<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>` };
  }
  const details = [['ERROR', '', error]];
  return asJson ? { status, body: { error, details } } : { status, headers: PLAIN, body: error };
}
