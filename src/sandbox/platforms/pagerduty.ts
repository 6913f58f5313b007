import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { isJson, parseJson } from '../body.ts';
import { createOpenAlerts } from '../open-alerts.ts';
import { type Answer, type Call, defineStandIn, type Draft, type Level, type Verdict } from '../stand-in.ts';

/** PagerDuty Events API v2. developer.pagerduty.com/docs/events-api-v2-overview: 512 KB, read as the stricter figure. */
const EVENT_BYTES = 512_000;
const SUMMARY_CHARS = 1024;
const DEDUP_CHARS = 255;
/** Per routing key, of the page "05-Rate-Limits". */
const PER_MINUTE = 120;

export default defineStandIn(() => {
  const alerts = createOpenAlerts();

  /** The message that people see; none when the event changes nothing that is shown. */
  const show = (event: z.output<typeof EVENT>, dedup_key: string, raw: object): Draft | undefined => {
    const { routing_key, event_action, payload } = event;
    if (event_action === 'trigger') {
      return alerts.open(routing_key, dedup_key, payload!.summary) ? alertDraft(event, dedup_key, raw) : undefined;
    }
    const title = alerts.title(routing_key, dedup_key);
    if (event_action === 'resolve') alerts.close(routing_key, dedup_key);
    if (title === undefined) return undefined;
    const text = event_action === 'resolve' ? '已解决' : '已确认';
    return { kind: event_action, style: 'card', title, text, format: 'text', level: 'info', raw };
  };

  const receive = (call: Call): Verdict => {
    if (call.method !== 'POST') return refuse('405', 'Method Not Allowed');
    if (call.body.length > EVENT_BYTES) return refuse('413', 'Event is larger than 512 KB');
    if (!isJson(call)) return invalid(["'Content-Type' must be 'application/json'"]);
    const json = parseJson(call.body);
    if (json === undefined) return invalid(['Event is not a JSON object']);
    const parsed = EVENT.safeParse(json);
    if (!parsed.success)
      return invalid(parsed.error.issues.map(({ path, message }) => wording(path.join('.'), message)));
    const dedup_key = parsed.data.dedup_key ?? randomUUID().replaceAll('-', '');
    const answer = { status: 202, body: { status: 'success', message: 'Event processed', dedup_key } };
    const draft = show(parsed.data, dedup_key, json);
    return draft === undefined ? { ok: true, answer } : { ok: true, answer, draft };
  };

  return {
    name: 'pagerduty',
    label: 'PagerDuty',
    colour: '#06ac38',
    example: {
      path: '/pagerduty/v2/enqueue',
      body: {
        routing_key: '0123456789abcdef0123456789abcdef',
        event_action: 'trigger',
        payload: { summary: '数据库磁盘使用率 91%', source: 'db-1', severity: 'critical' },
      },
    },
    routes: [{ path: '/pagerduty/v2/enqueue', token: ({ body }) => keyOf(body), receive }],
    limit: { windows: [{ max: PER_MINUTE, ms: 60_000 }], block_ms: 0, verdict: () => refuse('429', THROTTLED) },
    failure: (code) => (Object.hasOwn(FAILURES, code) ? failure(code, FAILURES[code]!) : undefined),
  };
});

function keyOf(body: Buffer): string {
  const key = parseJson(body)?.['routing_key'];
  return typeof key === 'string' ? key : '';
}

const THROTTLED = 'Requests for this service are arriving too quickly. Please retry later.';

/** By HTTP status: it has no other codes. No `Retry-After` is promised with a 429. */
const FAILURES: Readonly<Record<string, string>> = {
  400: 'Event object is invalid',
  403: 'Forbidden',
  413: 'Event is larger than 512 KB',
  429: THROTTLED,
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};
const STATUSES: Readonly<Record<string, string>> = { 400: 'invalid event', 429: 'throttle exceeded' };

const failure = (code: string, message: string, errors: readonly string[] = [message]): Answer => ({
  status: Number(code),
  body: { status: STATUSES[code] ?? 'error', message, errors },
});

const refuse = (code: string, reason: string): Verdict => ({ ok: false, code, reason, answer: failure(code, reason) });

const invalid = (errors: readonly string[]): Verdict => ({
  ok: false,
  code: '400',
  reason: errors.join('; '),
  answer: failure('400', 'Event object is invalid', errors),
});

const SEVERITIES: Readonly<Record<string, Level>> = {
  critical: 'error',
  error: 'error',
  warning: 'warning',
  info: 'info',
};
const TEXT = z.string();
const PAYLOAD = z.looseObject({
  summary: TEXT.min(1).max(SUMMARY_CHARS),
  source: TEXT.min(1),
  severity: z.enum(['critical', 'error', 'warning', 'info']),
  timestamp: z.iso.datetime({ offset: true }).optional(),
  component: TEXT.optional(),
  group: TEXT.optional(),
  class: TEXT.optional(),
  custom_details: z.record(TEXT, z.unknown()).optional(),
});
const EVENT = z
  .looseObject({
    routing_key: TEXT.regex(/^[A-Za-z0-9]{32}$/),
    event_action: z.enum(['trigger', 'acknowledge', 'resolve']),
    dedup_key: TEXT.min(1).max(DEDUP_CHARS).optional(),
    payload: PAYLOAD.optional(),
    client: TEXT.optional(),
    client_url: TEXT.optional(),
    links: z.array(z.looseObject({ href: z.url({ protocol: /^https?$/ }), text: TEXT.optional() })).optional(),
    images: z.array(z.looseObject({ src: z.url({ protocol: /^https$/ }) })).optional(),
  })
  .refine((e) => e.event_action !== 'trigger' || e.payload !== undefined, { path: ['payload'] })
  .refine((e) => e.event_action === 'trigger' || e.dedup_key !== undefined, { path: ['dedup_key'] });

/** The platform's own words for the usual mistakes. */
function wording(path: string, message: string): string {
  return MISTAKES[path] ?? `'${path}' is missing or invalid (${message})`;
}

const MISTAKES: Readonly<Record<string, string>> = {
  routing_key: "Length of 'routing_key' is incorrect (should be 32 characters)",
  event_action: "'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')",
  'payload.severity':
    "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')",
};

function alertDraft(event: z.output<typeof EVENT>, dedup_key: string, raw: object): Draft {
  const { payload, client, client_url, links = [] } = event;
  const { summary, source, severity, component, group, class: kind, custom_details = {} } = payload!;
  const named = Object.entries({ source, component, group, class: kind, dedup_key });
  return {
    kind: 'trigger',
    style: 'card',
    title: summary,
    text: '',
    format: 'text',
    level: SEVERITIES[severity]!,
    fields: [...Object.entries(custom_details), ...named]
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => ({ name, value: typeof value === 'string' ? value : JSON.stringify(value) })),
    links: [
      ...links.map(({ href, text = href }) => ({ text, url: href })),
      ...(client_url === undefined ? [] : [{ text: client ?? client_url, url: client_url }]),
    ],
    raw,
  };
}
