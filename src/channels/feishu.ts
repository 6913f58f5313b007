import { z } from 'zod';
import { type CodeTable, classifyByCode } from '../channel/classify.ts';
import { type FeishuCard, feishuCard, feishuText } from '../channel/platform/feishu-message.ts';
import { defineHttpChannel, postJson } from '../channel/http-channel.ts';
import { rule } from '../channel/rule.ts';
import { feishuSign } from '../channel/sign/bot-sign.ts';
import { webhookKey, webhookUrl } from '../channel/webhook.ts';

type Payload =
  | { readonly msg_type: 'text'; readonly content: { readonly text: string } }
  | { readonly msg_type: 'interactive'; readonly card: FeishuCard };

const config = z.strictObject({
  url: webhookUrl(),
  secret: z.string().default('').meta({
    secret: true,
    description: 'Secret of "signature verification"; empty = the bot does not check signatures',
  }),
});

/**
 * What signing adds to the body, in bytes: `"timestamp":"1700000000",` is 25, `"sign":"…",` around the 44 characters of
 * a Base64 SHA-256 is 54.
 */
const SIGNATURE_BYTES = 25 + 54;

/** Feishu and Lark custom bots. Wire facts: open.feishu.cn, client-docs/bot-v3/add-custom-bot. */
export default defineHttpChannel<typeof config, Payload>({
  name: 'feishu',
  label: { en: 'Feishu / Lark', zh: '飞书' },
  docs: 'https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot',
  config,
  list: 'webhooks',
  capabilities: { formats: ['text', 'markdown'], card: true, mentions: true, idempotent: false },
  limits: {
    // "20 KB" for the whole request; the unit is not defined and other pages say 30 KB, so the smaller reading holds.
    size: [{ of: 'body', max: 20_000 - SIGNATURE_BYTES, unit: 'bytes' }],
    // Ours: no figure is documented; a card's header shows about two lines.
    title: { max: 200, unit: 'chars' },
    // Official: 100 a minute and 5 a second.
    rate: { per_minute: 98, per_second: 4 },
    // How long a bot stays blocked is not documented: back off from a second to a minute.
    throttle: { base: 1, max: 60 },
  },
  credential: ({ url }) => webhookKey(url),
  // Text messages know no Markdown, so a Markdown message goes as a card whatever style was asked for.
  render: (message) =>
    message.style === 'card' || message.format === 'markdown'
      ? { msg_type: 'interactive', card: feishuCard(message, true) }
      : { msg_type: 'text', content: { text: feishuText(message, true) } },
  request(payload, { url, secret }, now) {
    if (secret === '') return postJson(url, payload);
    const timestamp = String(Math.floor(now.getTime() / 1000));
    return postJson(url, { timestamp, sign: feishuSign(timestamp, secret), ...payload });
  },
  classify: (reply, now) => classify(reply, now),
});

const TOO_FAST = rule(
  'rate_limited',
  '发送过快被飞书限流，通道已自动暂停，稍后继续；若常见，请增加机器人或合并消息',
  'Feishu throttles this bot; the lane pauses by itself. If it happens often, add a bot or merge messages.',
);
const FEISHU_FAULT = rule(
  'unavailable',
  '飞书内部错误，自动重试后仍未成功；持续出现请查看飞书服务状态',
  'Internal error at Feishu; automatic retries did not outlast it. If it lasts, see the Feishu status page.',
);
const BAD_SHAPE = rule(
  'invalid',
  '飞书无法解析该消息：确认地址是「自定义机器人」的 /open-apis/bot/v2/hook/ 地址（不是旧版 v1 地址）',
  'Feishu cannot read the message: make sure the URL is a custom bot’s /open-apis/bot/v2/hook/ URL, not a v1 one.',
);
const CHAT_GONE = rule(
  'unauthorized',
  '群已解散或机器人找不到该群：在新群「设置 → 群机器人」中重新添加，并更新 url',
  'The group is gone: add the bot in another group (Settings → Bots) and update url.',
);
const REFUSED_CONTENT = rule(
  'invalid',
  '内容未通过飞书安全审核：去掉敏感词、可疑链接后重发',
  'Feishu’s content check refused the text: remove sensitive words or suspicious links.',
);
const BAD_CARD = rule(
  'invalid',
  '飞书无法显示该卡片：改用 style: text，或减少表格与特殊 Markdown 语法',
  'Feishu cannot show the card: use style: text, or fewer tables and less exotic Markdown.',
  { as_text: true },
);

/** The platform's codes, from its bot page, its table of generic errors, and answers seen. */
const TABLE: CodeTable = {
  // Two meanings: documented as a malformed request, seen (with HTTP 400) as "too many request".
  9499: (said) => (/too many|frequen/i.test(said) ? TOO_FAST : BAD_SHAPE),
  11232: TOO_FAST,
  11233: TOO_FAST,
  11247: TOO_FAST,
  99991400: TOO_FAST,
  1500: FEISHU_FAULT,
  2200: FEISHU_FAULT,
  5000: FEISHU_FAULT,
  18121: FEISHU_FAULT,
  11246: (said) =>
    /service internal error/i.test(said)
      ? FEISHU_FAULT
      : rule(
          'invalid',
          '飞书创建消息失败：检查链接是否为有效网址、内容是否异常，或改用 style: text',
          'Feishu could not create the message: check that links are valid URLs, or use style: text.',
        ),
  19001: rule(
    'unauthorized',
    '机器人地址无效或机器人已被移除：在群「设置 → 群机器人」中核对并重新复制 Webhook 地址',
    'The bot’s URL is wrong or the bot was removed: copy the webhook URL again from the group’s Settings → Bots.',
  ),
  19002: BAD_SHAPE,
  19007: rule(
    'unauthorized',
    '机器人未启用：在群「设置 → 群机器人」中启用它',
    'The bot is not enabled: enable it in the group’s Settings → Bots.',
  ),
  19021: rule(
    'unauthorized',
    '签名校验失败：检查 secret 与机器人「签名校验」中的密钥是否一致，并校准服务器时钟（误差须小于 1 小时）',
    'Signature mismatch: check that secret equals the one under the bot’s "signature verification", and this server’s clock (within 1 hour).',
  ),
  19022: rule(
    'unauthorized',
    '本机出口 IP 不在机器人的 IP 白名单中：在机器人安全设置中加入该 IP',
    'This server’s public IP is not on the bot’s allow-list: add it in the bot’s security settings.',
  ),
  19024: rule(
    'unauthorized',
    '消息不含机器人要求的关键词：在标题或内容中加入关键词，或在机器人安全设置中去掉关键词',
    'The message has none of the bot’s keywords: put one into title or text, or remove them in the bot’s security settings.',
  ),
  19036: rule('invalid', '消息过大：缩短内容或字段后重发', 'The message is too large: shorten the text or the fields.'),
  11235: rule(
    'invalid',
    '该群不允许机器人 @所有人：去掉 mentions.all，或在群设置中放开「谁可以 @所有人」',
    'The group does not let the bot mention everyone: drop mentions.all, or allow it in the group’s settings.',
  ),
  11242: rule(
    'unauthorized',
    '该群已禁言：请群主在群设置中解除发言限制',
    'Sending is banned in the group: ask its owner to lift the ban in the group’s settings.',
  ),
  11213: CHAT_GONE,
  11231: CHAT_GONE,
  11237: CHAT_GONE,
  11248: REFUSED_CONTENT,
  11312: REFUSED_CONTENT,
  230099: BAD_CARD,
  200621: BAD_CARD,
  11310: BAD_CARD,
};

/** By `code` alone: `StatusCode: 0` has been seen beside a `code` that was not. */
const classify = classifyByCode('code', 'msg', TABLE);
