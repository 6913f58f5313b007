import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { isJson, parseAny } from '../body.ts';
import { createRateLimit } from '../limits/rate-limit.ts';
import { createMemory } from '../memory.ts';
import { type Answer, type Bot, type Call, defineStandIn, type Route, type Verdict } from '../stand-in.ts';
import { createTokens, type Grant, randomText, secondsLeft } from '../tokens.ts';
import { failure, NOT_FOUND, refuse, throttle } from './feishu_app/answer.ts';
import { type FeishuMessage, readFeishuMessage } from './feishu_app/message.ts';
import { readUrgent, type UrgentMeans, type UrgentMessage } from './feishu_app/urgent.ts';

/**
 * Messages of a Feishu / Lark application, and urgent calls for them. open.feishu.cn, auth-v3
 * tenant_access_token_internal, im-v1/message/create, urgent_app. A bot is an application: `token` its app_id, `secret`
 * its app_secret.
 */
const LIFE_MS = 7_200_000;
/** "if 30 minutes or more remain the same token comes back". */
const RENEW_MS = 1_800_000;
/** Of one API of one application. */
const PER_API = [
  { max: 50, ms: 1000 },
  { max: 1000, ms: 60_000 },
];
/** To one person or chat. */
const PER_RECIPIENT = { windows: [{ max: 5, ms: 1000 }], block_ms: 0 };
/** How long one `uuid` makes one message. */
const UUID_MS = 3_600_000;

const PREFIX = '/feishu_app/open-apis';

export default defineStandIn(() => {
  const tokens = createTokens({ life_ms: LIFE_MS, renew_ms: RENEW_MS, mint: () => `t-${randomText(40)}` });
  const gates = PER_API.map((window) => ({ ...window, pass: createRateLimit({ windows: [window], block_ms: 0 }) }));
  const deliveries = createRateLimit(PER_RECIPIENT);
  const messages = createMemory<UrgentMessage & { readonly app: string }>();
  const sent = createMemory<Made>();

  const giveToken = (call: Call, bot: Bot | undefined): Verdict => {
    if (call.method !== 'POST') return NOT_FOUND;
    const parsed = isJson(call) ? CREDENTIALS.safeParse(parseAny(call.body)) : undefined;
    if (parsed?.success !== true) return refuse(10003);
    const { app_id, app_secret } = parsed.data;
    if ((bot?.secret ?? app_secret) !== app_secret) return refuse(10014);
    const grant = tokens.issue(app_id, app_secret, call.now);
    const expire = secondsLeft(grant, call.now);
    return { ok: true, answer: { body: { code: 0, msg: 'ok', tenant_access_token: grant.token, expire } } };
  };

  /** What every API checks first: its method, the token, the gateway's limit. */
  const admit = (method: string, api: string, call: Call, bot: Bot | undefined): Grant | Verdict => {
    if (call.method !== method) return NOT_FOUND;
    const token = bearer(call);
    if (token === undefined) return refuse(99991661);
    if (!token.startsWith('t-')) return refuse(99991671);
    const grant = tokens.check(token, call.now, bot);
    if (grant === 'unknown' || grant === 'expired') return refuse(99991663);
    const full = gates.find(({ pass }) => bot?.unlimited !== true && !pass(`${grant.app} ${api}`, call.now));
    if (full !== undefined) return throttle(full.max, full.ms / 1000);
    return isJson(call) ? grant : refuse(9499, 'Content-Type must be application/json');
  };

  const receive = (call: Call, bot: Bot | undefined): Verdict => {
    const grant = admit('POST', 'message', call, bot);
    if ('ok' in grant) return grant;
    const message = readFeishuMessage(call);
    if ('ok' in message) return message;
    const { to, uuid, draft } = message;
    const key = `${grant.app}\n${uuid}`;
    const before = uuid === undefined || uuid === '' ? undefined : sent.get(key);
    if (before !== undefined && call.now - before.at < UUID_MS) {
      return { ok: true, answer: accepted(before, grant.app, message) };
    }
    // A chat's limit is shared by all bots in it, a person's is each application's own.
    const recipient = to.type === 'chat_id' ? to.id : `${grant.app} ${to.id}`;
    if (bot?.unlimited !== true && !deliveries(recipient, call.now)) return refuse(230020);
    const made = { at: call.now, id: randomId('om'), chat: to.type === 'chat_id' ? to.id : randomId('oc') };
    messages.set(made.id, { to, title: draft.title, level: draft.level, app: grant.app });
    if (uuid !== undefined && uuid !== '') sent.set(key, made);
    return { ok: true, answer: accepted(made, grant.app, message), draft };
  };

  const urge =
    (means: UrgentMeans) =>
    (call: Call, bot: Bot | undefined): Verdict => {
      const grant = admit('PATCH', `urgent_${means}`, call, bot);
      if ('ok' in grant) return grant;
      const message = messages.get(call.params['message_id'] ?? '');
      if (message === undefined) return refuse(230001, 'invalid message_id');
      return message.app === grant.app ? readUrgent(means, call, message) : refuse(230012);
    };

  const token: Route['token'] = (call) => tokens.appOf(bearer(call) ?? '');
  return {
    name: 'feishu_app',
    label: '飞书应用',
    colour: '#3370ff',
    routes: [
      {
        path: `${PREFIX}/auth/v3/tenant_access_token/internal`,
        token: ({ body }) => CREDENTIALS.safeParse(parseAny(body)).data?.app_id ?? '',
        receive: giveToken,
      },
      { path: `${PREFIX}/im/v1/messages`, token, receive },
      { path: `${PREFIX}/im/v1/messages/:message_id/urgent_app`, token, receive: urge('app') },
      { path: `${PREFIX}/im/v1/messages/:message_id/urgent_sms`, token, receive: urge('sms') },
      { path: `${PREFIX}/im/v1/messages/:message_id/urgent_phone`, token, receive: urge('phone') },
    ],
    failure: (code) => (/^[1-9]\d{0,8}$/.test(code) ? failure(Number(code), DETAILS[code]) : undefined),
  };
});

/** What the message of a code that a fault brings about says beyond its usual words. */
const DETAILS: Readonly<Record<string, string>> = { '230099': 'ErrCode: 200621; ErrMsg: parse card json err; ' };

const CREDENTIALS = z.looseObject({
  app_id: z.string().regex(/^cli_[\w-]{1,64}$/),
  app_secret: z.string().regex(/^[\w-]{1,128}$/),
});

function bearer({ headers }: Pick<Call, 'headers'>): string | undefined {
  return /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1];
}

const randomId = (kind: string): string => `${kind}_${randomUUID().replaceAll('-', '')}`;

interface Made {
  readonly at: number;
  readonly id: string;
  readonly chat: string;
}

function accepted({ at, id, chat }: Made, app: string, { content, draft }: FeishuMessage): Answer {
  const data = {
    message_id: id,
    msg_type: draft.kind,
    create_time: String(at),
    update_time: String(at),
    deleted: false,
    updated: false,
    chat_id: chat,
    sender: { id: app, id_type: 'app_id', sender_type: 'app', tenant_key: 'sandbox' },
    body: { content },
  };
  return { body: { code: 0, msg: 'success', data } };
}
