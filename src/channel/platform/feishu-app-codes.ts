import type { CodeTable } from '../classify.ts';
import { CHINA, untilMonth } from '../quota.ts';
import { rule } from '../rule.ts';

const tooFast = (zh: string, en: string) => rule('rate_limited', zh, en);
const TOKEN_REFUSED = rule(
  'unauthorized',
  '飞书不接受 tenant_access_token，重新获取后仍然如此：核对 app_id 与 app_secret，并检查 base_url 的代理是否改写了请求',
  'Feishu refuses the tenant_access_token, a fresh one too: check app_id and app_secret, and that no proxy at base_url rewrites requests.',
);
const BAD_CREDENTIAL = rule(
  'unauthorized',
  'app_id 或 app_secret 错误：在开发者后台「凭证与基础信息」中重新复制（国际版须把 base_url 设为 https://open.larksuite.com）',
  'app_id or app_secret is wrong: copy them again from the developer console; for Lark set base_url to https://open.larksuite.com.',
);
const NO_SCOPE = rule(
  'unauthorized',
  '应用缺少权限：在开发者后台「权限管理」开通错误信息中列出的权限（发消息 im:message:send_as_bot，加急 im:message.urgent 等），然后发布新版本',
  'The app lacks a permission: grant those that the message lists in the developer console, then publish a version.',
);
const APP_OFF = rule(
  'unauthorized',
  '应用已停用或未在该企业安装：请管理员在飞书管理后台启用应用',
  'The app is disabled or not installed in this tenant: ask the administrator to enable it.',
);
const BAD_ID = rule(
  'invalid',
  'receive_id 无效或与 receive_id_type 不符：open_id 只在取得它的应用内有效，跨应用请改用 user_id、union_id 或 email',
  'receive_id is malformed or not of receive_id_type; an open_id is valid within its own app only: use user_id, union_id or email.',
);
const BAD_REQUEST = rule(
  'invalid',
  '飞书不接受该请求的参数：核对 receive_id、receive_id_type 与消息内容',
  'Feishu does not take the parameters: check receive_id, receive_id_type and the message.',
);
const UNREACHABLE = rule(
  'invalid',
  '接收人已离职或不在应用的可用范围：核对 receive_id，并在开发者后台「版本管理」中把他加入可用范围后发布',
  'The recipient has left or is outside the app’s availability: check receive_id, add them to its range and publish a version.',
);
const NOT_ALLOWED = rule(
  'invalid',
  '飞书不允许机器人向该会话发送此消息：按错误信息检查群的发言设置、外部群或跨企业限制',
  'Feishu does not let the bot send this here: check the chat’s settings, external chats and other tenants, as the message says.',
);
const REFUSED_CONTENT = rule(
  'invalid',
  '内容未通过飞书安全审核：去掉敏感词、可疑链接或敏感数据后重发',
  'Feishu’s content check refused the text: remove sensitive words, suspicious links or protected data.',
);
const CHAT_GONE = rule(
  'unauthorized',
  '群已解散：把机器人加入新群，并更新 receive_id',
  'The chat is dissolved: add the bot to another one and update receive_id.',
);
const FEISHU_FAULT = rule(
  'unavailable',
  '飞书内部错误，自动重试后仍未成功；持续出现请查看飞书服务状态',
  'Internal error at Feishu; automatic retries did not outlast it. If it lasts, see the Feishu status page.',
);
const NOT_URGENT = rule(
  'invalid',
  '该消息不能加急：只能加急本应用发出、未删除且接收人在会话内的消息，外部群与折叠会话除外',
  'This message cannot be made urgent: it must be the app’s own, not deleted, and not in an external or folded chat.',
);

/**
 * The codes of a Feishu application, of messages and of urgent calls.
 * Sources: open.feishu.cn, server-docs/im-v1/message/create, urgent_app, generic-error-code; larksuite/cli
 * internal/output/lark_errors.go.
 */
export const FEISHU_APP_CODES: CodeTable = {
  // The gateway's limit of one app, 1,000 a minute and 50 a second.
  99991400: {
    ...tooFast(
      '应用调用飞书接口过快，已自动暂停，稍后继续；若常见，请合并消息',
      'The app calls Feishu too fast; it waits by itself. If it happens often, merge messages.',
    ),
    account: true,
  },
  230020: tooFast(
    '向同一用户或群发送过快（每秒 5 条，群内所有机器人共享），通道已自动暂停，稍后继续',
    'More than 5 messages a second to one user or chat, which all of its bots share; the lane pauses by itself.',
  ),
  99991663: TOKEN_REFUSED,
  99991661: TOKEN_REFUSED,
  99991671: TOKEN_REFUSED,
  99991664: TOKEN_REFUSED,
  99991665: TOKEN_REFUSED,
  99991543: BAD_CREDENTIAL,
  10003: BAD_CREDENTIAL,
  10014: BAD_CREDENTIAL,
  10015: BAD_CREDENTIAL,
  99991672: NO_SCOPE,
  99991662: APP_OFF,
  99991673: APP_OFF,
  // Renewed on the first of the month; the allowance differs by edition and has changed.
  99991403: rule(
    'rate_limited',
    '本月飞书 API 调用额度已用完，下月 1 日恢复：在飞书管理后台升级版本，或把消息改发其他通道',
    'This month’s allowance of API calls is used up, until the 1st: upgrade in the Feishu admin console, or use another channel.',
    { quota: (now) => untilMonth(now, CHINA), account: true },
  ),
  99992351: BAD_ID,
  99992361: BAD_ID,
  230034: BAD_ID,
  230001: BAD_REQUEST,
  230002: rule(
    'unauthorized',
    '机器人不在该群：在群「设置 → 群机器人」中添加该应用的机器人',
    'The bot is not in the chat: add it in the chat’s Settings → Bots.',
  ),
  230006: rule(
    'unauthorized',
    '应用未开启机器人能力：在开发者后台「添加应用能力」中开启机器人并发布版本',
    'The app has no bot: add the bot capability in the developer console and publish a version.',
  ),
  230013: UNREACHABLE,
  230029: UNREACHABLE,
  230017: NOT_ALLOWED,
  230018: NOT_ALLOWED,
  230027: NOT_ALLOWED,
  230035: NOT_ALLOWED,
  230036: NOT_ALLOWED,
  230038: NOT_ALLOWED,
  230054: NOT_ALLOWED,
  230055: NOT_ALLOWED,
  230075: NOT_ALLOWED,
  230022: REFUSED_CONTENT,
  230028: REFUSED_CONTENT,
  230025: rule(
    'invalid',
    '消息过大：缩短内容或字段后重发',
    'The message is too large: shorten the text or the fields.',
  ),
  230049: FEISHU_FAULT,
  230053: rule(
    'invalid',
    '接收人已关闭该机器人的消息：请其在飞书中重新打开机器人消息通知',
    'The recipient has turned off this bot’s messages: ask them to allow the bot again.',
  ),
  // The text carries a code of its own: too many tables (11310), a broken element (200621), and so on.
  230099: rule(
    'invalid',
    '飞书无法显示该卡片：改用 style: text，或减少表格与特殊 Markdown 语法',
    'Feishu cannot show the card: use style: text, or fewer tables and less exotic Markdown.',
    { as_text: true },
  ),
  232009: CHAT_GONE,
  230012: NOT_URGENT,
  230052: NOT_URGENT,
  230098: NOT_URGENT,
  230110: NOT_URGENT,
  10019: NOT_URGENT,
  10023: NOT_URGENT,
  11311: NOT_URGENT,
  18017: NOT_URGENT,
  230023: rule(
    'unavailable',
    '接收人未读的加急已达 200 条：请其先处理已有加急',
    'A recipient has 200 unread urgent messages: let them read those first.',
  ),
  230024: rule(
    'rate_limited',
    '加急额度已用完：在飞书管理后台购买或等待额度恢复，或改用应用内加急',
    'The allowance of urgent calls is used up: buy more in the Feishu admin console, or use in-app urgency.',
    { pause: 3600 },
  ),
  1500: FEISHU_FAULT,
  2200: FEISHU_FAULT,
  5000: FEISHU_FAULT,
};
