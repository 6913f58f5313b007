import { z } from 'zod';
import { basicAuth } from '../channel/basic-auth.ts';
import { bodyText } from '../channel/text/body-text.ts';
import type { HttpReply } from '../channel/channel.ts';
import { classifyStatus, judge, parseObject } from '../channel/classify.ts';
import { defineHttpChannel, postJson } from '../channel/http-channel.ts';
import { markdownMessage } from '../channel/text/markdown-message.ts';
import { NTFY_CODES } from '../channel/platform/ntfy-codes.ts';
import { baseUrl } from '../channel/server-address.ts';
import { shortHash } from '../channel/short-hash.ts';
import type { Level, Message, Outcome } from '../model.ts';

interface Payload {
  readonly title: string;
  readonly message: string;
  readonly markdown?: true;
  readonly priority: number;
  readonly tags?: readonly string[];
  readonly click?: string;
  readonly actions?: readonly [{ readonly action: 'view'; readonly label: string; readonly url: string }];
  readonly icon?: string;
}

/** Of 1 to 5: 3 is the default, 4 and 5 vibrate longer and stay on top. */
const PRIORITIES: Readonly<Record<Level, number>> = { info: 3, warning: 4, error: 5 };
/** Short codes that are shown as signs. */
const SIGNS: Readonly<Record<Level, string>> = {
  info: 'information_source',
  warning: 'warning',
  error: 'rotating_light',
};

const RESERVED = /^(?:docs|static|file|app|metrics|account|settings|signup|login|v1)$/;

const config = z
  .strictObject({
    topic: z
      .string()
      .regex(/^[-\w]{1,64}$/, { error: 'expected 1 to 64 letters, digits, _ and -' })
      .refine((topic) => !RESERVED.test(topic), { error: 'the server keeps this name for itself' })
      .meta({ secret: true, description: 'Topic; whoever knows the name of an open one can read it' }),
    base_url: baseUrl('https://ntfy.sh'),
    token: z.string().min(1).optional().meta({ secret: true, description: 'Access token, tk_…' }),
    username: z.string().min(1).optional().meta({ description: 'Instead of a token' }),
    password: z.string().min(1).optional().meta({ secret: true, description: 'Instead of a token' }),
    tags: z
      .array(z.string().regex(/^[^,\s]+$/, { error: 'expected tags without blanks and commas' }))
      .default([])
      .meta({ description: 'Tags of every message; short codes of emoji are shown as such' }),
    icon: z
      .url({ protocol: /^https?$/ })
      .optional()
      .meta({ description: 'URL of an icon' }),
  })
  .superRefine(({ token, username, password }, context) => {
    const fault = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    if ((username === undefined) !== (password === undefined)) fault('password', 'username and password go together');
    if (token !== undefined && username !== undefined)
      fault('username', 'write either a token or username and password');
  });
type Config = z.output<typeof config>;

/**
 * Official, for one user or address, over all topics: 60 at once, then one more every five seconds. A window cannot hold
 * the first sixty, so the rate is that of the long run: docs.ntfy.sh/config, rate limiting.
 */
const VISITOR_RATE = { per_minute: 11 };

/** ntfy. Wire facts: docs.ntfy.sh/publish. */
export default defineHttpChannel<typeof config, Payload>({
  name: 'ntfy',
  label: { en: 'ntfy', zh: 'ntfy' },
  docs: 'https://docs.ntfy.sh/publish/',
  config,
  // From server 2.16 on a repeat with the same `sequence_id` takes the place of the first one; it is shown anew.
  capabilities: { formats: ['text', 'markdown'], card: true, mentions: false, idempotent: false },
  limits: {
    // A longer one becomes a file attached to an empty message.
    size: [
      { of: 'message', max: 4096, unit: 'bytes' },
      // The server reads no more JSON than twice that; topic and id are added to it (github.com/binwiederhier/ntfy, server.go).
      { of: 'body', max: 8000, unit: 'bytes' },
    ],
    // Ours; github.com/caronc/apprise, plugins/ntfy.py has 200.
    title: { max: 200, unit: 'chars' },
    rate: VISITOR_RATE,
    throttle: { base: 5, max: 300 },
  },
  account: { key: (target) => JSON.stringify([target.base_url, loginOf(target)]), rate: VISITOR_RATE },
  credential: (target) => JSON.stringify([target.base_url, target.topic, loginOf(target)]),
  render,
  request(payload, target, _now, id) {
    // Its root, not the topic's URL: there the JSON itself would be the message.
    const body = { topic: target.topic, ...payload, sequence_id: shortHash(id) };
    const login = loginOf(target);
    return postJson(`${target.base_url}/`, body, login === undefined ? undefined : { authorization: login });
  },
  classify,
});

function loginOf({ token, username, password }: Config): string | undefined {
  if (token !== undefined) return `Bearer ${token}`;
  return username === undefined || password === undefined ? undefined : basicAuth(username, password);
}

function render(message: Message, { tags, icon }: Config): Payload {
  const { title, level, style, format, url } = message;
  const all = [...(style === 'card' ? [SIGNS[level]] : []), ...tags];
  return {
    title,
    ...(format === 'markdown'
      ? { message: markdownMessage(message, { title: false, link: false }), markdown: true }
      : { message: bodyText(message, { link: false }) }),
    priority: PRIORITIES[level],
    ...(all.length > 0 && { tags: all }),
    ...(url !== undefined && { click: url }),
    ...(url !== undefined && style === 'card' && { actions: [{ action: 'view', label: '查看详情', url }] as const }),
    ...(icon !== undefined && { icon }),
  };
}

/** A message that was taken comes back with an id; anything else has a code of its own. */
function classify(reply: HttpReply, now: Date): Outcome {
  const json = parseObject(reply.body);
  const { code, error, id } = json ?? {};
  if (typeof code === 'number')
    return judge(NTFY_CODES, String(code), typeof error === 'string' ? error : '', reply, now);
  if (reply.status === 200 && typeof id === 'string' && id !== '') return { ok: true };
  return classifyStatus(reply, now);
}
