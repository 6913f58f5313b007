import { STATUS_CODES } from 'node:http';
import { isJson, isObject, parseAny } from '../body.ts';
import { isForm, parseForm } from '../form.ts';
import { levelOfMarks, levelOfWord } from '../level.ts';
import { look } from '../look.ts';
import { createMemory } from '../memory.ts';
import { type Answer, type Bot, type Call, defineStandIn, type Drawn, type Verdict } from '../stand-in.ts';
import { webhookFault } from './webhook/standard.ts';

/** Any receiver: takes any method and body, and shows what it recognises. A declared secret is a `whsec_…`. */
export default defineStandIn(() => {
  /** Message ids: a repeat is answered but not shown again. */
  const seen = createMemory<true>();

  const receive = (call: Call, bot: Bot | undefined): Verdict => {
    const fault = webhookFault(call, bot?.secret);
    if (fault !== undefined) return { ok: false, code: '401', reason: fault, answer: answerOf(401, fault) };
    const raw = readBody(call);
    if (raw === undefined) return { ok: false, code: '400', reason: 'body is not JSON', answer: answerOf(400) };
    const answer: Answer = { body: { ok: true } };
    const id = call.headers['webhook-id'];
    if (typeof id !== 'string') return { ok: true, answer, draft: { ...draw(raw), kind: call.method, raw } };
    const key = `${call.params['token']}\n${id}`;
    if (seen.get(key) === true) return { ok: true, answer };
    seen.set(key, true);
    return { ok: true, answer, draft: { ...draw(raw), kind: call.method, raw } };
  };

  return {
    name: 'webhook',
    label: 'Webhook',
    colour: '#64748b',
    example: { path: '/webhook/demo', body: { title: '磁盘将满', body: 'db-1 已用 91%', level: 'warning' } },
    routes: [{ path: '/webhook/:token', token: ({ params }) => params['token'] ?? '', receive }],
    failure,
  };
});

/** The parsed body, else the query, else ''. Undefined: a body that says it is JSON and is not. */
function readBody(call: Call): unknown {
  if (call.body.length === 0) {
    const query = Object.fromEntries(call.url.searchParams);
    return Object.keys(query).length === 0 ? '' : query;
  }
  if (isForm(call)) return parseForm(call.body);
  const isText = !isJson(call) && !/json/i.test(call.headers['content-type'] ?? '');
  return isText ? call.body.toString('utf8') : parseAny(call.body);
}

/** Names under which title, text, level and link are found, the likeliest first. */
const TITLES = ['title', 'subject', 'summary'];
const TEXTS = ['body', 'message', 'msg', 'text', 'content', 'desp', 'description'];
const LEVEL_NAMES = ['level', 'severity', 'priority', 'type'];
const LINKS = ['url', 'link', 'click'];

function draw(raw: unknown): Drawn {
  if (!isObject(raw)) {
    const text = typeof raw === 'string' ? raw : JSON.stringify(raw, undefined, 2);
    return {
      style: 'text',
      title: '',
      text: text === '' ? '[空请求]' : text,
      format: 'text',
      ...look(levelOfMarks(text)),
    };
  }
  // Standard Webhooks recommends an envelope of type, timestamp and data.
  const flat = isObject(raw['data']) ? { ...raw, ...raw['data'] } : raw;
  const find = (names: readonly string[]): string =>
    (names.map((name) => flat[name]).find((value) => typeof value === 'string' && value !== '') as
      | string
      | undefined) ?? '';
  const [title, text, url] = [find(TITLES), find(TEXTS), find(LINKS)];
  const level = LEVEL_NAMES.map((name) => levelOfWord(wordOf(flat[name]))).find((found) => found !== undefined);
  return {
    style: title === '' ? 'text' : 'card',
    title,
    text: text || (title === '' ? JSON.stringify(raw, undefined, 2) : ''),
    format: 'text',
    ...look(level ?? levelOfMarks(title, text)),
    fields: fieldsOf(flat['fields']),
    ...(url === '' ? {} : { links: [{ text: '打开', url }] }),
  };
}

const wordOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

/** An object of values, or a list of `{name, value}`. */
function fieldsOf(fields: unknown): { name: string; value: string }[] {
  if (Array.isArray(fields)) {
    return fields.filter(isObject).map((f) => ({ name: wordOf(f['name'] ?? f['key']), value: wordOf(f['value']) }));
  }
  return isObject(fields) ? Object.entries(fields).map(([name, value]) => ({ name, value: wordOf(value) })) : [];
}

/** Failures that receivers put into a 200. */
const IN_200: Readonly<Record<string, object>> = {
  errcode: { errcode: 40_001, errmsg: 'sandbox fault' },
  code: { code: 1, message: 'sandbox fault' },
  ok: { ok: false, error: 'sandbox fault' },
  success: { success: false, message: 'sandbox fault' },
};

/** Seconds. */
const RETRY_AFTER = { 'retry-after': '30' };
const HEADERS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  429: RETRY_AFTER,
  503: RETRY_AFTER,
  301: { location: 'http://127.0.0.1:9/elsewhere' },
  302: { location: 'http://127.0.0.1:9/elsewhere' },
  307: { location: 'http://127.0.0.1:9/elsewhere' },
  308: { location: 'http://127.0.0.1:9/elsewhere' },
};

/** A status from 300 on, or `errcode`, `code`, `ok`, `success` for a failure inside a 200. */
function failure(code: string): Answer | undefined {
  if (Object.hasOwn(IN_200, code)) return { body: IN_200[code] };
  return /^(?!304)[345]\d\d$/.test(code) ? answerOf(Number(code)) : undefined;
}

const answerOf = (status: number, error = STATUS_CODES[status] ?? 'error'): Answer => ({
  status,
  headers: HEADERS[status] ?? {},
  body: { error },
});
