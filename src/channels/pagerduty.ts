import { z } from 'zod';
import { alertKey, detailsOf } from '../channel/platform/alert.ts';
import type { HttpReply } from '../channel/channel.ts';
import { type CodeTable, classifyStatus, judge, parseObject } from '../channel/classify.ts';
import { defineHttpChannel, postJson } from '../channel/http-channel.ts';
import { rule } from '../channel/rule.ts';
import { baseUrl } from '../channel/server-address.ts';
import { templateText } from '../channel/template/template.ts';
import type { Message, Outcome } from '../model.ts';

/** The body of the request, without its `routing_key`. */
interface Payload {
  readonly event_action: 'trigger';
  readonly dedup_key: string;
  readonly payload: {
    readonly summary: string;
    readonly source: string;
    /** Three of the platform's four words are our levels. */
    readonly severity: Message['level'];
    readonly component?: string;
    readonly group?: string;
    readonly class?: string;
    readonly custom_details?: Readonly<Record<string, string>>;
  };
  readonly links?: readonly { readonly href: string; readonly text: string }[];
}

const DEDUP_KEY = 'Which events are the same alert (Liquid); absent = the id of the task, so each is one of its own';

const config = z.strictObject({
  routing_key: z
    .string()
    .regex(/^[\w-]+$/, { error: 'expected an integration key' })
    .meta({ secret: true, description: 'Integration key of an Events API v2 integration, 32 characters' }),
  source: z.string().min(1).default('PushServer').meta({ description: 'What the alert is about: a host, a service' }),
  dedup_key: templateText('text', DEDUP_KEY).optional(),
  component: z.string().min(1).optional().meta({ description: 'Component of the source' }),
  group: z.string().min(1).optional().meta({ description: 'Group of components' }),
  class: z.string().min(1).optional().meta({ description: 'Class of the event' }),
  base_url: baseUrl('https://events.pagerduty.com'),
});
type Config = z.output<typeof config>;

/** `"routing_key":"…",` around 32 characters. */
const KEY_BYTES = 64;

/** Incidents of PagerDuty. Wire facts: developer.pagerduty.com/docs/events-api-v2-overview. */
export default defineHttpChannel<typeof config, Payload>({
  name: 'pagerduty',
  label: { en: 'PagerDuty', zh: 'PagerDuty' },
  docs: 'https://developer.pagerduty.com/docs/events-api-v2-overview',
  config,
  // A second trigger with the same dedup_key is added to the open alert.
  capabilities: { formats: ['text'], card: true, mentions: false, idempotent: true },
  limits: {
    // Official: 512 KB of the whole event, 1,024 characters of the summary, which is the title.
    size: [{ of: 'body', max: 512_000 - KEY_BYTES, unit: 'bytes' }],
    title: { max: 1024, unit: 'chars' },
    parts: 1,
    // One page names about 120 a minute for each key; the overview says only that limits change.
    rate: { per_minute: 100 },
    // How long is not said, but in minutes.
    throttle: { base: 60, max: 600 },
  },
  credential: ({ routing_key }) => routing_key,
  render,
  request: (payload, { routing_key, base_url }) => postJson(`${base_url}/v2/enqueue`, { routing_key, ...payload }),
  classify,
});

function render(message: Message, target: Config, now: Date, id: string): Payload {
  const { title, body, level, fields, url } = message;
  const { source, component, group, class: kind } = target;
  const details = detailsOf(fields, body === '' ? [] : [['body', body]]);
  return {
    event_action: 'trigger',
    dedup_key: alertKey(target.dedup_key, message, now, id, 255),
    payload: {
      summary: title,
      source,
      severity: level,
      ...(component !== undefined && { component }),
      ...(group !== undefined && { group }),
      ...(kind !== undefined && { class: kind }),
      ...(Object.keys(details).length > 0 && { custom_details: details }),
    },
    ...(url !== undefined && { links: [{ href: url, text: '查看详情' }] }),
  };
}

// ---- answers ---------------------------------------------------------------------------------------------------

/** Success is a 202 that says so; it means accepted, since rules of the service may still suppress the event. */
function classify(reply: HttpReply, now: Date): Outcome {
  const json = parseObject(reply.body);
  if (reply.status === 202 && json?.['status'] === 'success') return { ok: true };
  if (json === undefined || reply.status < 300) return classifyStatus(reply, now);
  const said = [json['message'], json['errors']].flat().filter((text) => typeof text === 'string');
  return judge(TABLE, String(reply.status), said.join('; '), reply, now);
}

const BAD_KEY = rule(
  'unauthorized',
  'routing_key 无效：在 PagerDuty 服务的 Integrations 中复制 Events API v2 的 Integration Key（欧洲区须把 base_url 设为 https://events.eu.pagerduty.com）',
  'routing_key is not valid: copy the integration key of an Events API v2 integration; in the EU set base_url to https://events.eu.pagerduty.com.',
);
const BAD_EVENT = rule(
  'invalid',
  'PagerDuty 不接受该事件：按错误信息检查 source、dedup_key 与消息内容',
  'PagerDuty refuses the event: check source, dedup_key and the message, as it says.',
);

const TABLE: CodeTable = {
  400: (text) => (/routing.?key|service.?key/i.test(text) ? BAD_KEY : BAD_EVENT),
  401: BAD_KEY,
  403: BAD_KEY,
  404: rule(
    'invalid',
    '地址错误：base_url 应为 https://events.pagerduty.com 或其代理',
    'Wrong address: base_url should be https://events.pagerduty.com, or a proxy of it.',
  ),
  413: rule(
    'invalid',
    '事件超过 512 KB：缩短内容或字段',
    'The event has more than 512 KB: shorten the text or the fields.',
  ),
  429: rule(
    'rate_limited',
    'PagerDuty 限流（每个 routing_key 每分钟约 120 条），通道已自动暂停；若常见，请合并告警或调低 rate_limit',
    'PagerDuty throttles this key at about 120 a minute; the lane pauses by itself. If it happens often, merge alerts or lower rate_limit.',
  ),
};
