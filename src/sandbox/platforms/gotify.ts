import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { readBasic } from '../basic.ts';
import { isJson, parseJson } from '../body.ts';
import { isForm, parseForm } from '../form.ts';
import { firstIssue } from '../issue.ts';
import { levelOfMarks } from '../level.ts';
import { look } from '../look.ts';
import { type Answer, type Call, defineStandIn, type Drawn, type Level, type Verdict } from '../stand-in.ts';

/** gotify/server: github.com/gotify/server, api/message.go and auth/authentication.go. It has no rate limit. */
export default defineStandIn(() => {
  let last = 0;
  return {
    name: 'gotify',
    label: 'Gotify',
    colour: '#2f8fd8',
    example: {
      path: '/gotify/message?token=Ademo',
      body: { title: '磁盘将满', message: 'db-1 已用 91%', priority: 8 },
    },
    routes: [{ path: '/gotify/message', token: tokenOf, receive: (call) => receive(call, ++last) }],
    failure: (code) => (/^[45]\d\d$/.test(code) ? answerOf(Number(code), 'sandbox fault') : undefined),
  };
});

function receive(call: Call, id: number): Verdict {
  if (call.method !== 'POST') return refuse(404, 'page not found');
  const token = tokenOf(call);
  if (token === '' && readBasic(call.headers.authorization) !== undefined) {
    return refuse(403, 'you are not allowed to access this api');
  }
  const json = isJson(call) ? parseJson(call.body) : isForm(call) ? readForm(call.body) : undefined;
  // From version 3 on a client's token (C…) may send for an application that the body names.
  if (!/^A[\w.-]{1,127}$/.test(token) && !(/^C[\w.-]{1,127}$/.test(token) && json?.['appid'] !== undefined)) {
    return refuse(401, 'you need to provide a valid access token or user credentials to access this api');
  }
  if (json === undefined) return refuse(400, 'invalid character in request body');
  const parsed = MESSAGE.safeParse(json);
  if (!parsed.success) return refuse(400, wordsOf(parsed.error));
  const { title, message, priority = 0, extras } = parsed.data;
  const stored = { id, appid: 1, message, title, priority, date: new Date(call.now).toISOString() };
  return {
    ok: true,
    answer: { body: extras === undefined ? stored : { ...stored, extras } },
    draft: { ...draw(parsed.data), kind: 'message', raw: json },
  };
}

/** Query over header over `Authorization: Bearer`. */
function tokenOf({ url, headers }: Pick<Call, 'url' | 'headers'>): string {
  const header = headers['x-gotify-key'];
  const [, bearer] = /^bearer (.+)$/i.exec(headers.authorization ?? '') ?? [];
  return url.searchParams.get('token') || (typeof header === 'string' ? header : '') || (bearer ?? '');
}

/** In a form numbers are text, and extras are not read. */
function readForm(body: Buffer): Record<string, unknown> {
  const { priority, extras: _, ...rest } = parseForm(body);
  return priority === undefined ? rest : { ...rest, priority: Number(priority) };
}

const EXTRAS = z.looseObject({
  'client::display': z.looseObject({ contentType: z.string().optional() }).optional(),
  'client::notification': z.looseObject({ click: z.looseObject({ url: z.string() }).optional() }).optional(),
});
const MESSAGE = z.looseObject({
  title: z.string().default(''),
  message: z.string().min(1),
  priority: z.int().optional(),
  extras: EXTRAS.optional(),
});

function wordsOf(error: z.ZodError): string {
  const { path, reason } = firstIssue(error);
  return path === 'message' ? "Field 'message' is required" : `json: cannot unmarshal field ${path}: ${reason}`;
}

function draw({ title, message, priority, extras }: z.infer<typeof MESSAGE>): Drawn {
  const url = extras?.['client::notification']?.click?.url;
  return {
    style: title === '' ? 'text' : 'card',
    title,
    text: message,
    format: extras?.['client::display']?.contentType === 'text/markdown' ? 'markdown' : 'text',
    ...look(priority === undefined ? levelOfMarks(title, message) : levelOf(priority)),
    ...(url === undefined ? {} : { links: [{ text: '打开', url }] }),
  };
}

/** The Android app's channels: 8 to 10 high, 4 to 7 normal, below that low or silent. */
function levelOf(priority: number): Level {
  if (priority >= 8) return 'error';
  return priority >= 4 ? 'warning' : 'info';
}

const answerOf = (status: number, errorDescription: string): Answer => ({
  status,
  body: { error: STATUS_CODES[status] ?? 'Error', errorCode: status, errorDescription },
});

const refuse = (status: number, reason: string): Verdict => ({
  ok: false,
  code: String(status),
  reason,
  answer: answerOf(status, reason),
});
