import { z } from 'zod';
import { bodyText } from '../channel/text/body-text.ts';
import type { HttpReply } from '../channel/channel.ts';
import { type CodeRule, classifyStatus, failureOf, parseObject } from '../channel/classify.ts';
import { headerNumber } from '../channel/header-number.ts';
import { defineHttpChannel, postJson } from '../channel/http-channel.ts';
import { markedTitle } from '../channel/text/marked-title.ts';
import { untilMonth } from '../channel/quota.ts';
import { rule } from '../channel/rule.ts';
import { baseUrl } from '../channel/server-address.ts';
import type { Failure, Level, Message, Outcome, Refused } from '../model.ts';

interface Payload {
  readonly title: string;
  readonly message: string;
  readonly priority: number;
  /** Of an emergency: seconds, and what it can be called off by. */
  readonly retry?: number;
  readonly expire?: number;
  readonly tags?: string;
  readonly device?: string;
  readonly sound?: string;
  readonly url?: string;
  readonly url_title?: string;
}

/** −2 to 2: 1 breaks through quiet hours, 2 is repeated until somebody acknowledges it. */
const PRIORITIES: Readonly<Record<Level, number>> = { info: 0, warning: 0, error: 1 };
const EMERGENCY = 2;

const MOST_USERS = 50;
const userKey = z
  .string()
  .regex(/^[A-Za-z0-9]([\w-]{0,98}[A-Za-z0-9])?$/, { error: 'expected the key of a user or a group' })
  .meta({ secret: true });

const config = z
  .strictObject({
    token: z.string().min(1).meta({ secret: true, description: 'API token of the application' }),
    user: z
      .union([userKey.transform((key) => [key]), z.array(userKey).min(1).max(MOST_USERS)])
      .meta({ secret: true, description: `Key of a user or a group, or a list of up to ${MOST_USERS} users` }),
    device: z
      .string()
      .regex(/^[\w-]{1,25}(?:,[\w-]{1,25})*$/, { error: 'expected names of devices, joined by commas' })
      .optional()
      .meta({ description: 'Name of the device, several joined by commas; absent = all of them' }),
    sound: z.string().min(1).optional().meta({ description: 'Name of a sound' }),
    retry: z.int().min(30).optional().meta({
      description: 'With expire, messages of level error are emergencies: repeated every so many seconds (at least 30)',
    }),
    expire: z.int().min(1).max(10_800).optional().meta({
      description: 'Seconds until an emergency that nobody acknowledges is given up, at most 10800',
    }),
    base_url: baseUrl('https://api.pushover.net'),
  })
  .superRefine(({ retry, expire }, context) => {
    if ((retry === undefined) === (expire === undefined)) return;
    const missing = retry === undefined ? 'retry' : 'expire';
    context.addIssue({ code: 'custom', path: [missing], message: 'retry and expire go together' });
  });
type Config = z.output<typeof config>;

/** Pushover. Wire facts: pushover.net/api. */
export default defineHttpChannel<typeof config, Payload>({
  name: 'pushover',
  label: { en: 'Pushover', zh: 'Pushover' },
  docs: 'https://pushover.net/api',
  config,
  capabilities: { formats: ['text'], card: false, mentions: false, idempotent: false },
  limits: {
    size: [{ of: 'message', max: 1024, unit: 'code_points' }],
    // Official: 250; a card adds its mark.
    title: { max: 240, unit: 'code_points' },
    // Official: two connections at once, over all users of an application.
    rate: { per_second: 2 },
    throttle: { base: 5, max: 300 },
  },
  // Official: 10,000 a month. There is no window of a month; a month of such days stays below.
  account: { key: ({ base_url, token }) => JSON.stringify([base_url, token]), rate: { per_second: 2, per_day: 320 } },
  credential: ({ base_url, token, user, device }) => JSON.stringify([base_url, token, user, device]),
  render,
  request: (payload, { base_url, token, user }) =>
    postJson(`${base_url}/1/messages.json`, { token, user: user.join(','), ...payload }),
  classify,
});

/** Characters of a link; a longer one goes into the text. */
const LONGEST_URL = 512;

function render(message: Message, { device, sound, retry, expire }: Config, _now: Date, id: string): Payload {
  const { level, url } = message;
  const linked = url !== undefined && url.length <= LONGEST_URL;
  const urgent = level === 'error' && retry !== undefined && expire !== undefined;
  return {
    title: markedTitle(message),
    message: bodyText(message, { link: !linked }),
    ...(urgent ? { priority: EMERGENCY, retry, expire, tags: id } : { priority: PRIORITIES[level] }),
    ...(device !== undefined && { device }),
    ...(sound !== undefined && { sound }),
    ...(linked && { url, url_title: '查看详情' }),
  };
}

// ---- answers ---------------------------------------------------------------------------------------------------

/** What an entry of `errors` says, and the parameter that stands beside it as `invalid`. */
const REASONS: readonly (readonly [RegExp, CodeRule])[] = [
  [
    /application token|"token"/i,
    rule(
      'unauthorized',
      'token 无效：在 pushover.net 的「Your Applications」中重新复制应用的 API Token',
      'The token is not valid: copy the application’s API token again from Your Applications at pushover.net.',
    ),
  ],
  [
    /user identifier|user key|group|"user"/i,
    rule(
      'invalid',
      'user 无效：在 pushover.net 首页复制 User Key（或群组密钥），并确认该用户已启用设备',
      'The user is not valid: copy the user key (or that of the group) from pushover.net, and see that it has an active device.',
    ),
  ],
  [
    /device/i,
    rule(
      'invalid',
      'device 无效：核对设备名称，或删除该项以发到所有设备',
      'The device is not valid: check its name, or leave it out to reach all devices.',
    ),
  ],
  [
    /sound/i,
    rule(
      'invalid',
      'sound 无效：核对提示音名称，或删除该项',
      'The sound is not valid: check its name, or leave it out.',
    ),
  ],
  [
    /retry|expire|priority/i,
    rule(
      'invalid',
      '紧急消息的参数无效：retry 至少 30，expire 至多 10800',
      'The settings of an emergency are not valid: retry at least 30, expire at most 10800.',
    ),
  ],
  [/too long|limit of \d+ char/i, rule('invalid', '消息过长：缩短内容后重发', 'The message is too long: shorten it.')],
];
const REFUSED = rule(
  'invalid',
  'Pushover 拒绝了该请求：按错误信息检查配置与内容（反复重发会导致 IP 被封）',
  'Pushover refused the request: check configuration and text against its message; repeating it leads to an IP block.',
);
const MONTH_USED_UP = rule(
  'rate_limited',
  '该应用本月的 Pushover 额度已用完，下月 1 日恢复：在 pushover.net 购买额度，或把消息改发其他通道',
  'The application’s messages of this month are used up until the 1st: buy more at pushover.net, or use another channel.',
  { account: true },
);

/** Hours: central time in the United States, where a month begins; in summer it is an hour less. */
const CENTRAL = -6;

function classify(reply: HttpReply, now: Date): Outcome {
  const json = parseObject(reply.body);
  if (json === undefined || typeof json['status'] !== 'number') return classifyStatus(reply, now);
  const errors = [json['errors']].flat().filter((error) => typeof error === 'string');
  if (reply.status === 200 && json['status'] === 1) {
    if (errors.length === 0) return { ok: true };
    // One key among several is not valid; the others were reached.
    return {
      ok: true,
      refused: errors.map((error): Refused => ({ recipient: '部分用户', message: `Pushover：${error}` })),
    };
  }
  const said = { code: `HTTP ${reply.status}`, message: errors.join('；'), reply, now };
  if (reply.status === 429) return failureOf({ ...MONTH_USED_UP, quota: () => untilReset(reply, now) }, said);
  if (reply.status >= 500) return afterAWhile(classifyStatus(reply, now));
  if (reply.status < 400) return classifyStatus(reply, now);
  const whole = [...errors, ...Object.keys(json).map((key) => `"${key}"`)].join('\n');
  return failureOf(REASONS.find(([reason]) => reason.test(whole))?.[1] ?? REFUSED, said);
}

/** Official: a fault is not to be tried again within five seconds. */
const afterAWhile = (failure: Failure): Failure => ({ ...failure, retry_after: Math.max(5, failure.retry_after ?? 0) });

/** Seconds until the month begins anew, as the platform says, else as its pages say. */
function untilReset(reply: HttpReply, now: Date): number {
  const reset = headerNumber(reply, 'x-limit-app-reset');
  const seconds = reset - Math.floor(now.getTime() / 1000);
  return seconds > 0 ? seconds : untilMonth(now, CENTRAL);
}
