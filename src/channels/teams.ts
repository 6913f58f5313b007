import { z } from 'zod';
import type { HttpReply } from '../channel/channel.ts';
import { type CodeRule, classifyStatus, failureOf, parseObject } from '../channel/classify.ts';
import { defineHttpChannel, postJson } from '../channel/http-channel.ts';
import { LEVELS } from '../channel/level.ts';
import { rule } from '../channel/rule.ts';
import { teamsMarkdown, teamsPlain } from '../channel/platform/teams-text.ts';
import { linkTarget } from '../channel/text/markdown.ts';
import { TOO_LARGE } from '../channel/usual-rules.ts';
import { webhookKey, webhookUrl } from '../channel/webhook.ts';
import type { Level, Mentions, Message, Outcome } from '../model.ts';

type Element = { readonly type: string; readonly [key: string]: unknown };
interface Entity {
  readonly type: 'mention';
  readonly text: string;
  readonly mentioned: { readonly id: string; readonly name: string };
}
interface Payload {
  readonly type: 'message';
  readonly attachments: readonly [
    {
      readonly contentType: 'application/vnd.microsoft.card.adaptive';
      readonly contentUrl: null;
      readonly content: {
        readonly $schema: string;
        readonly type: 'AdaptiveCard';
        readonly version: '1.4';
        readonly msteams: { readonly width: 'full'; readonly entities?: readonly Entity[] };
        readonly body: readonly Element[];
        readonly actions?: readonly Element[];
      };
    },
  ];
}

/** Hosts of the connectors that Microsoft retired in 2026: devblogs.microsoft.com, "Retirement of Office 365 connectors". */
const isConnector = (url: string) => {
  if (!URL.canParse(url)) return false;
  const { hostname, pathname } = new URL(url);
  const isOutlook = /^outlook\.office(?:365)?\.com$/.test(hostname) && pathname.startsWith('/webhook');
  return isOutlook || /(?:^|\.)webhook\.office\.com$/.test(hostname);
};

const config = z.strictObject({
  url: webhookUrl().refine((url) => !isConnector(url), {
    error:
      'Office 365 connectors are retired; in Teams, make a workflow "When a Teams webhook request is received" (channel → Workflows) and use its URL',
  }),
});

/** Microsoft Teams, by a workflow of Power Automate. Wire facts: learn.microsoft.com, "Create incoming webhooks with Workflows". */
export default defineHttpChannel<typeof config, Payload>({
  name: 'teams',
  label: { en: 'Microsoft Teams', zh: 'Microsoft Teams' },
  docs: 'https://learn.microsoft.com/connectors/teams/#when-a-teams-webhook-request-is-received',
  config,
  list: 'webhooks',
  capabilities: { formats: ['text', 'markdown'], card: true, mentions: true, idempotent: false },
  limits: {
    // About 28 KB for the message that the workflow makes of this; what is larger is lost there, after it was accepted
    // here. The card travels on as a string of JSON within JSON, which at worst doubles what is measured here:
    // github.com/MicrosoftDocs/msteams-docs/issues/11274.
    size: [{ of: 'body', max: 14_000, unit: 'bytes' }],
    // Ours: none is documented.
    title: { max: 200, unit: 'chars' },
    // No official figure; about 60 a minute is what is known of workflows, whose throttling switches them off in the end.
    rate: { per_second: 1, per_minute: 50 },
    throttle: { base: 30, max: 600 },
  },
  credential: ({ url }) => webhookKey(url),
  render,
  // The signature in the query covers the URL as it was shown: it is used byte for byte.
  request: (payload, { url }) => postJson(url, payload),
  classify,
});

// ---- rendering -------------------------------------------------------------------------------------------------

/** There is no form for plain text: it is a card with one text in it. */
function render(message: Message): Payload {
  const { style, url, mentions } = message;
  const { words, entities } = mentions === undefined ? NOBODY : callsOf(mentions);
  const body = style === 'card' ? card(message) : [block(text(message))];
  if (words !== '') body.push(block(words));
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard' as const,
    version: '1.4' as const,
    msteams: { width: 'full' as const, ...(entities.length > 0 && { entities }) },
    body,
    ...(style === 'card' && url !== undefined && { actions: [{ type: 'Action.OpenUrl', title: '查看详情', url }] }),
  };
  return {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }],
  };
}

const STYLES: Readonly<Record<Level, { readonly container: string; readonly colour: string }>> = {
  info: { container: 'accent', colour: 'Accent' },
  warning: { container: 'warning', colour: 'Warning' },
  error: { container: 'attention', colour: 'Attention' },
};

function card({ title, body, level, format, fields = [] }: Message): Element[] {
  const { container, colour } = STYLES[level];
  const head = block(`${LEVELS[level].mark} ${teamsPlain(title)}`);
  const elements: Element[] = [
    {
      type: 'Container',
      style: container,
      bleed: true,
      items: [{ ...head, size: 'Large', weight: 'Bolder', color: colour }],
    },
  ];
  if (body !== '') elements.push(block(format === 'markdown' ? teamsMarkdown(body) : teamsPlain(body)));
  if (fields.length > 0) {
    const facts = fields.map(({ name, value }) => ({ title: teamsPlain(name), value: teamsPlain(value) }));
    elements.push({ type: 'FactSet', facts });
  }
  return elements;
}

function text({ title, body, format, fields = [], url }: Message): string {
  const lines = [
    format === 'markdown' && title !== '' ? `**${teamsPlain(title)}**` : teamsPlain(title),
    format === 'markdown' ? teamsMarkdown(body) : teamsPlain(body),
    ...fields.map(({ name, value }) => `${teamsPlain(name)}：${teamsPlain(value)}`),
    // A bare URL is not sure to become a link.
    url === undefined ? '' : `[查看详情](${linkTarget(url)})`,
  ];
  return lines.filter((line) => line !== '').join('\n\n');
}

const block = (words: string): Element => ({ type: 'TextBlock', text: words, wrap: true });

interface Called {
  readonly words: string;
  readonly entities: readonly Entity[];
}

const NOBODY: Called = { words: '', entities: [] };

/** A user principal name, or the object id of a user in Entra. */
const USER = /^(?:[\w.+'-]{1,100}@[\w-]+(?:\.[\w-]+)+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

/** Users can be called; neither a team nor a channel can this way, and a mobile number is nobody here: these are text. */
function callsOf({ all, ids, mobiles }: Mentions): Called {
  const users = [...new Set(ids.filter((id) => USER.test(id)))];
  const others = ids.filter((id) => !USER.test(id));
  const entities = users.map((id): Entity => ({
    type: 'mention',
    text: `<at>${id}</at>`,
    mentioned: { id, name: id },
  }));
  const written = [...(all ? ['所有人'] : []), ...mobiles, ...others].map((who) => teamsPlain(`@${who}`));
  return { words: [...written, ...entities.map((entity) => entity.text)].join(' '), entities };
}

// ---- answers ---------------------------------------------------------------------------------------------------

/**
 * 202, or a 200 without a body: the workflow has started. More cannot be known here; whether it could post is in its run
 * history. An error names a code of Azure Logic Apps, which is told; what it means is in the status.
 */
function classify(reply: HttpReply, now: Date): Outcome {
  if (reply.status === 202 || (reply.status === 200 && reply.body.trim() === '')) return { ok: true };
  const found = STATUSES[reply.status];
  if (found === undefined) return classifyStatus(reply, now);
  const { code, message } = errorIn(reply);
  return failureOf(found, { code: code ?? `HTTP ${reply.status}`, message: message ?? '', reply, now });
}

function errorIn(reply: HttpReply): { readonly code?: string; readonly message?: string } {
  const error = parseObject(reply.body)?.['error'];
  if (typeof error !== 'object' || error === null) return {};
  const code: unknown = Reflect.get(error, 'code');
  const message: unknown = Reflect.get(error, 'message');
  return { ...(typeof code === 'string' && { code }), ...(typeof message === 'string' && { message }) };
}

const NO_ENTRY = rule(
  'unauthorized',
  '工作流拒绝访问：重新复制完整的 url（含 sig 参数），并把触发器的「谁可以触发」设为任何人',
  'The workflow refuses access: copy the whole url again (with sig), and let anyone trigger the flow.',
);

const STATUSES: Readonly<Record<number, CodeRule>> = {
  400: rule(
    'invalid',
    '工作流不接受该消息的格式：确认触发器是「收到 Teams webhook 请求时」且未改过其架构；试用 style: text',
    'The workflow does not take this message: its trigger must be "When a Teams webhook request is received" with its own schema; try style: text.',
    { as_text: true },
  ),
  401: NO_ENTRY,
  403: NO_ENTRY,
  404: rule(
    'unauthorized',
    '工作流不存在、已关闭或地址已过期：在 Power Automate 中启用它，并重新复制 url（旧的 logic.azure.com 地址已停用）',
    'The workflow is gone, turned off, or its address has expired: turn it on in Power Automate and copy url again (old logic.azure.com addresses have ended).',
  ),
  413: TOO_LARGE,
  429: rule(
    'rate_limited',
    '工作流被限流，通道已自动暂停；若常见，请合并消息，否则持续限流 14 天后工作流会被关闭',
    'The workflow is throttled; the lane pauses by itself. If it happens often, merge messages: after 14 days of throttling a workflow is switched off.',
  ),
};
