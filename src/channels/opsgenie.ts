import { z } from 'zod';
import { alertKey, detailsOf } from '../channel/platform/alert.ts';
import type { HttpReply } from '../channel/channel.ts';
import { type CodeTable, classifyStatus, judge, parseObject } from '../channel/classify.ts';
import { headerNumber } from '../channel/header-number.ts';
import { defineHttpChannel, postJson } from '../channel/http-channel.ts';
import { rule } from '../channel/rule.ts';
import { baseUrl } from '../channel/server-address.ts';
import { templateText } from '../channel/template/template.ts';
import type { Level, Message, Outcome } from '../model.ts';

/** The body of the request; without an alias of its own it is sent with the value that a repeat has again. */
interface Payload {
  readonly message: string;
  readonly alias?: string;
  readonly description?: string;
  readonly responders?: Config['responders'];
  readonly tags?: readonly string[];
  readonly details?: Readonly<Record<string, string>>;
  readonly entity?: string;
  readonly source: string;
  readonly priority: (typeof PRIORITIES)[Level];
}

/** Opsgenie's own reading: critical, moderate, informational. */
const PRIORITIES = { error: 'P1', warning: 'P3', info: 'P5' } as const satisfies Record<Level, string>;

const ALIAS = 'Which messages are the same alert (Liquid); absent = each message to each target is one of its own';

const config = z.strictObject({
  api_key: z
    .string()
    .regex(/^[\w-]+$/, { error: 'expected an API key' })
    .meta({ secret: true, description: 'API key of an API integration' }),
  responders: z
    .array(
      z
        .strictObject({
          type: z.enum(['team', 'user', 'escalation', 'schedule']),
          id: z.string().min(1).optional(),
          name: z.string().min(1).optional(),
          username: z.string().min(1).optional(),
        })
        .refine(({ id, name, username }) => [id, name, username].filter((who) => who !== undefined).length === 1, {
          error: 'expected one of id, name and username',
        })
        .refine(({ type, name, username }) => (type === 'user' ? name === undefined : username === undefined), {
          error: 'expected username for a user, and name for the others',
        }),
    )
    .max(50)
    .optional()
    .meta({ description: 'Whom to alert: teams, users, escalations, schedules; absent = as the integration says' }),
  tags: z.array(z.string().min(1).max(50)).max(20).optional().meta({ description: 'Tags of every alert' }),
  entity: z.string().min(1).max(512).optional().meta({ description: 'What the alert is about: a host, a service' }),
  source: z.string().min(1).max(100).default('PushServer').meta({ description: 'Where the alert comes from' }),
  alias: templateText('text', ALIAS).optional(),
  base_url: baseUrl('https://api.opsgenie.com'),
});
type Config = z.output<typeof config>;

/** Alerts of Opsgenie and of its successor, Jira Service Management. Wire facts: docs.opsgenie.com/docs/alert-api. */
export default defineHttpChannel<typeof config, Payload>({
  name: 'opsgenie',
  label: { en: 'Opsgenie / Jira Service Management', zh: 'Opsgenie / Jira Service Management' },
  docs: 'https://docs.opsgenie.com/docs/alert-api#create-alert',
  config,
  // A second alert with the alias of an open one only raises its count.
  capabilities: { formats: ['text'], card: true, mentions: false, idempotent: true },
  limits: {
    // Official, in characters of a unit that is not stated; details in total. The title is the whole of `message`.
    size: [
      { of: 'description', max: 15_000, unit: 'chars' },
      { of: 'details', max: 8000, unit: 'chars' },
    ],
    title: { max: 130, unit: 'chars' },
    parts: 1,
    // By plan and number of users; no figure is documented. Ours, below the one that is told of, 60 a minute.
    rate: { per_minute: 50 },
    // Buckets are of a second and of a minute.
    throttle: { base: 60, max: 600 },
  },
  credential: ({ api_key }) => api_key,
  people: ({ responders = [] }) => responders.flatMap(({ username }) => username ?? []),
  render,
  request(payload, { api_key, base_url }, _now, id) {
    // Not the task's: a second target with other responders would only raise the count of the first one's alert.
    const body = { alias: id, ...payload };
    return postJson(`${base_url}/v2/alerts`, body, { authorization: `GenieKey ${api_key}` });
  },
  classify,
});

function render(message: Message, target: Config, now: Date, id: string): Payload {
  const { title, body, level, fields, url } = message;
  const { responders, tags, entity, source, alias } = target;
  const description = [body, ...(url === undefined ? [] : [`详情：${url}`])].filter((line) => line !== '').join('\n');
  return {
    message: title,
    // 512 characters by Opsgenie's page, 250 by others.
    ...(alias !== undefined && { alias: alertKey(alias, message, now, id, 250) }),
    ...(description !== '' && { description }),
    ...(responders && { responders }),
    ...(tags && { tags }),
    ...(fields && fields.length > 0 && { details: detailsOf(fields) }),
    ...(entity !== undefined && { entity }),
    source,
    priority: PRIORITIES[level],
  };
}

// ---- answers ---------------------------------------------------------------------------------------------------

/** Success is a 202 with the id of the request; it means accepted, since alerts are made afterwards. */
function classify(reply: HttpReply, now: Date): Outcome {
  const json = parseObject(reply.body);
  if (reply.status === 202 && typeof json?.['requestId'] === 'string') return { ok: true };
  if (json === undefined || reply.status < 300) return classifyStatus(reply, now);
  const { message, errors } = json;
  const said = [message, ...(typeof errors === 'object' && errors !== null ? Object.values(errors) : [])];
  const text = said.filter((word) => typeof word === 'string').join('; ');
  const failure = judge(TABLE, String(reply.status), text, reply, now);
  const period = headerNumber(reply, 'x-ratelimit-period-in-sec');
  const waits = failure.kind === 'rate_limited' && failure.retry_after === undefined && period >= 0;
  return waits ? { ...failure, retry_after: period } : failure;
}

const BAD_KEY = rule(
  'unauthorized',
  'api_key 无效、已停用或不是 API 集成的密钥：在团队的 Integrations 中新建 API 集成并复制密钥（欧洲区 base_url 为 https://api.eu.opsgenie.com，JSM 为 https://api.atlassian.com/jsm/ops/integration）',
  'api_key is not valid, disabled, or not of an API integration: create one under the team’s Integrations; EU: https://api.eu.opsgenie.com, JSM: https://api.atlassian.com/jsm/ops/integration as base_url.',
);
const BAD_ALERT = rule(
  'invalid',
  'Opsgenie 不接受该告警：按错误信息检查 responders、tags、alias 与消息内容',
  'Opsgenie refuses the alert: check responders, tags, alias and the message, as it says.',
);

const TABLE: CodeTable = {
  400: BAD_ALERT,
  401: BAD_KEY,
  402: BAD_KEY,
  403: BAD_KEY,
  404: rule(
    'invalid',
    '地址错误：核对 base_url（已迁移到 JSM 的账号须改用 https://api.atlassian.com/jsm/ops/integration）',
    'Wrong address: check base_url; an account that was moved to JSM needs https://api.atlassian.com/jsm/ops/integration.',
  ),
  422: (text) => (/key format/i.test(text) ? BAD_KEY : BAD_ALERT),
  429: rule(
    'rate_limited',
    'Opsgenie 限流，通道已自动暂停，稍后继续；若常见，请合并告警或调低 rate_limit',
    'Opsgenie throttles the account; the lane pauses by itself. If it happens often, merge alerts or lower rate_limit.',
  ),
};
