import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { filled } from '../fields.ts';
import { parseFields } from '../form.ts';
import { linksOfHtml, textOfHtml } from '../html-text.ts';
import { firstIssue } from '../issue.ts';
import { firstColour, levelOfColour, levelOfMarks } from '../level.ts';
import { createCalendarCount } from '../limits/calendar-count.ts';
import { look } from '../look.ts';
import { type Answer, type Bot, type Call, defineStandIn, type Drawn, type Level, type Verdict } from '../stand-in.ts';
import { monthOf } from './pushover/month.ts';

/** pushover.net/api. Lengths in characters, where one of four bytes counts as one. */
const CHARS = { message: 1024, title: 250, url: 512, url_title: 100 } as const;
const MOST_USERS = 50;
/** "Limitations": messages per application and calendar month. */
const PER_MONTH = 10_000;
const SHORTEST_RETRY_S = 30;
const LONGEST_EXPIRE_S = 10_800;

export default defineStandIn(() => {
  const count = createCalendarCount();

  const receive = (call: Call, bot: Bot | undefined): Verdict => {
    const fields = call.method === 'POST' ? parseFields(call) : undefined;
    if (fields === undefined) return refuse(400, ['request must be a POST of a form or of JSON']);
    if (!KEY.test(tokenOf(call))) {
      return refuse(400, ['application token is invalid, see https://pushover.net/api'], { token: 'invalid' });
    }
    const parsed = MESSAGE.safeParse(fields);
    if (!parsed.success) {
      const { path, reason } = firstIssue(parsed.error);
      return refuse(400, [`${path} ${reason}`], { [path]: reason });
    }
    const users = parsed.data.user.split(',');
    const wrong = users.filter((user) => !KEY.test(user));
    if (wrong.length === users.length || users.length > MOST_USERS) return refuse(400, [NO_USER], { user: 'invalid' });
    const { name, reset } = monthOf(call.now);
    const used = bot?.unlimited === true ? 1 : count(tokenOf(call), name);
    const headers = quota(Math.max(0, PER_MONTH - used), reset);
    if (used > PER_MONTH) return refuse(429, [OVER_QUOTA], {}, headers);
    const body = {
      status: 1,
      request: randomUUID(),
      ...(parsed.data.priority === 2 ? { receipt: randomBytes(15).toString('hex') } : {}),
      ...(wrong.length === 0 ? {} : { errors: wrong.map((user) => `user key ${user} is invalid`) }),
    };
    const to = users.filter((user) => KEY.test(user));
    return { ok: true, answer: { headers, body }, draft: { ...draw(parsed.data), to, kind: 'message', raw: fields } };
  };

  return {
    name: 'pushover',
    label: 'Pushover',
    colour: '#249df1',
    example: {
      path: '/pushover/1/messages.json',
      body: {
        token: 'azGDORePK8gMaC0QOYAMyEEuzJnyUi',
        user: 'uQiRzpo4DXghDmr9QzzfQu27cmVRsG',
        title: '磁盘将满',
        message: 'db-1 已用 91%',
        priority: 1,
      },
    },
    routes: [{ path: '/pushover/1/messages.json', token: tokenOf, receive }],
    failure,
  };
});

/** Of applications, users and groups. */
const KEY = /^[A-Za-z0-9]{30}$/;
const NO_USER =
  'user identifier is not a valid user, group, or subscribed user key, see https://pushover.net/api#identifiers';
const OVER_QUOTA = 'application has exceeded its monthly message limit, see https://pushover.net/api#limits';

function tokenOf(call: Pick<Call, 'headers' | 'body'>): string {
  const token = parseFields(call)?.['token'];
  return typeof token === 'string' ? token : '';
}

const limited = (name: keyof typeof CHARS) =>
  z.string('is invalid').refine((text) => Array.from(text).length <= CHARS[name], `is too long (limit ${CHARS[name]})`);
/** A number, or its digits as a form has them. */
const whole = z
  .union([z.int(), z.string().regex(/^-?\d{1,12}$/, 'is invalid')], 'is invalid')
  .transform(Number)
  .optional();
const flag = z.union([z.literal([0, 1, '0', '1'])], 'is invalid').optional();

const MESSAGE = z
  .looseObject({
    user: z.string('is invalid').default(''),
    message: limited('message')
      .default('')
      .refine((text) => text.trim() !== '', 'cannot be blank'),
    title: limited('title').default(''),
    url: limited('url').default(''),
    url_title: limited('url_title').default(''),
    priority: whole.refine((level = 0) => level >= -2 && level <= 2, 'is invalid, can only be -2 to 2'),
    retry: whole,
    expire: whole,
    ttl: whole,
    timestamp: whole,
    html: flag,
    monospace: flag,
    device: z.string('is invalid').optional(),
    sound: z.string('is invalid').optional(),
    tags: z.string('is invalid').optional(),
  })
  .superRefine((m, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (Number(m.html ?? 0) === 1 && Number(m.monospace ?? 0) === 1) issue('monospace', 'cannot be combined with html');
    if (m.priority !== 2) return;
    if (m.retry === undefined) issue('retry', 'must be supplied with priority=2');
    else if (m.retry < SHORTEST_RETRY_S) issue('retry', `must be at least ${SHORTEST_RETRY_S} seconds`);
    if (m.expire === undefined) issue('expire', 'must be supplied with priority=2');
    else if (m.expire > LONGEST_EXPIRE_S) issue('expire', `must be at most ${LONGEST_EXPIRE_S} seconds`);
  });

/** High and emergency priority are drawn in red. */
const LEVELS: Readonly<Record<number, Level>> = { 2: 'error', 1: 'error', [-1]: 'info', [-2]: 'info' };

function draw(message: z.infer<typeof MESSAGE>): Drawn {
  const isHtml = Number(message.html ?? 0) === 1;
  const text = isHtml ? textOfHtml(message.message) : message.message;
  const colour = isHtml ? firstColour(message.message) : undefined;
  const { title, url, url_title, priority = 0, tags } = message;
  const level = levelOfMarks(title, text) ?? levelOfColour(colour) ?? LEVELS[priority];
  return {
    style: title === '' ? 'text' : 'card',
    title,
    text,
    format: 'text',
    ...look(level, colour),
    fields: filled({ 标签: tags }),
    links: [...(url === '' ? [] : [{ text: url_title || url, url }]), ...(isHtml ? linksOfHtml(message.message) : [])],
  };
}

/** @param reset Unix time in seconds */
const quota = (remaining: number, reset: number): Record<string, string> => ({
  'x-limit-app-limit': String(PER_MONTH),
  'x-limit-app-remaining': String(remaining),
  'x-limit-app-reset': String(reset),
});

function refuse(status: number, errors: readonly string[], more: object = {}, headers = {}): Verdict {
  const body = { ...more, errors, status: 0, request: randomUUID() };
  return { ok: false, code: String(status), reason: errors.join('; '), answer: { status, headers, body } };
}

/** A status. The reset of an injected 429 goes by the machine's clock. */
function failure(code: string): Answer | undefined {
  if (!/^[45]\d\d$/.test(code)) return undefined;
  if (code === '429') return refuse(429, [OVER_QUOTA], {}, quota(0, monthOf(Date.now()).reset)).answer;
  return refuse(Number(code), ['sandbox fault']).answer;
}
