import { z } from 'zod';
import { bodyText } from '../channel/text/body-text.ts';
import type { HttpReply } from '../channel/channel.ts';
import { type CodeRule, classifyStatus, failureOf, parseObject } from '../channel/classify.ts';
import { escapeHtml } from '../channel/text/escape-html.ts';
import { defineHttpChannel, postJson } from '../channel/http-channel.ts';
import { markdownHtml } from '../channel/text/markdown-html.ts';
import { markdownMessage } from '../channel/text/markdown-message.ts';
import { markedTitle } from '../channel/text/marked-title.ts';
import { rule } from '../channel/rule.ts';
import { baseUrl } from '../channel/server-address.ts';
import type { Level, Message, Outcome, Refused } from '../model.ts';

interface Payload {
  readonly title: string;
  readonly body: string;
  readonly type: 'info' | 'warning' | 'failure';
  readonly format: AppriseFormat;
  readonly tag?: string;
}

const FORMATS = ['text', 'markdown', 'html'] as const;
type AppriseFormat = (typeof FORMATS)[number];
const TYPES: Readonly<Record<Level, Payload['type']>> = { info: 'info', warning: 'warning', error: 'failure' };

const serviceUrl = z
  .string()
  .regex(/^[a-z][a-z\d]*:\/\/\S+$/i, { error: 'expected an Apprise URL, e.g. tgram://…' })
  .meta({ secret: true });

const config = z
  .strictObject({
    url: baseUrl().meta({ secret: true, description: 'Address of an Apprise API server, without /notify' }),
    key: z
      .string()
      .regex(/^[\w-]{1,128}$/, { error: 'expected 1 to 128 letters, digits, _ and -' })
      .optional()
      .meta({ secret: true, description: 'Key of a configuration that is stored at the server; or urls' }),
    urls: z
      .union([serviceUrl.transform((url) => [url]), z.array(serviceUrl).min(1)])
      .optional()
      .meta({ secret: true, description: 'Apprise URL of a service, or a list of them; or key' }),
    tag: z.string().min(1).optional().meta({
      description: 'Services of the configuration: a comma means or, a blank means and; absent = those without a tag',
    }),
    format: z
      .enum(FORMATS)
      .optional()
      .meta({ description: 'How the text is given: text, markdown or html; absent = markdown for cards and Markdown' }),
  })
  .superRefine(({ key, urls, tag }, context) => {
    const fault = (at: string, message: string) => context.addIssue({ code: 'custom', path: [at], message });
    if (key === undefined && urls === undefined) fault('key', 'write either key or urls');
    if (key !== undefined && urls !== undefined) fault('urls', 'write either key or urls');
    if (tag !== undefined && urls !== undefined)
      fault('tag', 'tags belong to a stored configuration; leave it out beside urls');
  });
type Config = z.output<typeof config>;

/** Apprise API, a bridge to its services. Wire facts: github.com/caronc/apprise-api, README and api/views.py. */
export default defineHttpChannel<typeof config, Payload>({
  name: 'apprise',
  label: { en: 'Apprise', zh: 'Apprise' },
  docs: 'https://github.com/caronc/apprise-api',
  config,
  capabilities: { formats: ['text', 'markdown'], card: true, mentions: false, idempotent: false },
  limits: {
    // Ours: the server takes 3 MB, but each service has a limit of its own; ?overflow=split in its URL divides the text.
    size: [{ of: 'body', max: 32_000, unit: 'bytes' }],
    title: { max: 200, unit: 'chars' },
    // Ours: the services behind it have theirs.
    rate: { per_minute: 60 },
    throttle: { base: 30, max: 600 },
  },
  credential: ({ url, key, urls, tag }) => JSON.stringify([url, key, urls, tag]),
  render,
  request(payload, { url, key, urls }) {
    // The verdict of each service is in the log, which is told only when asked for.
    const headers = { accept: 'application/json', 'x-apprise-log-level': 'INFO' };
    return key === undefined
      ? postJson(`${url}/notify`, { ...payload, urls: urls?.join(', ') }, headers)
      : postJson(`${url}/notify/${key}`, payload, headers);
  },
  classify,
});

// ---- rendering -------------------------------------------------------------------------------------------------

function render(message: Message, { format, tag }: Config): Payload {
  const own = message.style === 'card' || message.format === 'markdown' ? 'markdown' : 'text';
  return {
    title: markedTitle(message),
    body: BODIES[format ?? own](message),
    type: TYPES[message.level],
    format: format ?? own,
    ...(tag !== undefined && { tag }),
  };
}

const BODIES: Readonly<Record<AppriseFormat, (message: Message) => string>> = {
  text: (message) => bodyText(message, { link: true }),
  markdown: (message) => markdownMessage(message, { title: false, link: true }),
  html,
};

function html({ title, body, format, fields = [], url }: Message): string {
  const lines = (text: string) => escapeHtml(text).replaceAll('\n', '<br>');
  const parts = [
    format === 'markdown' ? markdownHtml(body) : lines(body),
    fields.map(({ name, value }) => `<b>${lines(name)}</b>：${lines(value)}`).join('<br>'),
    url === undefined ? '' : `<a href="${escapeHtml(url)}">查看详情</a>`,
  ];
  return parts.filter((part) => part !== '').join('<br>') || escapeHtml(title);
}

// ---- answers ---------------------------------------------------------------------------------------------------

const NO_CONFIGURATION = rule(
  'unauthorized',
  'Apprise 服务器上没有可用的服务：核对 key 是否已保存配置（或 urls 是否为有效的 Apprise 地址）',
  'The Apprise server knows no service for this: check that a configuration is stored under key, or that urls are valid.',
);
const NOT_MATCHED = rule(
  'invalid',
  '没有服务符合 tag，消息未发出：核对 tag 与服务器上配置的标签（未写 tag 时只发给没有标签的服务）',
  'No service has such a tag, nothing was sent: compare tag with the configuration; without a tag only untagged services are meant.',
);
const SOME_FAILED = rule(
  'unknown',
  '至少一个服务未送达，其他服务可能已收到，因此不自动重发：查看 Apprise 服务器的日志并检查该服务的地址与密钥',
  'At least one service failed and others may have the message, so it is not repeated: see the Apprise server’s log and check that service.',
);
/** Of other statuses than these the usual is true. */
const STATUSES: Readonly<Record<number, CodeRule>> = {
  204: NO_CONFIGURATION,
  400: rule(
    'invalid',
    'Apprise 不接受该请求：按错误信息检查 urls、tag 与 format',
    'Apprise does not take the request: check urls, tag and format against its message.',
  ),
  405: rule(
    'invalid',
    'Apprise 的转发层数超限：检查服务器之间是否互相转发',
    'The request was passed on too often: see whether Apprise servers pass it on to each other.',
  ),
  421: rule(
    'invalid',
    '地址不正确：url 应为 Apprise API 服务器的地址，不含 /notify',
    'The address is wrong: url is that of an Apprise API server, without /notify.',
  ),
  431: rule('invalid', '消息过长：缩短内容后重发', 'The message is too long: shorten it.'),
};

/** A success is proved by `"error": null`; older servers say it in words. */
function classify(reply: HttpReply, now: Date): Outcome {
  const json = parseObject(reply.body);
  const error = typeof json?.['error'] === 'string' ? json['error'] : '';
  const said = { code: `HTTP ${reply.status}`, message: error, reply, now };
  if (reply.status === 200)
    return json?.['error'] === null || reply.body.startsWith('Notification(s) sent')
      ? { ok: true }
      : classifyStatus(reply, now);
  if (reply.status === 424) return partial(json?.['details'], said);
  const entry = STATUSES[reply.status];
  return entry === undefined ? classifyStatus(reply, now) : failureOf(entry, said);
}

/** Some services failed, or none was meant: the log says which. */
function partial(details: unknown, said: Parameters<typeof failureOf>[1]): Outcome {
  if (!Array.isArray(details)) return failureOf(SOME_FAILED, said);
  if (details.length === 0) return failureOf(NOT_MATCHED, said);
  const log = details
    .filter((line) => Array.isArray(line))
    .map(([level, , text]) => ({ level: String(level), text: String(text) }));
  const failed = log.filter(({ level, text }) => level !== 'INFO' && /fail|error|could not|unable/i.test(text));
  const message = failed.map(({ text }) => text).join('；') || said.message;
  // What a service says that took the message: `Sent Discord notification.`
  if (!log.some(({ level, text }) => level === 'INFO' && /^Sent\b.*\bnotification/.test(text)))
    return failureOf(SOME_FAILED, { ...said, message });
  const refused = failed.map(({ text }): Refused => ({
    recipient: SERVICE.exec(text)?.[1] ?? '某个服务',
    code: 'HTTP 424',
    message: text,
  }));
  return { ok: true, refused: refused.length > 0 ? refused : [{ recipient: '某个服务', code: 'HTTP 424', message }] };
}

const SERVICE = /^Failed to send (?:a |the )?(.{1,60}?) notification/i;
