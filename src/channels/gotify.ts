import { z } from 'zod';
import { bodyText } from '../channel/text/body-text.ts';
import type { HttpReply } from '../channel/channel.ts';
import { type CodeTable, classifyStatus, judge, parseObject } from '../channel/classify.ts';
import { defineHttpChannel, postJson } from '../channel/http-channel.ts';
import { markdownMessage } from '../channel/text/markdown-message.ts';
import { markedTitle } from '../channel/text/marked-title.ts';
import { rule } from '../channel/rule.ts';
import { baseUrl } from '../channel/server-address.ts';
import type { Level, Message, Outcome } from '../model.ts';

interface Payload {
  readonly title: string;
  readonly message: string;
  readonly priority: number;
  readonly extras: {
    readonly 'client::display': { readonly contentType: 'text/plain' | 'text/markdown' };
    readonly 'client::notification'?: { readonly click: { readonly url: string } };
  };
}

/** Android is silent at 0, quiet to 3, rings from 4 and stays on top from 8. */
const PRIORITIES: Readonly<Record<Level, number>> = { info: 4, warning: 6, error: 8 };

const config = z.strictObject({
  base_url: baseUrl(),
  token: z.string().min(1).meta({ secret: true, description: 'Token of the application: Apps → Create application' }),
});

/** Gotify. Wire facts: gotify.net/docs/pushmsg and gotify.net/docs/msgextras. */
export default defineHttpChannel<typeof config, Payload>({
  name: 'gotify',
  label: { en: 'Gotify', zh: 'Gotify' },
  docs: 'https://gotify.net/docs/pushmsg',
  config,
  capabilities: { formats: ['text', 'markdown'], card: true, mentions: false, idempotent: false },
  limits: {
    // Ours: the server documents none; MySQL keeps 65,535 bytes.
    size: [{ of: 'message', max: 32_000, unit: 'bytes' }],
    title: { max: 200, unit: 'chars' },
    // Ours: the server has no limit of its own.
    rate: { per_second: 10 },
    throttle: { base: 5, max: 300 },
  },
  credential: ({ base_url, token }) => JSON.stringify([base_url, token]),
  render,
  request: (payload, { base_url, token }) => postJson(`${base_url}/message`, payload, { 'x-gotify-key': token }),
  classify,
});

/** A tap opens the link; the web interface has no taps, so it stands in the text too. */
function render(message: Message): Payload {
  const { level, style, format, url } = message;
  const isMarkdown = style === 'card' || format === 'markdown';
  return {
    title: markedTitle(message),
    message: isMarkdown ? markdownMessage(message, { title: false, link: true }) : bodyText(message, { link: true }),
    priority: PRIORITIES[level],
    extras: {
      'client::display': { contentType: isMarkdown ? 'text/markdown' : 'text/plain' },
      ...(url !== undefined && { 'client::notification': { click: { url } } }),
    },
  };
}

// ---- answers ---------------------------------------------------------------------------------------------------

const BAD_TOKEN = rule(
  'unauthorized',
  'token 无效：在 Gotify 的「Apps」中复制应用的 token（A 开头；客户端的 token 不能发消息）',
  'The token is not valid: copy that of an application (it begins with A) from Gotify’s Apps; a client’s cannot send.',
);

const TABLE: CodeTable = {
  400: rule(
    'invalid',
    'Gotify 不接受该消息：按错误信息检查内容',
    'Gotify does not take the message: check it against the error text.',
  ),
  401: BAD_TOKEN,
  403: BAD_TOKEN,
  404: rule(
    'invalid',
    '地址不正确：检查 base_url，反向代理的路径前缀不能遗漏',
    'The address is wrong: check base_url; the path of a reverse proxy belongs to it.',
  ),
};

/** A message that was taken comes back with its number. */
function classify(reply: HttpReply, now: Date): Outcome {
  const json = parseObject(reply.body);
  const { id, errorCode, error, errorDescription } = json ?? {};
  const said = [error, errorDescription].filter((word) => typeof word === 'string' && word !== '').join('：');
  if (typeof errorCode === 'number') return judge(TABLE, String(errorCode), said, reply, now);
  if (reply.status === 200 && typeof id === 'number') return { ok: true };
  return classifyStatus(reply, now);
}
