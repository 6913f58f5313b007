import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { isJson, parseAny, parseJson } from '../body.ts';
import { firstIssue } from '../issue.ts';
import { isNobody } from '../nobody.ts';
import { createShaped } from '../shaped.ts';
import { type Answer, type Bot, type Call, defineStandIn, type Drawn, type Verdict } from '../stand-in.ts';
import { createTokens, randomText, secondsLeft } from '../tokens.ts';
import { drawLink, drawMarkdown, drawText } from './dingtalk/draw.ts';
import { LINK, LINK_CARD, TITLED, WORDS } from './dingtalk/shapes.ts';

/**
 * One-to-one messages of a DingTalk robot. help.dingtalk.io, "chatbots-send-one-on-one-chat-messages-in-batches". A bot
 * is an application: `token` its app_key, `secret` its app_secret. The page names no rate limit.
 */
const LIFE_MS = 7_200_000;
const MOST_USERS = 20;
/** Documented for a group's `msgParam`; the one-to-one page is silent. */
const PARAM_BYTES = 15_000;

const HEADER = 'x-acs-dingtalk-access-token';

export default defineStandIn(() => {
  const tokens = createTokens({ life_ms: LIFE_MS, renew_ms: 0, mint: () => randomText(32) });

  const giveToken = (call: Call, bot: Bot | undefined): Verdict => {
    if (call.method !== 'POST') return NOT_FOUND;
    const json = isJson(call) ? parseJson(call.body) : undefined;
    if (json === undefined) return refuse('invalidParameter.param.invalid', 'the body is not a JSON object');
    for (const name of ['appKey', 'appSecret']) {
      if (!json[name]) return refuse(`Missing${name}`, `${name} is mandatory for this action.`);
    }
    const parsed = CREDENTIALS.safeParse(json);
    if (!parsed.success || (bot?.secret ?? parsed.data.appSecret) !== parsed.data.appSecret) {
      return refuse('invalidClientIdOrSecret', '无效的clientId或者clientSecret');
    }
    const grant = tokens.issue(parsed.data.appKey, parsed.data.appSecret, call.now);
    return { ok: true, answer: { body: { accessToken: grant.token, expireIn: secondsLeft(grant, call.now) } } };
  };

  const receive = (call: Call, bot: Bot | undefined): Verdict => {
    if (call.method !== 'POST') return NOT_FOUND;
    const grant = tokens.check(header(call), call.now, bot);
    if (grant === 'unknown' || grant === 'expired') return refuse('InvalidAuthentication', '不合法的access_token');
    const json = isJson(call) ? parseJson(call.body) : undefined;
    if (json === undefined) return refuse('invalidParameter.param.invalid', 'the body is not a JSON object');
    const parsed = BODY.safeParse(json);
    if (!parsed.success) {
      const { path, reason } = firstIssue(parsed.error);
      return refuse(reason, `${path} is invalid`);
    }
    const { robotCode, userIds, msgKey, msgParam } = parsed.data;
    if (isNobody(robotCode)) return refuse('invalidParameter.robotCode.notExsit', '机器人不存在');
    if (Buffer.byteLength(msgParam) > PARAM_BYTES) return refuse('invalidParameter.msgParam.invalid', 'too long');
    if (!Object.hasOwn(KEYS, msgKey)) return refuse('invalidParameter.msgKey.invalid', 'The msgKey is invalid.');
    const read = KEYS[msgKey]!(parseAny(Buffer.from(msgParam)));
    if (typeof read === 'string') return refuse('invalidParameter.msgParam.invalid', read);

    const invalid = userIds.filter(isNobody);
    const controlled = userIds.filter((id) => /^flow/i.test(id));
    const reached = userIds.filter((id) => !invalid.includes(id) && !controlled.includes(id));
    const answer = {
      body: {
        processQueryKey: randomText(44),
        invalidStaffIdList: invalid,
        flowControlledStaffIdList: controlled,
      },
    };
    if (reached.length === 0) return { ok: false, code: 'invalidStaffIdList', reason: 'nobody is reached', answer };
    return { ok: true, answer, draft: { ...read, to: reached, kind: msgKey, raw: json } };
  };

  return {
    name: 'dingtalk_app',
    label: '钉钉应用',
    colour: '#1f5fd6',
    routes: [
      {
        path: '/dingtalk_app/v1.0/oauth2/accessToken',
        token: ({ body }) => CREDENTIALS.safeParse(parseJson(body)).data?.appKey ?? '',
        receive: giveToken,
      },
      {
        path: '/dingtalk_app/v1.0/robot/oToMessages/batchSend',
        token: (call) => tokens.appOf(header(call)),
        receive,
      },
    ],
    failure: (code) => (/^[a-z][\w.-]*$/i.test(code) ? failure(code, MESSAGES[code] ?? 'sandbox fault') : undefined),
  };
});

/** The last code of a family is its beginning; HTTP 400 for all others. */
const STATUS: readonly (readonly [RegExp, number])[] = [
  [/^Throttling/, 429],
  [/^Forbidden/, 403],
  [/NotFound$/, 404],
  [/^InternalError|^SystemError/i, 500],
  [/^ServiceUnavailable/, 503],
];

/** For codes that only a fault brings about. */
const MESSAGES: Readonly<Record<string, string>> = {
  InvalidAuthentication: '不合法的access_token',
  invalidClientIdOrSecret: '无效的clientId或者clientSecret',
  Throttling: 'Request was denied due to request throttling.',
  'Forbidden.AccessDenied.AccessTokenPermissionDenied': '应用尚未开通所需的权限：[qyapi_robot_sendmsg]',
};

function failure(code: string, message: string): Answer {
  const status = STATUS.find(([pattern]) => pattern.test(code))?.[1] ?? 400;
  return { status, body: { code, requestid: randomUUID().toUpperCase(), message } };
}

const refuse = (code: string, reason: string): Verdict => ({ ok: false, code, reason, answer: failure(code, reason) });

const NOT_FOUND = refuse('InvalidAction.NotFound', 'Specified api is not found, please check your url and method.');

function header({ headers }: Pick<Call, 'headers'>): string {
  const value = headers[HEADER];
  return typeof value === 'string' ? value : '';
}

const CREDENTIALS = z.looseObject({
  appKey: z.string().regex(/^[\w-]{1,64}$/),
  appSecret: z.string().regex(/^[\w-]{1,128}$/),
});

/** Each message is the platform's code. */
const BODY = z.looseObject({
  robotCode: z.string('invalidParameter.robotCode.empty').min(1, 'invalidParameter.robotCode.empty'),
  userIds: z
    .array(z.string('invalidParameter.param.invalid').min(1, 'invalidParameter.param.invalid'), {
      error: 'invalidParameter.userIds.empty',
    })
    .min(1, 'invalidParameter.userIds.empty')
    .max(MOST_USERS, 'invalidParameter.userIds.overMax'),
  msgKey: z.string('invalidParameter.msgKey.empty').min(1, 'invalidParameter.msgKey.empty'),
  msgParam: z.string('invalidParameter.msgParam.invalid').min(1, 'invalidParameter.msgParam.invalid'),
});

type Read = Drawn | string;

const shaped = createShaped<Read>((words) => `The msgParam is invalid: ${words}`);

const KEYS: Readonly<Record<string, (param: unknown) => Read>> = {
  sampleText: shaped(z.looseObject({ content: WORDS }), ({ content }) => drawText(content)),
  sampleMarkdown: shaped(TITLED, drawMarkdown),
  sampleLink: shaped(LINK_CARD, drawLink),
  sampleActionCard: shaped(TITLED.extend({ singleTitle: WORDS, singleURL: LINK }), (card) => ({
    ...drawMarkdown(card),
    links: [{ text: card.singleTitle, url: card.singleURL }],
  })),
};
