import { z } from 'zod';
import type { HttpReply } from '../channel/channel.ts';
import { classifyByCode, parseObject } from '../channel/classify.ts';
import { DINGTALK_CODES, TOO_FAST } from '../channel/platform/dingtalk-codes.ts';
import { dingtalkMarkdown, inertInDingtalk } from '../channel/platform/dingtalk-markdown.ts';
import { defineHttpChannel, postJson } from '../channel/http-channel.ts';
import { linkTarget } from '../channel/text/markdown.ts';
import { mobileNumbers } from '../channel/text/mobile-numbers.ts';
import { plainText } from '../channel/text/plain-text.ts';
import { shortHash } from '../channel/short-hash.ts';
import { dingtalkSignedUrl } from '../channel/sign/bot-sign.ts';
import { webhookKey, webhookUrl } from '../channel/webhook.ts';
import type { Failure, Mentions, Message } from '../model.ts';

interface At {
  readonly atMobiles: readonly string[];
  readonly atUserIds: readonly string[];
  readonly isAtAll: boolean;
}
interface ActionCard {
  readonly title: string;
  readonly text: string;
  readonly btnOrientation: '0';
  readonly singleTitle: string;
  readonly singleURL: string;
}
type Payload =
  | { readonly msgtype: 'text'; readonly text: { readonly content: string }; readonly at?: At }
  | {
      readonly msgtype: 'markdown';
      readonly markdown: { readonly title: string; readonly text: string };
      readonly at?: At;
    }
  | { readonly msgtype: 'actionCard'; readonly actionCard: ActionCard };

const config = z.strictObject({
  url: webhookUrl(),
  secret: z
    .string()
    .default('')
    .meta({ secret: true, description: 'Secret of the signature, with its SEC prefix; empty = unsigned' }),
});

/** `"msgUuid":"…",` around 32 characters. */
const UUID_BYTES = 45;

/** DingTalk custom robots. Wire facts: help.dingtalk.io, development/custom-robots-send-group-messages. */
export default defineHttpChannel<typeof config, Payload>({
  name: 'dingtalk',
  label: { en: 'DingTalk', zh: '钉钉' },
  docs: 'https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages',
  config,
  list: 'webhooks',
  // `msgUuid` is sent, but only the international site documents it: it may make a repeat safe, no more.
  capabilities: { formats: ['text', 'markdown'], card: true, mentions: true, idempotent: false },
  limits: {
    size: [{ of: 'body', max: 20_000 - UUID_BYTES, unit: 'bytes' }],
    // The documented guidance for titles.
    title: { max: 100, unit: 'chars' },
    // Official: 20 a minute; one too many blocks the robot for ten minutes.
    rate: { per_minute: 18 },
    throttle: { base: 600, max: 600 },
  },
  credential: ({ url }) => webhookKey(url, 'timestamp', 'sign'),
  render,
  request(payload, { url, secret }, now, id) {
    const signed = secret === '' ? url : dingtalkSignedUrl(url, String(now.getTime()), secret);
    return postJson(signed, { msgUuid: shortHash(id), ...payload });
  },
  classify: (reply, now) => punished(reply) ?? classify(reply, now),
});

// ---- rendering -------------------------------------------------------------------------------------------------

function render(message: Message): Payload {
  const { title, style, format, url, mentions } = message;
  const at = mentions === undefined ? {} : { at: atOf(mentions) };
  const isText = style === 'text' && format === 'text';
  const calls = mentions === undefined ? '' : callsOf(mentions, isText ? (name) => name : inertInDingtalk);
  if (isText) {
    return { msgtype: 'text', text: { content: plainText(message) + (calls && `\n${calls}`) }, ...at };
  }
  // An actionCard cannot mention anybody.
  if (style === 'card' && url !== undefined && mentions === undefined) {
    const text = dingtalkMarkdown(message);
    return {
      msgtype: 'actionCard',
      actionCard: { title, text, btnOrientation: '0', singleTitle: '查看详情', singleURL: url },
    };
  }
  const link = url === undefined ? '' : `\n\n[查看详情](${linkTarget(url)})`;
  return {
    msgtype: 'markdown',
    markdown: { title, text: dingtalkMarkdown(message) + link + (calls && `\n\n${calls}`) },
    ...at,
  };
}

const atOf = ({ all, mobiles, ids }: Mentions): At => ({
  atMobiles: mobileNumbers(mobiles).numbers,
  atUserIds: ids,
  isAtAll: all,
});

/**
 * A mention pings and stands out only if the text holds it too. In the text alone it is harmless, so whatever cannot ping
 * is still there to be read.
 */
function callsOf({ all, mobiles, ids }: Mentions, inert: (name: string) => string): string {
  const { numbers, others } = mobileNumbers(mobiles);
  const names = [...numbers, ...ids, ...others].map((name) => (/^[\w.+-]+$/.test(name) ? name : inert(name)));
  return [...(all ? ['所有人'] : []), ...names].map((name) => `@${name}`).join(' ');
}

// ---- answers ---------------------------------------------------------------------------------------------------

const classify = classifyByCode('errcode', 'errmsg', DINGTALK_CODES);

/** The anti-flood gateway before DingTalk answers in its own way: `{"status":1111,"wait":5,"punish":"deny"}`. */
function punished(reply: HttpReply): Failure | undefined {
  const page = parseObject(reply.body);
  if (page === undefined || 'errcode' in page || !('punish' in page || page['status'] === 1111)) return undefined;
  const { wait } = page;
  return {
    ok: false,
    kind: 'rate_limited',
    code: '1111',
    message: '钉钉网关限流',
    remedy: TOO_FAST.remedy,
    // Seconds. Without a figure, the ten minutes of the robot's own limit.
    retry_after: typeof wait === 'number' && wait >= 0 ? wait : 600,
  };
}
