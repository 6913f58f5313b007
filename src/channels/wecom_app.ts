import { z } from 'zod';
import { type HttpReply, defineChannel } from '../channel/channel.ts';
import { classifyByCode, failureOf, parseObject } from '../channel/classify.ts';
import { postJson } from '../channel/http-channel.ts';
import { idList, idText } from '../channel/id.ts';
import { LEVELS } from '../channel/level.ts';
import { ZERO_WIDTH_SPACE, breakTags } from '../channel/text/markdown.ts';
import { maskId } from '../channel/mask.ts';
import { plainText } from '../channel/text/plain-text.ts';
import { baseUrl } from '../channel/server-address.ts';
import { tokenIn } from '../channel/token-answer.ts';
import { withToken } from '../channel/token.ts';
import { BAD_SECRET, NOBODY_REACHED, WECOM_APP_CODES } from '../channel/platform/wecom-app-codes.ts';
import { wecomMarkdown } from '../channel/platform/wecom-markdown.ts';
import type { Level, Message, Outcome, Refused } from '../model.ts';

/** Ids joined with `|`. */
interface Recipients {
  readonly touser?: string;
  readonly toparty?: string;
  readonly totag?: string;
}
type Content =
  | { readonly msgtype: 'text'; readonly text: { readonly content: string } }
  | { readonly msgtype: 'markdown'; readonly markdown: { readonly content: string } }
  | { readonly msgtype: 'textcard'; readonly textcard: TextCard };
interface TextCard {
  readonly title: string;
  readonly description: string;
  readonly url: string;
}
type Payload = Recipients &
  Content & {
    readonly agentid: number;
    readonly enable_duplicate_check?: 1;
    readonly duplicate_check_interval?: number;
  };

/** Several ids as a list, or as the platform writes them: `a|b`. */
const recipients = (description: string, most: number) =>
  idList(description)
    .transform((ids) => ids.flatMap((id) => id.split('|')).filter((id) => id !== ''))
    .refine((ids) => ids.length > 0 && ids.length <= most, { error: `expected 1 to ${most} ids` })
    .optional();

const config = z.strictObject({
  corp_id: z.string().min(1).meta({ description: 'Id of the enterprise: 管理后台 → 我的企业 → 企业 ID' }),
  agent_id: idText('AgentId of the application')
    .refine((id) => /^\d{1,15}$/.test(id), {
      error: 'expected the number that the application’s page shows as AgentId',
    })
    .transform(Number)
    .meta({ description: 'AgentId of the application' }),
  corp_secret: z.string().min(1).meta({ secret: true, description: 'Secret of the application' }),
  to_user: recipients(
    'Members by userid, a list or a|b; "@all" = everybody who may see the application, the default',
    1000,
  ),
  to_party: recipients('Departments by id, a list or 1|2', 100),
  to_tag: recipients('Tags by id, a list or 1|2', 100),
  duplicate_check_interval: z.int().min(1).max(14_400).optional().meta({
    description: 'Seconds within which WeCom drops a message that is identical to one before; absent = it drops none',
  }),
  base_url: baseUrl('https://qyapi.weixin.qq.com'),
});
type Config = z.output<typeof config>;

/**
 * Official, for one member and one application: 30 a minute and 1,000 an hour. What exceeds them is dropped although the
 * platform answers success: developer.work.weixin.qq.com/document/path/90312.
 */
const MEMBER_RATE = { per_minute: 28, per_hour: 950 };

/** Messages of a WeCom application. Wire facts: developer.work.weixin.qq.com/document/path/90236. */
export default defineChannel<typeof config, Payload>({
  name: 'wecom_app',
  label: { en: 'WeCom application', zh: '企业微信应用' },
  docs: 'https://developer.work.weixin.qq.com/document/path/90236',
  config,
  // The platform can drop repeats by their content alone, which would lose an alert that is raised twice.
  capabilities: { formats: ['text', 'markdown'], card: true, mentions: false, idempotent: false },
  limits: {
    size: [
      { of: 'text.content', max: 2048, unit: 'bytes' },
      { of: 'markdown.content', max: 2048, unit: 'bytes' },
      { of: 'textcard.description', max: 512, unit: 'chars' },
    ],
    // Ours: a card takes 128 with its mark; this leaves most of a text message to its text.
    title: { max: 100, unit: 'chars' },
    rate: MEMBER_RATE,
    // A breach blocks for a minute, an hour or the rest of the day, and the answer does not say which.
    throttle: { base: 60, max: 3600 },
  },
  // A member may be among the recipients of several targets, so the limit of one member is that of the application.
  account: { key: ({ corp_id, agent_id }) => JSON.stringify([corp_id, agent_id]), rate: MEMBER_RATE },
  credential: (target) => JSON.stringify([target.corp_id, target.agent_id, recipientsOf(target)]),
  people: ({ to_user = [] }) => to_user.filter((id) => id !== EVERYBODY),
  render: (message, target) => ({
    ...recipientsOf(target),
    agentid: target.agent_id,
    ...contentOf(message),
    ...(target.duplicate_check_interval !== undefined && {
      enable_duplicate_check: 1,
      duplicate_check_interval: target.duplicate_check_interval,
    }),
  }),
  async send(payload, { base_url, corp_id, corp_secret }, io) {
    const reply = await withToken(
      io,
      JSON.stringify(['wecom_app', base_url, corp_id, corp_secret]),
      async (ask) => {
        const query = new URLSearchParams({ corpid: corp_id, corpsecret: corp_secret });
        const answer = await ask({ method: 'GET', url: `${base_url}/cgi-bin/gettoken?${query.toString()}` });
        return tokenIn(answer, io.now(), { value: 'access_token', expires_in: 'expires_in' }, classifyToken);
      },
      (token) =>
        io.http(postJson(`${base_url}/cgi-bin/message/send?access_token=${encodeURIComponent(token)}`, payload)),
      (answer) => STALE.has(Number(parseObject(answer.body)?.['errcode'])),
    );
    return verdict(reply, io.now(), payload);
  },
});

const EVERYBODY = '@all';

/** Departments and tags are ignored beside `@all`, so that is the default only where there are none. */
function recipientsOf({ to_user, to_party, to_tag }: Config): Recipients {
  const users = to_user ?? (to_party || to_tag ? undefined : [EVERYBODY]);
  return {
    ...(users && { touser: users.join('|') }),
    ...(to_party && { toparty: to_party.join('|') }),
    ...(to_tag && { totag: to_tag.join('|') }),
  };
}

// ---- rendering -------------------------------------------------------------------------------------------------

/** Markdown is shown by WeCom but not by the WeChat of its members: only what the other two cannot show goes as such. */
function contentOf(message: Message): Content {
  const { style, format } = message;
  if (style === 'text' && format === 'text') return { msgtype: 'text', text: { content: text(message) } };
  const card = style === 'card' && format === 'text' ? textCard(message) : undefined;
  if (card !== undefined) return { msgtype: 'textcard', textcard: card };
  return { msgtype: 'markdown', markdown: { content: wecomMarkdown(message) } };
}

/** Of all tags a text message knows `<a href>` alone. */
const text = (message: Message) => plainText(message).replace(/<(?=\/?a\b)/gi, `<${ZERO_WIDTH_SPACE}`);

/** What exceeds these is cut off: characters of the title and the description, bytes of the link. */
const CARD = { title: 128, description: 512, url: 2048 };

/** Grey, or the orange of what matters; there is no red. */
const CLASSES: Readonly<Record<Level, string>> = { info: 'gray', warning: 'highlight', error: 'highlight' };

/** A card cannot do without a link. Undefined: it has none, or is too long. */
function textCard({ title, body, level, url, fields = [] }: Message): TextCard | undefined {
  if (url === undefined || body.length > CARD.description || Buffer.byteLength(url) > CARD.url) return undefined;
  const { mark, word } = LEVELS[level];
  const rows = [
    `<div class="${CLASSES[level]}">${word}</div>`,
    ...(body === '' ? [] : [`<div class="normal">${inert(body)}</div>`]),
    ...fields.map(({ name, value }) => `<div class="gray">${inert(name)}：${inert(value)}</div>`),
  ];
  const card = { title: `${mark} ${title}`, description: rows.join(''), url };
  return card.title.length <= CARD.title && card.description.length <= CARD.description ? card : undefined;
}

const inert = (plain: string) => breakTags(plain).replaceAll('\n', '<br>');

// ---- answers ---------------------------------------------------------------------------------------------------

/** 40001 says "bad secret" of a token too. */
const STALE: ReadonlySet<number> = new Set([40014, 42001, 41001, 40001]);

const classify = classifyByCode('errcode', 'errmsg', WECOM_APP_CODES);
const classifyToken = classifyByCode('errcode', 'errmsg', { ...WECOM_APP_CODES, 40001: BAD_SECRET });

/** Lists of those who were not reached, beside an `errcode` of 0. */
const MISSED = [
  { key: 'invaliduser', of: 'touser', message: '成员不存在或不在应用可见范围' },
  { key: 'unlicenseduser', of: 'touser', message: '成员没有接口许可（未激活账号）' },
  { key: 'invalidparty', of: 'toparty', message: '部门不存在或不在应用可见范围' },
  { key: 'invalidtag', of: 'totag', message: '标签不存在或不在应用可见范围' },
] as const;

function verdict(reply: HttpReply, now: Date, to: Recipients): Outcome {
  const outcome = classify(reply, now);
  if (!outcome.ok) return outcome;
  const json = parseObject(reply.body) ?? {};
  const missed = MISSED.flatMap(({ key, of, message }) =>
    idsIn(json[key]).map((id) => ({
      id,
      of,
      refused: { recipient: maskId(id), code: key, message } satisfies Refused,
    })),
  );
  const [first] = missed;
  if (first === undefined) return outcome;
  const isMissed = (kind: keyof Recipients, id: string) =>
    missed.some((one) => one.of === kind && one.id === id.toLowerCase());
  const kinds = ['touser', 'toparty', 'totag'] as const;
  const somebody = kinds.some((kind) => idsIn(to[kind]).some((id) => !isMissed(kind, id)));
  if (somebody) return { ok: true, refused: missed.map(({ refused }) => refused) };
  const { code, message } = first.refused;
  return failureOf(NOBODY_REACHED, { code, message, reply, now });
}

/** The ids of `a|b`, in lower case: the platform answers them so, however they were written. */
const idsIn = (list: unknown): string[] =>
  typeof list === 'string'
    ? list
        .toLowerCase()
        .split('|')
        .filter((id) => id !== '')
    : [];
