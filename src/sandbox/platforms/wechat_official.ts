import { z } from 'zod';
import { isJson, parseJson } from '../body.ts';
import { createRateLimit } from '../limits/rate-limit.ts';
import { createMemory } from '../memory.ts';
import { type Answer, type Bot, type Call, defineStandIn, type Verdict } from '../stand-in.ts';
import { createTokens, type Grant, randomText, secondsLeft } from '../tokens.ts';
import { readTemplate } from './wechat_official/template.ts';

/**
 * Template messages of a WeChat official account. developers.weixin.qq.com, doc/offiaccount: getStableAccessToken,
 * Get_access_token, Template_Message_Interface, api_request_frequency. A bot is an account: `token` its app_id, `secret`
 * its app_secret.
 */
const LIFE_MS = 7_200_000;
/** A stable token is renewed in its last five minutes; a classic one is good for as long after the next was fetched. */
const OVERLAP_MS = 300_000;
const TOKEN_CHARS = 512;
/** `force_refresh` sooner after another gives the same token. */
const FORCE_MS = 30_000;
const FORCED = { windows: [{ max: 20, ms: 86_400_000 }], block_ms: 0 };
const STABLE_CALLS = { windows: [{ max: 10_000, ms: 60_000 }], block_ms: 0 };
const CLASSIC_CALLS = { windows: [{ max: 2000, ms: 86_400_000 }], block_ms: 0 };
const MESSAGES = { windows: [{ max: 100_000, ms: 86_400_000 }], block_ms: 0 };
/** How long one `client_msg_id` makes one message to one follower. */
const REPEAT_MS = 600_000;

export default defineStandIn(() => {
  const stable = createTokens({
    life_ms: LIFE_MS,
    renew_ms: OVERLAP_MS,
    mint: () => `8_${randomText(TOKEN_CHARS - 2)}`,
  });
  const classic = createTokens({ life_ms: LIFE_MS, renew_ms: 0, mint: () => `7_${randomText(TOKEN_CHARS - 2)}` });
  const gauges = {
    stable: createRateLimit(STABLE_CALLS),
    classic: createRateLimit(CLASSIC_CALLS),
    forced: createRateLimit(FORCED),
    messages: createRateLimit(MESSAGES),
  };
  const passes = (name: keyof typeof gauges, app: string, now: number, bot: Bot | undefined): boolean =>
    bot?.unlimited === true || gauges[name](app, now);
  const forcedAt = createMemory<number>();
  const sent = createMemory<{ readonly at: number; readonly answer: Answer }>();
  let msgid = 200_000_000;

  const giveStable = (call: Call, bot: Bot | undefined): Verdict => {
    if (call.method !== 'POST') return refuse(43002, 'require POST method');
    const json = isJson(call) ? parseJson(call.body) : undefined;
    const parsed = STABLE.safeParse(json);
    if (!parsed.success) return refuse(47001, 'data format error');
    const { appid, secret, grant_type, force_refresh } = parsed.data;
    const wrong = credentialFault(grant_type, appid, secret, bot);
    if (wrong !== undefined) return wrong;
    if (!passes('stable', appid, call.now, bot)) return refuse(45011, 'api minute-quota reach limit');
    const last = forcedAt.get(appid);
    if (!force_refresh || (last !== undefined && call.now - last < FORCE_MS)) {
      return token(stable.issue(appid, secret, call.now), call.now);
    }
    if (!passes('forced', appid, call.now, bot)) return refuse(45009, 'reach max api daily quota limit');
    forcedAt.set(appid, call.now);
    // "强制刷新模式，会导致上次获取的 access_token 失效"
    return token(stable.reissue(appid, secret, call.now, 0), call.now);
  };

  const giveClassic = (call: Call, bot: Bot | undefined): Verdict => {
    const { searchParams: query } = call.url;
    if (call.method !== 'GET') return refuse(43001, 'require GET method');
    const [appid, secret] = [query.get('appid') ?? '', query.get('secret') ?? ''];
    const wrong = credentialFault(query.get('grant_type') ?? '', appid, secret, bot);
    if (wrong !== undefined) return wrong;
    if (!passes('classic', appid, call.now, bot)) return refuse(45009, 'reach max api daily quota limit');
    return token(classic.reissue(appid, secret, call.now, OVERLAP_MS), call.now);
  };

  const receive = (call: Call, bot: Bot | undefined): Verdict => {
    if (call.method !== 'POST') return refuse(43002, 'require POST method');
    const [given = '', second] = call.url.searchParams.getAll('access_token');
    if (given === '') return refuse(41001, 'access_token missing');
    if (second !== undefined || !/^[\w-]+$/.test(given)) return refuse(40014, 'invalid access_token');
    const book = given.startsWith('8_') ? stable : classic;
    const grant = book.check(given, call.now, bot);
    if (grant === 'expired') return refuse(42001, 'access_token expired');
    if (grant === 'unknown') return refuse(40001, 'invalid credential, access_token is invalid or not latest');
    const json = isJson(call) ? parseJson(call.body) : undefined;
    if (json === undefined) return refuse(47001, 'data format error');
    const read = readTemplate(json);
    if ('code' in read) return refuse(read.code, read.reason);
    const { touser, client_msg_id, draft } = read;
    const key = `${grant.app}\n${touser}\n${client_msg_id}`;
    const before = client_msg_id === undefined ? undefined : sent.get(key);
    if (before !== undefined && call.now - before.at < REPEAT_MS) return { ok: true, answer: before.answer };
    if (!passes('messages', grant.app, call.now, bot)) return refuse(45009, 'reach max api daily quota limit');
    const answer = { body: { errcode: 0, errmsg: 'ok', msgid: ++msgid } };
    if (client_msg_id !== undefined) sent.set(key, { at: call.now, answer });
    return { ok: true, answer, draft };
  };

  return {
    name: 'wechat_official',
    label: '微信公众号',
    colour: '#07a35a',
    routes: [
      {
        path: '/wechat_official/cgi-bin/stable_token',
        token: ({ body }) => STABLE.safeParse(parseJson(body)).data?.appid ?? '',
        receive: giveStable,
      },
      {
        path: '/wechat_official/cgi-bin/token',
        token: ({ url }) => url.searchParams.get('appid') ?? '',
        receive: giveClassic,
      },
      {
        path: '/wechat_official/cgi-bin/message/template/send',
        token: ({ url }) => {
          const given = url.searchParams.get('access_token') ?? '';
          return stable.appOf(given) || classic.appOf(given);
        },
        receive,
      },
    ],
    failure: (code) =>
      /^(?!0)-?\d{1,9}$/.test(code) ? failure(Number(code), WORDS[code] ?? 'sandbox fault') : undefined,
  };
});

const STABLE = z.looseObject({
  grant_type: z.string().default(''),
  appid: z.string().default(''),
  secret: z.string().default(''),
  force_refresh: z.boolean().default(false),
});

const token = (grant: Grant, now: number): Verdict => ({
  ok: true,
  answer: { body: { access_token: grant.token, expires_in: secondsLeft(grant, now) } },
});

function credentialFault(type: string, appid: string, secret: string, bot: Bot | undefined): Verdict | undefined {
  if (type !== 'client_credential') return refuse(40002, 'invalid grant_type');
  if (appid === '') return refuse(41002, 'appid missing');
  if (secret === '') return refuse(41004, 'appsecret missing');
  if (!/^wx\w{1,32}$/.test(appid)) return refuse(40013, 'invalid appid');
  return /^[\w-]{1,128}$/.test(secret) && (bot?.secret ?? secret) === secret
    ? undefined
    : refuse(40125, 'invalid appsecret');
}

/** For codes that only a fault brings about. */
const WORDS: Readonly<Record<string, string>> = {
  '-1': 'system error',
  '40001': 'invalid credential, access_token is invalid or not latest',
  '40014': 'invalid access_token',
  '40164': 'invalid ip 127.0.0.1, not in whitelist',
  '40243': 'AppSecret has been frozen',
  '41001': 'access_token missing',
  '42001': 'access_token expired',
  '45009': 'reach max api daily quota limit',
  '45011': 'api minute-quota reach limit  must slower  retry next minute',
  '48001': 'api unauthorized',
};

/** The real errmsg ends with an id of the request. */
const failure = (errcode: number, errmsg: string): Answer => ({
  body: { errcode, errmsg: `${errmsg} rid: ${randomText(8)}-${randomText(8)}-${randomText(8)}` },
});

const refuse = (code: number, reason: string): Verdict => ({
  ok: false,
  code: String(code),
  reason,
  answer: failure(code, reason),
});
