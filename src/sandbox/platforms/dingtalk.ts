import { z } from 'zod';
import { isJson, parseJson } from '../body.ts';
import { firstColour, levelOfColour, levelOfMarks } from '../level.ts';
import { equal, hmac, inWindow, looksSigned } from '../sign.ts';
import { type Bot, type Call, defineStandIn, type Draft, type Verdict } from '../stand-in.ts';

/** DingTalk custom robot. help.dingtalk.io, "custom-robots-send-group-messages": the whole body, in bytes. */
const BODY_BYTES = 20_000;

export default defineStandIn(() => ({
  name: 'dingtalk',
  label: '钉钉',
  colour: '#2878ff',
  example: {
    path: '/robot/send?access_token=demo',
    body: { msgtype: 'text', text: { content: '来自钉钉机器人的问候' } },
  },
  routes: [{ path: '/robot/send', token: ({ url }) => url.searchParams.get('access_token') ?? '', receive }],
  limit: {
    windows: [{ max: 20, ms: 60_000 }],
    // "throttled for 10 minutes": the official figure
    block_ms: 600_000,
    verdict: () => refuse(130101, 'send too fast, exceed 20 times per minute'),
  },
  failure: (code) => (/^-?\d{1,9}$/.test(code) ? failure(Number(code), 'sandbox fault') : undefined),
}));

function receive(call: Call, bot: Bot | undefined): Verdict {
  const query = call.url.searchParams;
  const tokens = query.getAll('access_token');
  if (call.method !== 'POST') return refuse(43002, 'require POST method');
  if (tokens.length !== 1 || tokens[0] === '') return refuse(88, 'access_token is blank');
  if (!/^[\w-]{1,128}$/.test(tokens[0]!)) return refuse(300005, 'token is not exist');
  if (!isJson(call)) return refuse(43004, 'Content-Type must be application/json; charset=utf-8');
  if (call.body.length > BODY_BYTES) return refuse(460101, `message too long, exceed ${BODY_BYTES} bytes`);
  const unsigned = signFault(query, call.now, bot?.secret);
  if (unsigned !== undefined) return refuse(310000, unsigned);
  const json = parseJson(call.body);
  if (json === undefined) return refuse(40035, 'invalid parameter: json');
  const type = json['msgtype'];
  if (typeof type !== 'string') return refuse(40035, 'missing parameter: msgtype');
  if (!Object.hasOwn(TYPES, type)) return refuse(400105, `unsupported message type: ${type.slice(0, 40)}`);
  const read = TYPES[type]!(json);
  if (typeof read === 'string') return refuse(40035, `invalid parameter: ${read}`);
  return { ok: true, answer: { body: { errcode: 0, errmsg: 'ok' } }, draft: { ...read, kind: type, raw: json } };
}

const failure = (errcode: number, errmsg: string) => ({ body: { errcode, errmsg } });

const refuse = (code: number, reason: string): Verdict => ({
  ok: false,
  code: String(code),
  reason,
  answer: failure(code, reason),
});

/**
 * Key = secret; message = timestamp in milliseconds, line feed, secret; both in the query, encoded once. A second
 * `timestamp` or `sign`, and a `+` that became a blank, are the usual mistakes.
 */
function signFault(query: URLSearchParams, now: number, secret: string | undefined): string | undefined {
  const [stamps, signs] = [query.getAll('timestamp'), query.getAll('sign')];
  if (stamps.length === 0 && signs.length === 0 && secret === undefined) return undefined;
  if (stamps.length !== 1 || signs.length !== 1) return 'sign not match';
  const [stamp, sign] = [stamps[0]!, signs[0]!];
  if (!/^\d{1,16}$/.test(stamp) || !inWindow(Number(stamp), now)) return 'invalid timestamp';
  const right = secret === undefined ? looksSigned(sign) : equal(sign, hmac(secret, `${stamp}\n${secret}`));
  return right ? undefined : 'sign not match';
}

type Read = Omit<Draft, 'kind' | 'raw'> | string;

const WORDS = z.string().refine((text) => text.trim() !== '', 'is empty');
const LINK = z.url({ protocol: /^(https?|dingtalk)$/ });
const AT = {
  at: z
    .looseObject({
      atMobiles: z.array(z.string().regex(/^\+?[\d-]{3,20}$/)).optional(),
      atUserIds: z.array(z.string().min(1)).optional(),
      isAtAll: z.boolean().optional(),
    })
    .optional(),
  msgUuid: z.string().optional(),
};
const MARKDOWN = z.looseObject({ title: WORDS, text: WORDS });

const TYPES: Readonly<Record<string, (json: Record<string, unknown>) => Read>> = {
  text: shaped(z.looseObject({ text: z.looseObject({ content: WORDS }), ...AT }), ({ text, at }) => ({
    style: 'text',
    title: '',
    text: text.content,
    format: 'text',
    mentions: mentions(at),
    ...look(text.content),
  })),
  markdown: shaped(z.looseObject({ markdown: MARKDOWN, ...AT }), ({ markdown, at }) => ({
    style: 'card',
    title: markdown.title,
    text: markdown.text,
    format: 'markdown',
    mentions: mentions(at),
    ...look(markdown.title, markdown.text),
  })),
  link: shaped(
    z.looseObject({ link: MARKDOWN.extend({ messageUrl: LINK, picUrl: z.union([LINK, z.literal('')]).optional() }) }),
    ({ link }) => ({
      style: 'card',
      title: link.title,
      text: link.text,
      format: 'text',
      links: [{ text: '查看详情', url: link.messageUrl }],
      ...look(link.title),
    }),
  ),
  actionCard: shaped(
    z.looseObject({
      actionCard: MARKDOWN.extend({
        btnOrientation: z.enum(['0', '1']).optional(),
        singleTitle: WORDS.optional(),
        singleURL: LINK.optional(),
        btns: z
          .array(z.looseObject({ title: WORDS, actionURL: LINK }))
          .min(1)
          .optional(),
      })
        .refine((c) => c.singleTitle !== undefined || c.btns !== undefined, 'singleTitle or btns is needed')
        .refine((c) => c.singleTitle === undefined || c.singleURL !== undefined, 'singleURL is needed'),
    }),
    // "If singleTitle is present btns is ignored"
    ({ actionCard: c }) => ({
      style: 'card',
      title: c.title,
      text: c.text,
      format: 'markdown',
      links:
        c.singleTitle === undefined
          ? c.btns!.map((b) => ({ text: b.title, url: b.actionURL }))
          : [{ text: c.singleTitle, url: c.singleURL! }],
      ...look(c.title, c.text),
    }),
  ),
  feedCard: shaped(
    z.looseObject({
      feedCard: z.looseObject({
        links: z.array(z.looseObject({ title: WORDS, messageURL: LINK, picURL: LINK })).min(1),
      }),
    }),
    ({ feedCard: { links } }) => ({
      style: 'card',
      title: links[0]!.title,
      text: '',
      format: 'text',
      links: links.map((l) => ({ text: l.title, url: l.messageURL })),
    }),
  ),
};

function mentions(at: z.infer<typeof AT.at>): string[] {
  return [...(at?.isAtAll === true ? ['all'] : []), ...(at?.atMobiles ?? []), ...(at?.atUserIds ?? [])];
}

/** DingTalk has no coloured header: the level shows in a coloured sign or a font colour. */
function look(...texts: readonly string[]): Pick<Draft, 'level' | 'colour'> {
  const colour = firstColour(texts.join('\n').match(/<font[^>]*>/i)?.[0] ?? '');
  const level = levelOfMarks(...texts) ?? levelOfColour(colour);
  return { ...(level === undefined ? {} : { level }), ...(colour === undefined ? {} : { colour }) };
}

function shaped<S extends z.ZodType>(schema: S, read: (value: z.output<S>) => Read) {
  return (json: unknown): Read => {
    const parsed = schema.safeParse(json);
    if (parsed.success) return read(parsed.data);
    const [issue] = parsed.error.issues;
    return `${issue?.path.join('.')}: ${issue?.message}`;
  };
}
