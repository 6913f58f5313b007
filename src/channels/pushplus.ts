import { z } from 'zod';
import { bodyText } from '../channel/text/body-text.ts';
import { classifyByCode } from '../channel/classify.ts';
import { defineHttpChannel, postJson } from '../channel/http-channel.ts';
import { idList, idText } from '../channel/id.ts';
import { markdownMessage } from '../channel/text/markdown-message.ts';
import { markedTitle } from '../channel/text/marked-title.ts';
import { PUSHPLUS_CODES } from '../channel/platform/pushplus-codes.ts';
import { baseUrl } from '../channel/server-address.ts';
import type { Message } from '../model.ts';

interface Payload {
  readonly title: string;
  readonly content: string;
  readonly template: 'txt' | 'markdown';
  readonly topic?: string;
  /** Friends, joined by commas. */
  readonly to?: string;
  readonly channel?: string;
}

const config = z
  .strictObject({
    token: z.string().min(1).meta({ secret: true, description: 'Token of the user or of the message' }),
    topic: idText('Code of a group; absent = the token’s owner alone').optional(),
    to: idList('Tokens of friends').optional(),
    channel: z
      .string()
      .regex(/^[A-Za-z]+$/, { error: 'expected the name of a channel, e.g. wechat, webhook, cp or mail' })
      .optional()
      .meta({ description: 'Way out: wechat (default), webhook, cp, mail, sms …' }),
    webhook: idText('Code of the webhook')
      .optional()
      .meta({ secret: true, description: 'Code of the webhook that is configured at PushPlus, for channel webhook' }),
    base_url: baseUrl('https://www.pushplus.plus'),
  })
  .superRefine(({ channel, webhook, topic, to }, context) => {
    const fault = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    if (channel === 'webhook' && webhook === undefined) fault('webhook', 'channel webhook needs the code of a webhook');
    if (topic !== undefined && to !== undefined) fault('to', 'write either topic or to');
  });
type Config = z.output<typeof config>;

/**
 * Official, for an ordinary user: 200 requests a day, of which every one counts, refused ones too; beyond that the account
 * is blocked, at first until the next day, in the end for good: pushplus.plus/doc/help/lockdown. A member may raise it.
 */
const ACCOUNT_RATE = { per_minute: 20, per_day: 180 };

/** PushPlus. Wire facts: pushplus.plus/doc. */
export default defineHttpChannel<typeof config, Payload>({
  name: 'pushplus',
  label: { en: 'PushPlus', zh: 'PushPlus 推送加' },
  docs: 'https://www.pushplus.plus/doc/',
  config,
  capabilities: { formats: ['text', 'markdown'], card: true, mentions: false, idempotent: false },
  limits: {
    // None is documented; github.com/caronc/apprise, plugins/pushplus.py has these.
    size: [{ of: 'content', max: 20_000, unit: 'chars' }],
    title: { max: 190, unit: 'chars' },
    rate: ACCOUNT_RATE,
    // The lightest of its blocks lasts until midnight; a throttle that names no code is a gateway's.
    throttle: { base: 60, max: 3600 },
  },
  account: { key: ({ base_url, token }) => JSON.stringify([base_url, token]), rate: ACCOUNT_RATE },
  credential: (target) =>
    JSON.stringify([target.base_url, target.token, target.topic, target.to, target.channel, target.webhook]),
  people: ({ to = [] }) => to,
  render,
  request: (payload, { base_url, token, webhook }) =>
    postJson(`${base_url}/send`, { token, ...payload, ...(webhook !== undefined && { webhook }) }),
  classify: classifyByCode('code', 'msg', PUSHPLUS_CODES, 200),
});

function render(message: Message, { topic, to, channel }: Config): Payload {
  const isPlain = message.style === 'text' && message.format === 'text';
  return {
    title: markedTitle(message),
    content: isPlain ? bodyText(message, { link: true }) : markdownMessage(message, { title: false, link: true }),
    template: isPlain ? 'txt' : 'markdown',
    ...(topic !== undefined && { topic }),
    ...(to !== undefined && { to: to.join(',') }),
    ...(channel !== undefined && { channel }),
  };
}
