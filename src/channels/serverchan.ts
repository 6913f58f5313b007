import { z } from 'zod';
import type { HttpReply } from '../channel/channel.ts';
import { type CodeRule, classifyStatus, failureOf, judge, parseObject } from '../channel/classify.ts';
import { defineHttpChannel, postJson } from '../channel/http-channel.ts';
import { idText } from '../channel/id.ts';
import { markdownMessage } from '../channel/text/markdown-message.ts';
import { markedTitle } from '../channel/text/marked-title.ts';
import { CHINA, untilMidnight } from '../channel/quota.ts';
import { rule } from '../channel/rule.ts';
import { baseUrl } from '../channel/server-address.ts';
import { shorten } from '../channel/text/shorten.ts';
import type { Message, Outcome } from '../model.ts';

interface Payload {
  readonly title: string;
  /** What a card shows. */
  readonly short?: string;
  /** Markdown. */
  readonly desp: string;
  readonly noip?: 1;
  readonly channel?: string;
  readonly openid?: string;
  readonly tags?: string;
}

/** A key of ServerChan³, with the number of its user; any other is one of Turbo. */
const THIRD = /^sctp(\d+)t/;

const MOST_CHANNELS = 2;
const channels = z
  .union([idText('Number of a channel'), z.array(idText('Number of a channel'))])
  .transform((given) => [given].flat().flatMap((each) => each.split('|')))
  .refine((given) => given.length <= MOST_CHANNELS && given.every((each) => /^\d{1,3}$/.test(each)), {
    error: 'expected one or two numbers',
  })
  .meta({ description: 'Turbo: one or two ways out by number, a list or 9|66; absent = as set at ServerChan' });

const config = z
  .strictObject({
    send_key: z
      .string()
      .regex(/^\w{5,}$/, { error: 'expected the SendKey, SCT… or sctp…' })
      .meta({ secret: true, description: 'SendKey: SCT… of Turbo or sctp…t… of ServerChan³' }),
    channel: channels.optional(),
    openid: idText('Turbo: openid or userid of the readers, several joined by commas').optional(),
    tags: z
      .array(z.string().regex(/^[^|\n]+$/, { error: 'expected tags without |' }))
      .min(1)
      .optional()
      .meta({ description: 'ServerChan³: tags of the message' }),
    base_url: baseUrl().optional(),
  })
  .superRefine(({ send_key, channel, openid, tags }, context) => {
    const fault = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    const third = THIRD.test(send_key);
    if (third && channel !== undefined) fault('channel', 'ServerChan³ (sctp…) has no channels');
    if (third && openid !== undefined) fault('openid', 'ServerChan³ (sctp…) has no openid');
    if (!third && tags !== undefined) fault('tags', 'only ServerChan³ (sctp…) has tags');
  });
type Config = z.output<typeof config>;

/** ServerChan, both of its services. Wire facts: sct.ftqq.com/sendkey and doc.sc3.ft07.com. */
export default defineHttpChannel<typeof config, Payload>({
  name: 'serverchan',
  label: { en: 'ServerChan', zh: 'Server 酱' },
  docs: 'https://sct.ftqq.com/sendkey',
  config,
  capabilities: { formats: ['text', 'markdown'], card: true, mentions: false, idempotent: false },
  limits: {
    // Official: 32 KB, without a word on how much a KB is.
    size: [{ of: 'desp', max: 32_000, unit: 'bytes' }],
    // What exceeds the 32 characters of a title stands in the text.
    title: { max: 200, unit: 'chars' },
    // Seen in its answers: five a minute. By the day: 1,000 requests, of which a free account may send five; 500 at most
    // at the service before this one, which is the strictest figure that holds for every paying account.
    rate: { per_minute: 4, per_day: 480 },
    throttle: { base: 60, max: 3600 },
  },
  credential: ({ send_key }) => send_key,
  people: ({ openid }) => openid?.split(',') ?? [],
  render,
  request: (payload, target) => postJson(addressOf(target), payload),
  classify,
});

function addressOf({ send_key, base_url }: Config): string {
  const user = THIRD.exec(send_key)?.[1];
  if (user === undefined) return `${base_url ?? 'https://sctapi.ftqq.com'}/${send_key}.send`;
  return `${base_url ?? `https://${user}.push.ft07.com`}/send/${send_key}.send`;
}

/** Characters. */
const LONGEST_TITLE = 32;
const LONGEST_SHORT = 64;

function render(message: Message, { send_key, channel, openid, tags }: Config): Payload {
  const title = markedTitle(message);
  const { body } = message;
  return {
    title: shorten(title, LONGEST_TITLE),
    ...(body !== '' && { short: shorten(body.replaceAll('\n', ' '), LONGEST_SHORT) }),
    desp: markdownMessage(message, { title: title.length > LONGEST_TITLE, link: true }),
    // The address of this server would else stand below every message.
    ...(!THIRD.test(send_key) && { noip: 1 as const }),
    ...(channel !== undefined && { channel: channel.join('|') }),
    ...(openid !== undefined && { openid }),
    ...(tags !== undefined && { tags: tags.join('|') }),
  };
}

// ---- answers ---------------------------------------------------------------------------------------------------

/** There is no table of codes, and one code (40001) says several things: the text decides, as it was seen. */
const REASONS: readonly (readonly [RegExp, CodeRule])[] = [
  [
    /分钟.*次数限制|per minute|too (?:fast|frequent)/i,
    rule(
      'rate_limited',
      '超过每分钟的发送次数，通道自动暂停后继续；若常见，请合并消息或调低 rate_limit',
      'Too many messages a minute: the lane waits. If it happens often, merge messages or lower rate_limit.',
      { pause: 60 },
    ),
  ],
  [
    /(?:当天|今日|每天|每日).*(?:次数|额度|上限)|daily|quota/i,
    rule(
      'rate_limited',
      '今日的发送次数已用完，次日恢复：合并消息、升级会员，或把消息改发其他通道',
      'Today’s messages are used up until tomorrow: merge messages, become a member, or use another channel.',
      { quota: (now) => untilMidnight(now, CHINA) },
    ),
  ],
  [
    /用户不存在|权限不足|pushtoken|sendkey|send key|key.*(?:错误|无效|不存在|invalid|wrong)|(?:错误|无效|invalid|wrong|bad)\S* ?key/i,
    rule(
      'unauthorized',
      'send_key 无效：在 Server 酱的 SendKey 页面重新复制（SCT 与 sctp 开头的密钥属于不同服务）',
      'The send_key is not valid: copy it again from its page; SCT… and sctp… are keys of two services.',
    ),
  ],
  [
    /\[INPUT\]|不能为空|过长|too long|重复/i,
    rule(
      'invalid',
      'Server 酱不接受该消息：按错误信息检查内容（五分钟内不能重复发送相同内容）',
      'ServerChan does not take the message: check it against its words; the same text is refused for five minutes.',
    ),
  ],
];

function classify(reply: HttpReply, now: Date): Outcome {
  const json = parseObject(reply.body);
  const code = json?.['code'];
  if (json === undefined || typeof code !== 'number') return classifyStatus(reply, now);
  if (code !== 0) return judged(code, textIn(json, 'message', 'info'), reply, now);
  if (reply.status !== 200) return classifyStatus(reply, now);
  // Of Turbo the way out reports beside the whole.
  const data = Object(json['data']);
  const errno: unknown = Reflect.get(data, 'errno');
  return typeof errno === 'number' && errno !== 0 ? judged(errno, textIn(data, 'error'), reply, now) : { ok: true };
}

function judged(code: number, text: string, reply: HttpReply, now: Date): Outcome {
  const reason = REASONS.find(([words]) => words.test(text))?.[1];
  if (reason === undefined) return judge({}, String(code), text, reply, now);
  return failureOf(reason, { code: String(code), message: text, reply, now });
}

/** The first of these that says something. */
function textIn(said: object, ...keys: readonly string[]): string {
  const words = keys.map((key): unknown => Reflect.get(said, key));
  return words.find((word): word is string => typeof word === 'string' && word !== '') ?? '';
}
