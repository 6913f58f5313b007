import { z } from 'zod';
import { isJson, parseJson } from '../body.ts';
import { createShaped } from '../shaped.ts';
import { equal, hmac, inWindow, looksSigned } from '../sign.ts';
import { type Bot, type Call, defineStandIn, type Drawn, type Verdict } from '../stand-in.ts';
import { drawLink, drawMarkdown, drawText } from './dingtalk/draw.ts';
import { LINK, LINK_CARD, TITLED, WORDS } from './dingtalk/shapes.ts';

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
    // "throttled for 10 minutes": the official figure.
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

type Read = Drawn | string;

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
const ACTION_CARD = TITLED.extend({
  btnOrientation: z.enum(['0', '1']).optional(),
  singleTitle: WORDS.optional(),
  singleURL: LINK.optional(),
  btns: z
    .array(z.looseObject({ title: WORDS, actionURL: LINK }))
    .min(1)
    .optional(),
})
  .refine((c) => c.singleTitle !== undefined || c.btns !== undefined, 'singleTitle or btns is needed')
  .refine((c) => c.singleTitle === undefined || c.singleURL !== undefined, 'singleURL is needed');
const FEED = z.looseObject({ links: z.array(z.looseObject({ title: WORDS, messageURL: LINK, picURL: LINK })).min(1) });

const shaped = createShaped<Read>((words) => words);

const TYPES: Readonly<Record<string, (json: Record<string, unknown>) => Read>> = {
  text: shaped(z.looseObject({ text: z.looseObject({ content: WORDS }), ...AT }), ({ text, at }) => ({
    ...drawText(text.content),
    mentions: mentions(at),
  })),
  markdown: shaped(z.looseObject({ markdown: TITLED, ...AT }), ({ markdown, at }) => ({
    ...drawMarkdown(markdown),
    mentions: mentions(at),
  })),
  link: shaped(z.looseObject({ link: LINK_CARD }), ({ link }) => drawLink(link)),
  actionCard: shaped(z.looseObject({ actionCard: ACTION_CARD }), ({ actionCard }) => {
    const { singleTitle, singleURL, btns = [] } = actionCard;
    const buttons = btns.map(({ title, actionURL }) => ({ text: title, url: actionURL }));
    // "If singleTitle is present btns is ignored"
    const links = singleTitle === undefined ? buttons : [{ text: singleTitle, url: singleURL! }];
    return { ...drawMarkdown(actionCard), links };
  }),
  feedCard: shaped(z.looseObject({ feedCard: FEED }), ({ feedCard: { links } }) => ({
    style: 'card',
    title: links[0]!.title,
    text: '',
    format: 'text',
    links: links.map(({ title, messageURL }) => ({ text: title, url: messageURL })),
  })),
};

function mentions(at: z.infer<typeof AT.at>): string[] {
  return [...(at?.isAtAll === true ? ['all'] : []), ...(at?.atMobiles ?? []), ...(at?.atUserIds ?? [])];
}
