import { z } from 'zod';
import { isJson, parseJson } from '../body.ts';
import { firstIssue, issueWords } from '../issue.ts';
import { createRateLimit } from '../limits/rate-limit.ts';
import { createMemory } from '../memory.ts';
import { sha256 } from '../sign.ts';
import { type Bot, type Call, defineStandIn, type Verdict } from '../stand-in.ts';
import { createTokens, type Grant, randomText, secondsLeft } from '../tokens.ts';
import { failure, refuse } from './wechat/answer.ts';
import { readWecomMessage } from './wecom_app/message.ts';
import { readRecipients } from './wecom_app/recipients.ts';

/**
 * Messages of a WeCom application. developer.work.weixin.qq.com, document/path/91039 (token), 90236 (send), 90312
 * (limits), 90313 (codes). A bot is a corporation: `token` its corp_id, `secret` the secret of the application.
 */
const LIFE_MS = 7_200_000;
/** "at least 512 bytes" are to be kept free for a token. */
const TOKEN_CHARS = 512;
/** Calls of one API by one corporation; then 60 s of refusals. `message/send` does not count. */
const TOKEN_CALLS = { windows: [{ max: 10_000, ms: 60_000 }], block_ms: 60_000 };
/** What one application may send to one recipient. More is answered with success and thrown away. */
const PER_RECIPIENT = {
  windows: [
    { max: 30, ms: 60_000 },
    { max: 1000, ms: 3_600_000 },
  ],
  block_ms: 0,
};
const DUPLICATE_S = 1800;
const LONGEST_DUPLICATE_S = 14_400;

export default defineStandIn(() => {
  const tokens = createTokens({ life_ms: LIFE_MS, renew_ms: 0, mint: () => randomText(TOKEN_CHARS) });
  const tokenCalls = createRateLimit(TOKEN_CALLS);
  const deliveries = createRateLimit(PER_RECIPIENT);
  /** The one application that a secret belongs to, known from its first message. */
  const agents = createMemory<number>();
  const sent = createMemory<number>();

  const giveToken = (call: Call, bot: Bot | undefined): Verdict => {
    const { searchParams: query } = call.url;
    const [corp, secret] = [query.get('corpid') ?? '', query.get('corpsecret') ?? ''];
    if (call.method !== 'GET') return refuse(call, 43001, 'require GET method');
    if (corp === '') return refuse(call, 41002, 'corpid missing');
    if (secret === '') return refuse(call, 41004, 'corpsecret missing');
    if (!/^[\w-]{1,64}$/.test(corp)) return refuse(call, 40013, 'invalid corpid');
    if (!/^[\w-]{1,128}$/.test(secret) || (bot?.secret ?? secret) !== secret) {
      return refuse(call, 40001, 'invalid credential');
    }
    if (bot?.unlimited !== true && !tokenCalls(corp, call.now)) return refuse(call, 45009, 'api freq out of limit');
    const grant = tokens.issue(corp, secret, call.now);
    const expires_in = secondsLeft(grant, call.now);
    return { ok: true, answer: { body: { ...OK, access_token: grant.token, expires_in } } };
  };

  /** What every call but the one for a token must bring. */
  const admit = (call: Call, bot: Bot | undefined): Verdict | { grant: Grant; json: Record<string, unknown> } => {
    if (call.method !== 'POST') return refuse(call, 43002, 'require POST method');
    const [token = '', second] = call.url.searchParams.getAll('access_token');
    if (token === '') return refuse(call, 41001, 'access_token missing');
    const grant = second === undefined ? tokens.check(token, call.now, bot) : 'unknown';
    if (grant === 'unknown') return refuse(call, 40014, 'invalid access_token');
    if (grant === 'expired') return refuse(call, 42001, 'access_token expired');
    if (!isJson(call)) return refuse(call, 40035, 'invalid parameter: Content-Type must be application/json');
    const json = parseJson(call.body);
    return json === undefined
      ? refuse(call, 40035, 'invalid parameter. Warning: wrong json format. ')
      : { grant, json };
  };

  const receive = (call: Call, bot: Bot | undefined): Verdict => {
    const admitted = admit(call, bot);
    if ('ok' in admitted) return admitted;
    const { grant, json } = admitted;
    const parsed = ENVELOPE.safeParse(json);
    if (!parsed.success) {
      if (firstIssue(parsed.error).path === 'agentid') return refuse(call, 40056, 'invalid agentid');
      return refuse(call, 40035, `invalid parameter: ${issueWords(parsed.error)}`);
    }
    const { agentid, enable_duplicate_check, duplicate_check_interval, ...to } = parsed.data;
    const owner = `${grant.app}\n${grant.secret}`;
    if ((agents.get(owner) ?? agentid) !== agentid) {
      return refuse(call, 301002, 'not allow operate another agent with this accesstoken');
    }
    const read = readWecomMessage(json['msgtype'], json);
    if ('code' in read) return refuse(call, read.code, read.reason);
    const recipients = readRecipients(to);
    if ('code' in recipients) return refuse(call, recipients.code, recipients.reason);
    const { known, refused } = recipients;
    if (known.length === 0 && refused.unlicenseduser === undefined) {
      return refuse(call, 81013, 'user & party & tag all invalid', refused);
    }
    agents.set(owner, agentid);

    const answer = { body: { ...OK, ...refused, msgid: randomText(64) } };
    const key = `${grant.app}\n${sha256(call.body)}`;
    const before = sent.get(key);
    if (enable_duplicate_check === 1) {
      if (before !== undefined && call.now - before < duplicate_check_interval * 1000) return { ok: true, answer };
      sent.set(key, call.now);
    }
    const reached = known.filter(
      (id) => bot?.unlimited === true || deliveries(`${grant.app}\n${agentid}\n${id}`, call.now),
    );
    if (reached.length === 0) {
      const reason = known.length === 0 ? 'no recipient has a licence' : 'over 30 a minute or 1000 an hour: dropped';
      return { ok: false, code: 'dropped', reason, answer };
    }
    const people = reached.map((id) => (id === '@all' ? 'all' : id));
    return { ok: true, answer, draft: { ...read, to: people, kind: String(json['msgtype']), raw: json } };
  };

  return {
    name: 'wecom_app',
    label: '企业微信应用',
    colour: '#2f7df6',
    routes: [
      {
        path: '/wecom_app/cgi-bin/gettoken',
        token: ({ url }) => url.searchParams.get('corpid') ?? '',
        receive: giveToken,
      },
      {
        path: '/wecom_app/cgi-bin/message/send',
        token: ({ url }) => tokens.appOf(url.searchParams.get('access_token') ?? ''),
        receive,
      },
    ],
    failure: (code) =>
      /^(?!0)-?\d{1,9}$/.test(code) ? failure(Number(code), WORDS[code] ?? 'sandbox fault') : undefined,
  };
});

const OK = { errcode: 0, errmsg: 'ok' };
const SWITCH = z.int().min(0).max(1);
const ENVELOPE = z.object({
  touser: z.string().optional(),
  toparty: z.string().optional(),
  totag: z.string().optional(),
  agentid: z.int().positive(),
  safe: z.int().min(0).max(2).optional(),
  enable_id_trans: SWITCH.optional(),
  enable_duplicate_check: SWITCH.default(0),
  duplicate_check_interval: z.int().min(1).max(LONGEST_DUPLICATE_S).default(DUPLICATE_S),
});

/** For codes that only a fault brings about. */
const WORDS: Readonly<Record<string, string>> = {
  '-1': 'system busy',
  '40001': 'invalid credential',
  '40014': 'invalid access_token',
  '41001': 'access_token missing',
  '42001': 'access_token expired',
  '43004': 'require subscribe',
  '45002': 'content size out of limit',
  '45009': 'api freq out of limit',
  '45033': 'api concurrent out of limit',
  '48002': 'api forbidden',
  '50003': 'agent disabled',
  '60011': 'no privilege to access/modify contact/party/agent',
  '60020': 'not allow to access from your ip',
  '81013': 'user & party & tag all invalid',
};
