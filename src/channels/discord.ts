import { z } from 'zod';
import { defineHttpChannel, postJson } from '../channel/http-channel.ts';
import { classifyDiscord } from '../channel/platform/discord-answer.ts';
import { idText } from '../channel/id.ts';
import { LEVEL_COLOURS } from '../channel/level-colours.ts';
import { LEVELS } from '../channel/level.ts';
import { ZERO_WIDTH_SPACE } from '../channel/text/markdown.ts';
import { breakCalls, escapeMarkdown } from '../channel/text/markdown-escape.ts';
import { webhookKey, webhookUrl } from '../channel/webhook.ts';
import type { Field, Mentions, Message } from '../model.ts';

/** What may call: nothing by its look in the text, and only who is listed. */
interface AllowedMentions {
  readonly parse: readonly 'everyone'[];
  readonly users?: readonly string[];
  readonly roles?: readonly string[];
}
interface EmbedField {
  readonly name: string;
  readonly value: string;
  readonly inline: boolean;
}
interface Embed {
  readonly title?: string;
  readonly url?: string;
  readonly description?: string;
  readonly color: number;
  readonly fields?: readonly EmbedField[];
}
interface Payload {
  readonly username?: string;
  readonly avatar_url?: string;
  readonly thread_name?: string;
  readonly content?: string;
  readonly embeds?: readonly [Embed];
  readonly allowed_mentions: AllowedMentions;
}

const config = z
  .strictObject({
    url: webhookUrl().refine((url) => !URL.canParse(url) || !/\/(?:slack|github)\/?$/.test(new URL(url).pathname), {
      error: 'this is the address for Slack’s or GitHub’s own format; leave out /slack or /github at its end',
    }),
    username: z
      .string()
      .min(1)
      .max(80)
      .refine((name) => !/clyde|discord/i.test(name), { error: 'Discord refuses names with "clyde" or "discord"' })
      .optional()
      .meta({ description: 'Name shown instead of the webhook’s own' }),
    avatar_url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .meta({ description: 'Picture shown instead of its own' }),
    thread_id: idText('Thread')
      .refine((id) => /^\d{1,20}$/.test(id), { error: 'expected the number of a thread' })
      .optional()
      .meta({ description: 'Thread, or post of a forum, to write into' }),
    thread_name: z.string().min(1).max(100).optional().meta({
      description: 'Forum and media channels: each message begins a thread of this name (not together with thread_id)',
    }),
  })
  .refine(({ url, thread_id, thread_name }) => thread_name === undefined || (thread_id ?? threadOf(url)) === null, {
    error: 'thread_name begins a thread and thread_id names one: only one of them',
    path: ['thread_name'],
  });
type Config = z.output<typeof config>;

/** The thread that is part of the URL. */
function threadOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).searchParams.get('thread_id') : null;
}

/** Discord webhooks. Wire facts: docs.discord.com/developers/resources/webhook. */
export default defineHttpChannel<typeof config, Payload>({
  name: 'discord',
  label: { en: 'Discord', zh: 'Discord' },
  docs: 'https://docs.discord.com/developers/resources/webhook#execute-webhook',
  config,
  list: 'webhooks',
  capabilities: { formats: ['text', 'markdown'], card: true, mentions: true, idempotent: false },
  limits: {
    size: [
      { of: 'content', max: 2000, unit: 'chars' },
      { of: 'embeds.0.description', max: 4096, unit: 'chars' },
      // All texts of an embed together; as JSON they are never shorter.
      { of: 'embeds', max: 6000, unit: 'chars' },
    ],
    // 256 in an embed; escaping may double it, and the mark of the level stands before it.
    title: { max: 120, unit: 'chars' },
    // No official figure; 5 in 2 seconds of a webhook and 30 a minute in a channel are what its users have measured.
    rate: { per_second: 2, per_minute: 28 },
    // A block by the layer before Discord names no time and lasts for minutes.
    throttle: { base: 5, max: 600 },
  },
  // Official: 50 a second over all webhooks that are called from one address.
  account: { key: ({ url }) => new URL(url).host, rate: { per_second: 45 } },
  credential: ({ url }) => /\/webhooks\/(\d+\/[\w-]+)/.exec(new URL(url).pathname)?.[1] ?? webhookKey(url),
  render,
  request: (payload, target) => postJson(waiting(target), payload),
  classify: classifyDiscord,
});

/** Only `wait=true` tells whether the message was saved. What the URL carries, a thread above all, stays. */
function waiting({ url, thread_id }: Pick<Config, 'url' | 'thread_id'>): string {
  const asked = new URL(url);
  asked.searchParams.set('wait', 'true');
  if (thread_id !== undefined) asked.searchParams.set('thread_id', thread_id);
  return asked.href;
}

// ---- rendering -------------------------------------------------------------------------------------------------

function render(message: Message, { username, avatar_url, thread_name }: Config): Payload {
  const { mentions, style } = message;
  const { words, allowed } = mentions === undefined ? NOBODY : callsOf(mentions);
  const content = [style === 'card' ? '' : text(message), words].filter((part) => part !== '').join('\n');
  return {
    ...(username !== undefined && { username }),
    ...(avatar_url !== undefined && { avatar_url }),
    ...(thread_name !== undefined && { thread_name }),
    ...(content !== '' && { content }),
    ...(style === 'card' && { embeds: [embed(message)] }),
    allowed_mentions: allowed,
  };
}

function text({ title, body, format, fields = [], url }: Message): string {
  const head = title === '' ? '' : format === 'markdown' ? `**${inert(title)}**` : inert(title);
  const lines = [head, format === 'markdown' ? markdown(body) : inert(body), ...fields.map(line)];
  if (url !== undefined) lines.push(`详情：${url.replace(/[<>]/g, encodeURIComponent)}`);
  return lines.filter((one) => one !== '').join('\n');
}

/** docs.discord.com/developers/resources/message#embed-object-embed-limits */
const LIMIT = { fields: 25, name: 256, value: 1024 };
/** Up to this many characters a field shares its row with others. */
const SHORT_FIELD = 24;

/** Fields that an embed does not take are lines of its text. */
function embed({ title, body, level, format, fields = [], url }: Message): Embed {
  const shown = fields.map(fieldOf);
  const isTaken = ({ name, value }: EmbedField, i: number) =>
    i < LIMIT.fields && name.length <= LIMIT.name && value.length <= LIMIT.value;
  const taken = shown.filter(isTaken);
  const rest = fields.filter((_, i) => !isTaken(shown[i]!, i)).map(line);
  const description = [format === 'markdown' ? markdown(body) : inert(body), ...rest].filter((part) => part !== '');
  return {
    title: `${LEVELS[level].mark} ${inert(title)}`,
    ...(url !== undefined && { url }),
    ...(description.length > 0 && { description: description.join('\n') }),
    color: Number.parseInt(LEVEL_COLOURS[level].slice(1), 16),
    ...(taken.length > 0 && { fields: taken }),
  };
}

const line = ({ name, value }: Field) => `**${inert(name)}**：${inert(value)}`;

const fieldOf = ({ name, value }: Field): EmbedField => ({
  name: inert(name),
  // An empty one, or one of blanks alone, is refused.
  value: value.trim() === '' ? ZERO_WIDTH_SPACE : inert(value),
  inline: name.length + value.length <= SHORT_FIELD,
});

/** Text of others, shown as it was written. */
const inert = (plain: string) => breakTokens(escapeMarkdown(plain));

/** Headings have three sizes. */
const markdown = (source: string) => breakTokens(source).replace(/^#{4,6}(?=[ \t])/gm, '###');

/** `<@1>`, `<#1>`, `<t:1>`, `<:name:1>` and `@everyone` look like calls even where `allowed_mentions` makes them none. */
const breakTokens = (words: string) => breakCalls(words.replace(/<(?=[@#:/a-z])/gi, `<${ZERO_WIDTH_SPACE}`));

const NOBODY: Called = { words: '', allowed: { parse: [] } };

interface Called {
  readonly words: string;
  readonly allowed: AllowedMentions;
}

/** docs.discord.com/developers/resources/message#allowed-mentions-object */
const MOST_IDS = 100;

/**
 * Users by their number and roles as `&` and a number; anybody else is written as text. Calls stand in `content`: those in an
 * embed call nobody.
 */
function callsOf({ all, ids, mobiles }: Mentions): Called {
  const users = ids.filter((id) => /^\d{5,20}$/.test(id)).slice(0, MOST_IDS);
  const roles = ids.filter((id) => /^&\d{5,20}$/.test(id)).slice(0, MOST_IDS);
  const others = ids.filter((id) => !users.includes(id) && !roles.includes(id));
  const words = [
    ...(all ? ['@everyone'] : []),
    ...[...users, ...roles].map((id) => `<@${id}>`),
    ...[...mobiles, ...others].map((who) => inert(`@${who}`)),
  ];
  return {
    words: words.join(' '),
    allowed: {
      parse: all ? ['everyone'] : [],
      ...(users.length > 0 && { users: [...new Set(users)] }),
      ...(roles.length > 0 && { roles: [...new Set(roles.map((id) => id.slice(1)))] }),
    },
  };
}
