import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { isJson, parseJson } from '../body.ts';
import { filled } from '../fields.ts';
import { createMemory } from '../memory.ts';
import { createOpenAlerts } from '../open-alerts.ts';
import {
  type Answer,
  type Call,
  defineStandIn,
  type Draft,
  type Level,
  type Route,
  type Verdict,
} from '../stand-in.ts';

/**
 * Opsgenie, and Jira Service Management Operations with the same API. docs.opsgenie.com/docs/alert-api. Its rate limit
 * depends on the plan; 60 a minute for each integration is the lowest figure that anyone names.
 */
const PER_MINUTE = 60;

export default defineStandIn(() => {
  const alerts = createOpenAlerts();
  const requests = createMemory<object>(1000);

  /** Accepted, and what became of it, for `GET /v2/alerts/requests/{id}`. */
  const accept = ({ now }: Call, action: string, alias: string, success: boolean, draft?: Draft): Verdict => {
    const requestId = randomUUID();
    const status = success ? `${action}d alert` : 'Alert does not exist';
    const processedAt = new Date(now).toISOString();
    requests.set(requestId, { success, isSuccess: success, action, status, processedAt, alias });
    const answer = { status: 202, body: { result: 'Request will be processed', took: 0.107, requestId } };
    return draft === undefined ? { ok: true, answer } : { ok: true, answer, draft };
  };

  const create = (call: Call): Verdict => {
    const json = parseJson(call.body);
    if (json === undefined) return unprocessable({ body: 'Request body is not a JSON object' });
    const parsed = ALERT.safeParse(json);
    if (!parsed.success) return shapeFault(parsed.error);
    const alias = parsed.data.alias ?? randomUUID();
    const isNew = alerts.open(tokenOf(call), alias, parsed.data.message);
    return accept(call, 'Create', alias, true, isNew ? alertDraft(parsed.data, alias, json) : undefined);
  };

  const act = (action: 'Close' | 'Acknowledge', call: Call): Verdict => {
    const json = call.body.length === 0 ? {} : parseJson(call.body);
    const parsed = NOTE.safeParse(json);
    if (!parsed.success) return shapeFault(parsed.error);
    // Without `identifierType` the path holds the alert's own id, which nobody here knows.
    const alias = call.url.searchParams.get('identifierType') === 'alias' ? (call.params['alias'] ?? '') : '';
    const title = alerts.title(tokenOf(call), alias);
    if (title === undefined) return accept(call, action, alias, false);
    if (action === 'Close') alerts.close(tokenOf(call), alias);
    const text = [action === 'Close' ? '已关闭' : '已确认', parsed.data.note ?? ''].join(' ').trim();
    const kind = action.toLowerCase();
    return accept(call, action, alias, true, {
      kind,
      style: 'card',
      title,
      text,
      format: 'text',
      level: 'info',
      raw: json,
    });
  };

  const look = (call: Call): Verdict => {
    const data = requests.get(call.params['id'] ?? '');
    if (data === undefined) return refuse('404', 'Request not found. It might not be processed, yet.');
    return { ok: true, answer: { body: { data, took: 0.006, requestId: randomUUID() } } };
  };

  const posted = (path: string, receive: (call: Call) => Verdict): Route => ({
    path: `/opsgenie/v2/alerts${path}`,
    token: tokenOf,
    receive: (call) => credentialFault(call) ?? postFault(call) ?? receive(call),
  });

  return {
    name: 'opsgenie',
    label: 'Opsgenie',
    colour: '#2684ff',
    routes: [
      posted('', create),
      posted('/:alias/close', (call) => act('Close', call)),
      posted('/:alias/acknowledge', (call) => act('Acknowledge', call)),
      {
        path: '/opsgenie/v2/alerts/requests/:id',
        token: tokenOf,
        receive: (call) => credentialFault(call) ?? look(call),
      },
    ],
    limit: { windows: [{ max: PER_MINUTE, ms: 60_000 }], block_ms: 0, verdict: () => refuse('429', FAILURES['429']!) },
    failure: (code) => (Object.hasOwn(FAILURES, code) ? failure(code, FAILURES[code]!) : undefined),
  };
});

const SCHEME = /^GenieKey (.+)$/;

function tokenOf({ headers }: Pick<Call, 'headers'>): string {
  return SCHEME.exec(headers.authorization ?? '')?.[1] ?? '';
}

function credentialFault(call: Call): Verdict | undefined {
  const key = tokenOf(call);
  if (key === '') return refuse('401', FAILURES['401']!);
  const isKey = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(key);
  return isKey ? undefined : refuse('422', 'Key format is not valid!');
}

function postFault(call: Call): Verdict | undefined {
  if (call.method !== 'POST') return refuse('405', 'Method Not Allowed');
  return isJson(call) ? undefined : refuse('415', 'Unsupported Media Type');
}

/** By HTTP status. */
const FAILURES: Readonly<Record<string, string>> = {
  400: 'Bad Request',
  401: 'Could not authenticate',
  403: 'To perform this action, use an API key from an API integration.',
  404: 'No alert exists',
  422: 'Request body is not processable. Please check the errors.',
  429: 'You are making too many requests!',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

const THROTTLED = {
  'x-ratelimit-state': 'THROTTLED',
  'x-ratelimit-reason': 'INTEGRATION',
  'x-ratelimit-period-in-sec': '60',
};

const failure = (code: string, message: string, more: object = {}): Answer => ({
  status: Number(code),
  headers: code === '429' ? THROTTLED : {},
  body: { message, ...more, took: 0.001, requestId: randomUUID() },
});

const refuse = (code: string, reason: string, more?: object): Verdict => ({
  ok: false,
  code,
  reason,
  answer: failure(code, reason, more),
});

const unprocessable = (errors: Readonly<Record<string, string>>): Verdict =>
  refuse('422', FAILURES['422']!, { errors });

const shapeFault = ({ issues }: z.ZodError): Verdict =>
  unprocessable(Object.fromEntries(issues.map(({ path, message }) => [path.join('.') || 'body', message])));

const RESPONDER = z
  .looseObject({
    type: z.enum(['team', 'user', 'escalation', 'schedule']),
    id: z.string().min(1).optional(),
    name: z.string().min(1).optional(),
    username: z.string().min(1).optional(),
  })
  .refine((r) => r.id ?? r.name ?? r.username, 'id, name or username is needed');
/** Sizes in characters. */
const ALERT = z.looseObject({
  message: z
    .string()
    .refine((text) => text.trim() !== '', 'Message can not be empty.')
    .max(130),
  alias: z.string().max(512).optional(),
  description: z.string().max(15_000).default(''),
  responders: z.array(RESPONDER).max(50).default([]),
  visibleTo: z.array(RESPONDER).max(50).optional(),
  actions: z.array(z.string().max(50)).max(10).optional(),
  tags: z.array(z.string().max(50)).max(20).default([]),
  details: z
    .record(z.string(), z.string())
    .refine((d) => Object.entries(d).flat().join('').length <= 8000, 'at most 8000 characters in total')
    .default({}),
  entity: z.string().max(512).optional(),
  source: z.string().max(100).optional(),
  priority: z.enum(['P1', 'P2', 'P3', 'P4', 'P5']).default('P3'),
  note: z.string().max(25_000).optional(),
});
const NOTE = ALERT.pick({ source: true, note: true });

const LEVELS: Readonly<Record<string, Level>> = { P1: 'error', P2: 'error', P3: 'warning', P4: 'info', P5: 'info' };

function alertDraft(alert: z.output<typeof ALERT>, alias: string, raw: object): Draft {
  const { message, description, details, tags, entity, source, priority, responders } = alert;
  return {
    kind: 'alert',
    style: 'card',
    title: message,
    text: description,
    format: 'text',
    level: LEVELS[priority]!,
    fields: [...filled(details), ...filled({ priority, entity, source, tags: tags.join(', '), alias })],
    mentions: responders.map((r) => r.name ?? r.username ?? r.id ?? ''),
    raw,
  };
}
