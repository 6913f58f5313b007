import { z } from 'zod';
import { defineChannel } from '../channel/channel.ts';
import { classifyByCode, parseObject } from '../channel/classify.ts';
import { postJson } from '../channel/http-channel.ts';
import { idText } from '../channel/id.ts';
import { LEVEL_COLOURS } from '../channel/level-colours.ts';
import { baseUrl } from '../channel/server-address.ts';
import { shortHash } from '../channel/short-hash.ts';
import { variablesOf } from '../channel/template/template-variables.ts';
import { renderTemplate, templateText } from '../channel/template/template.ts';
import { tokenIn } from '../channel/token-answer.ts';
import { withToken } from '../channel/token.ts';
import { BAD_SECRET, WECHAT_OFFICIAL_CODES } from '../channel/platform/wechat-official-codes.ts';
import { templateValue } from '../channel/platform/wechat-template-value.ts';
import type { Message } from '../model.ts';

interface Value {
  readonly value: string;
  readonly color?: string;
}
interface Payload {
  readonly touser: string;
  readonly template_id: string;
  readonly url?: string;
  readonly miniprogram?: { readonly appid: string; readonly pagepath?: string | undefined };
  readonly data: Readonly<Record<string, Value>>;
}

/** What the test account's usual template asks for: `{{title.DATA}}` and `{{content.DATA}}`. */
const DATA = {
  title: '{{ title }}',
  content: '{{ body }}{% for field in fields %}\n{{ field.name }}：{{ field.value }}{% endfor %}',
};

const template = templateText('text', 'Liquid: the text of this field');
const config = z.strictObject({
  app_id: z.string().min(1).meta({ description: 'AppID of the official account or test account, wx…' }),
  app_secret: z.string().min(1).meta({ secret: true, description: 'AppSecret' }),
  template_id: idText('Id of the template'),
  openid: idText('Who receives the messages: the openid of a follower of this account'),
  url: z
    .url({ protocol: /^https?$/, error: 'expected an http or https URL' })
    .optional()
    .meta({ description: 'Opened by a message that has no link of its own' }),
  miniprogram: z
    .strictObject({
      appid: z.string().min(1).meta({ description: 'AppID of a mini program that is linked to the account' }),
      pagepath: z.string().min(1).optional().meta({ description: 'Its page' }),
    })
    .optional()
    .meta({ description: 'Opened instead of a link' }),
  data: z
    .record(
      z.string().regex(/^[A-Za-z]\w{0,63}$/, 'expected the name of a field, as in the template without .DATA'),
      z.union([
        template,
        z.strictObject({
          value: template,
          color: z
            .string()
            .regex(/^#[0-9a-f]{6}$/i, 'expected a colour like #d93026')
            .optional()
            .meta({ description: 'Colour of the text; newer templates ignore it' }),
        }),
      ]),
    )
    .refine((fields) => Object.keys(fields).length > 0, { error: 'expected at least one field' })
    .prefault(DATA)
    .meta({ description: 'The fields of the template: a Liquid text each, or {value, color}' }),
  base_url: baseUrl('https://api.weixin.qq.com'),
});
type Config = z.output<typeof config>;
type Field = Exclude<Config['data'][string], string>;

/**
 * Template messages of a WeChat official account, or of a test account. Wire facts: developers.weixin.qq.com,
 * doc/offiaccount, Template_Message_Interface and getStableAccessToken.
 */
export default defineChannel<typeof config, Payload>({
  name: 'wechat_official',
  label: { en: 'WeChat official account', zh: '微信公众号' },
  docs: 'https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Interface.html',
  config,
  // One client_msg_id makes one message to one openid within ten minutes.
  capabilities: { formats: ['text'], card: true, mentions: false, idempotent: true },
  limits: {
    // Ours: none is documented but those of typed fields, to which their values are cut.
    size: [{ of: 'data', max: 2048, unit: 'bytes' }],
    title: { max: 100, unit: 'chars' },
    // Ours: none is documented for one follower.
    rate: { per_minute: 60 },
    throttle: { base: 60, max: 3600 },
  },
  // Official: 100,000 a day; more with many followers.
  account: { key: ({ app_id }) => app_id, rate: { per_day: 95_000 } },
  credential: ({ app_id, openid, template_id }) => JSON.stringify([app_id, openid, template_id]),
  people: ({ openid }) => [openid],
  render: (message, target, now, id) => {
    const { openid, template_id, miniprogram } = target;
    const url = message.url ?? target.url;
    return {
      touser: openid,
      template_id,
      ...(url !== undefined && { url }),
      ...(miniprogram && { miniprogram }),
      data: dataOf(message, target, now, id),
    };
  },
  async send(payload, { base_url, app_id, app_secret }, io) {
    const client_msg_id = shortHash(io.id);
    const reply = await withToken(
      io,
      JSON.stringify(['wechat_official', base_url, app_id, app_secret]),
      async (ask) => {
        // The classic endpoint makes each new token end the one before, so that two programs disturb each other.
        const credential = { grant_type: 'client_credential', appid: app_id, secret: app_secret, force_refresh: false };
        const answer = await ask(postJson(`${base_url}/cgi-bin/stable_token`, credential));
        return tokenIn(answer, io.now(), { value: 'access_token', expires_in: 'expires_in' }, classifyToken);
      },
      (token) => {
        const url = `${base_url}/cgi-bin/message/template/send?access_token=${encodeURIComponent(token)}`;
        return io.http(postJson(url, { ...payload, client_msg_id }));
      },
      (answer) => STALE.has(Number(parseObject(answer.body)?.['errcode'])),
    );
    return classify(reply, io.now());
  },
});

// ---- rendering -------------------------------------------------------------------------------------------------

/** The first field of a card has the colour of its level, unless it has one of its own. */
function dataOf(message: Message, { data }: Config, now: Date, id: string): Payload['data'] {
  const variables = variablesOf(message, now, id);
  const fields = Object.entries(data).map(([key, field], i): [string, Value] => {
    const { value, color }: Field = typeof field === 'string' ? { value: field } : field;
    const shown = color ?? (i === 0 && message.style === 'card' ? LEVEL_COLOURS[message.level] : undefined);
    const text = templateValue(key, renderTemplate(value, 'text', variables).trim());
    return [key, { value: text, ...(shown !== undefined && { color: shown }) }];
  });
  return Object.fromEntries(fields);
}

// ---- answers ---------------------------------------------------------------------------------------------------

/** 40001 says "bad secret" of a request for a token, and of a message that its token is not the latest. */
const STALE: ReadonlySet<number> = new Set([40001, 40014, 42001, 41001]);

/** By `errcode` alone: `errmsg` ends with an id of the request. */
const classify = classifyByCode('errcode', 'errmsg', WECHAT_OFFICIAL_CODES);
const classifyToken = classifyByCode('errcode', 'errmsg', { ...WECHAT_OFFICIAL_CODES, 40001: BAD_SECRET });
