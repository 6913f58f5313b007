import { z } from 'zod';
import { filled } from '../../fields.ts';
import { levelOfColour, levelOfMarks } from '../../level.ts';
import { look } from '../../look.ts';
import type { Draft } from '../../stand-in.ts';
import { units } from '../../units.ts';

/** Errors as Discord nests them: by property, then by index, then a list under `_errors`. */
export interface ErrorTree {
  [key: string]: ErrorTree | readonly { readonly code: string; readonly message: string }[];
}

/**
 * docs.discord.com/developers/resources/webhook#execute-webhook and /resources/message#embed-object-embed-limits, in
 * UTF-16 units, the stricter reading of "characters".
 */
const CONTENT = 2000;
const USERNAME = 80;
const MOST_EMBEDS = 10;
const EMBED = { title: 256, description: 4096, fields: 25, name: 256, value: 1024, footer: 2048, author: 256 };
const ALL_EMBEDS = 6000;
const MOST_IDS = 100;
const COMPONENTS_V2 = 1 << 15;

export type DiscordMessage = z.infer<typeof MESSAGE>;

/** Reads the body of an execution; a tree tells every property at fault. */
export function readDiscordMessage(
  json: unknown,
): { readonly message: DiscordMessage } | { readonly errors: ErrorTree } {
  const parsed = MESSAGE.safeParse(json);
  return parsed.success ? { message: parsed.data } : { errors: nest(parsed.error.issues) };
}

/** Nothing to show: 50006. */
export function isEmpty({ content, embeds, components, poll }: DiscordMessage): boolean {
  const lists = [embeds, components].every((list) => (list ?? []).length === 0);
  return (content ?? '').trim() === '' && lists && poll === undefined;
}

/** The message as people in the channel see it. Mentions are those that ping. */
export function drawDiscordMessage(message: DiscordMessage): Omit<Draft, 'raw'> {
  const { username } = message;
  const content = message.content ?? '';
  const embeds = message.embeds ?? [];
  const title = embeds[0]?.title ?? '';
  const number = embeds.find(({ color }) => color !== undefined)?.color;
  const colour = number === undefined ? undefined : `#${number.toString(16).padStart(6, '0')}`;
  const texts = [content, ...embeds.flatMap((embed) => [embed.author?.name, embed.description, embed.footer?.text])];
  const level = levelOfColour(colour) ?? levelOfMarks(title, content);
  return {
    kind: embeds.length > 0 ? 'embed' : 'content',
    style: embeds.length > 0 ? 'card' : 'text',
    title,
    text: texts.filter((text) => text !== undefined && text !== '').join('\n\n'),
    format: 'markdown',
    ...look(level, colour),
    fields: [
      ...embeds.flatMap((embed) => (embed.fields ?? []).map(({ name, value }) => ({ name, value }))),
      ...filled({ 发送者: username }),
    ],
    links: embeds.flatMap((embed) =>
      embed.url === undefined ? [] : [{ text: embed.title ?? embed.url, url: embed.url }],
    ),
    mentions: pinged(message),
  };
}

const tooLong = (max: number): string => `BASE_TYPE_MAX_LENGTH Must be ${max} or fewer in length.`;
const REQUIRED = 'BASE_TYPE_REQUIRED This field is required';
const words = (max: number) => units(max, tooLong(max), 'STRING_TYPE_CONVERT Could not interpret value as string.');
const shown = (max: number) => words(max).refine((text) => text.trim() !== '', REQUIRED);
const LINK = z.string().refine((url) => {
  const { protocol } = URL.parse(url) ?? {};
  return protocol === 'http:' || protocol === 'https:';
}, 'URL_TYPE_INVALID_URL Not a well formed URL.');
const SNOWFLAKE = z.string().regex(/^\d{1,20}$/, 'NUMBER_TYPE_COERCE Value is not snowflake.');
const EMBED_SHAPE = z.looseObject({
  title: words(EMBED.title).optional(),
  description: words(EMBED.description).optional(),
  url: LINK.optional(),
  color: z
    .int('NUMBER_TYPE_COERCE Value is not int.')
    .min(0, 'NUMBER_TYPE_MIN int value should be greater than or equal to 0.')
    .max(0xff_ff_ff, 'NUMBER_TYPE_MAX int value should be less than or equal to 16777215.')
    .optional(),
  timestamp: z.iso.datetime({ offset: true, error: 'DATE_TIME_TYPE_PARSE Could not parse value.' }).optional(),
  fields: z
    .array(
      z.looseObject({
        name: shown(EMBED.name),
        value: shown(EMBED.value),
        inline: z.boolean('BOOLEAN_TYPE_CONVERT Must be either true or false.').optional(),
      }),
    )
    .max(EMBED.fields, tooLong(EMBED.fields))
    .optional(),
  footer: z.looseObject({ text: shown(EMBED.footer) }).optional(),
  author: z.looseObject({ name: shown(EMBED.author), url: LINK.optional() }).optional(),
});
const IDS = z.array(SNOWFLAKE).max(MOST_IDS, tooLong(MOST_IDS)).optional();
const PING = z
  .looseObject({
    parse: z
      .array(
        z.enum(
          ['users', 'roles', 'everyone'],
          'BASE_TYPE_CHOICES Value must be one of ("users", "roles", "everyone").',
        ),
      )
      .optional(),
    users: IDS,
    roles: IDS,
  })
  .refine(
    ({ parse = [], users = [], roles = [] }) =>
      !(parse.includes('users') && users.length > 0) && !(parse.includes('roles') && roles.length > 0),
    'MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE parse and an explicit list are mutually exclusive.',
  );

/** Each message of an issue is Discord's code, a blank, and its words. */
const MESSAGE = z
  .looseObject({
    content: words(CONTENT).nullish(),
    username: shown(USERNAME)
      .refine((name) => !/clyde|discord/i.test(name), 'USERNAME_INVALID_CONTAINS Username cannot contain that word.')
      .optional(),
    avatar_url: LINK.optional(),
    tts: z.boolean('BOOLEAN_TYPE_CONVERT Must be either true or false.').optional(),
    embeds: z
      .array(EMBED_SHAPE)
      .max(MOST_EMBEDS, tooLong(MOST_EMBEDS))
      .refine((embeds) => embeds.reduce((sum, embed) => sum + sizeOf(embed), 0) <= ALL_EMBEDS, {
        error: `MAX_EMBED_SIZE_EXCEEDED Embed size exceeds maximum size of ${ALL_EMBEDS}`,
      })
      .nullish(),
    allowed_mentions: PING.nullish(),
    components: z.array(z.unknown()).nullish(),
    poll: z.looseObject({}).optional(),
    flags: z.int('NUMBER_TYPE_COERCE Value is not int.').optional(),
    thread_name: words(100).optional(),
  })
  .refine(
    ({ flags = 0, content, embeds, poll }) =>
      (flags & COMPONENTS_V2) === 0 || ((content ?? '') === '' && (embeds ?? []).length === 0 && poll === undefined),
    {
      path: ['flags'],
      error:
        'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2 The content, embeds and poll fields cannot be used with IS_COMPONENTS_V2.',
    },
  );

function sizeOf({ title = '', description = '', fields = [], footer, author }: z.infer<typeof EMBED_SHAPE>): number {
  const texts = [title, description, footer?.text ?? '', author?.name ?? ''];
  return [...texts, ...fields.flatMap(({ name, value }) => [name, value])].reduce((sum, text) => sum + text.length, 0);
}

function nest(issues: readonly z.core.$ZodIssue[]): ErrorTree {
  const root: ErrorTree = {};
  for (const { path, message } of issues) {
    const at = path.reduce<ErrorTree>((node, key) => {
      const next = node[String(key)] ?? {};
      node[String(key)] = next;
      return next as ErrorTree;
    }, root);
    const known = /^([A-Z_0-9]{6,}) (.+)$/.exec(message);
    const error = known === null ? { code: 'BASE_TYPE_BAD', message } : { code: known[1]!, message: known[2]! };
    const list = at['_errors'];
    at['_errors'] = [...(Array.isArray(list) ? list : []), error];
  }
  return root;
}

/** Only `content` pings, and of that only what `allowed_mentions` lets through; without it a webhook pings users. */
function pinged({ content, allowed_mentions }: DiscordMessage): string[] {
  const text = content ?? '';
  const { parse = [], users = [], roles = [] } = allowed_mentions ?? { parse: ['users'] };
  const found = (pattern: RegExp, word: 'users' | 'roles', list: readonly string[]): string[] =>
    [...text.matchAll(pattern)].map(([, id]) => id!).filter((id) => parse.includes(word) || list.includes(id));
  return [
    ...(parse.includes('everyone') && text.includes('@everyone') ? ['all'] : []),
    ...(parse.includes('everyone') && text.includes('@here') ? ['here'] : []),
    ...found(/<@!?(\d+)>/g, 'users', users),
    ...found(/<@&(\d+)>/g, 'roles', roles),
  ];
}
