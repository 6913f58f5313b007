import type { CodeTable } from '../classify.ts';
import { rule } from '../rule.ts';
import { EMPTY } from '../usual-rules.ts';

const CREDENTIAL = rule(
  'unauthorized',
  'account_sid 或 auth_token 错误：在 Twilio 控制台重新复制（使用 API Key 时 auth_token 填其 Secret）',
  'account_sid or auth_token is wrong: copy them again from the Twilio console (with api_key_sid the secret of that key).',
);
const ACCOUNT = rule(
  'unauthorized',
  'Twilio 账号已停用或没有权限：在控制台检查账号状态与余额',
  'The Twilio account is suspended or has no permission: check its state and balance in the console.',
);
const TO = rule(
  'invalid',
  '接收号码无效或不能接收短信：核对 to（+ 与国家码，且为手机号）',
  'The number is not valid or takes no SMS: check to (+, country code, a mobile).',
);
const FROM = rule(
  'invalid',
  '发送方不属于该账号，或不能向此号码发送：核对 from，或改用 messaging_service_sid',
  'The sender is not of this account, or cannot send to this number: check from, or use messaging_service_sid.',
);

/** Error codes of sending an SMS: twilio.com/docs/api/errors. */
export const TWILIO_CODES: CodeTable = {
  20003: CREDENTIAL,
  20005: ACCOUNT,
  20403: ACCOUNT,
  20404: rule(
    'unauthorized',
    '账号不存在或地址错误：核对 account_sid 与 base_url',
    'No such account at this address: check account_sid and base_url.',
  ),
  // The request was not processed.
  20429: rule(
    'rate_limited',
    '同时请求过多，账号被 Twilio 限流，已自动暂停；若常见，请调低 account_rate_limit',
    'Too many requests at once: Twilio throttles the account; it pauses by itself. If it happens often, lower account_rate_limit.',
    { account: true },
  ),
  21211: TO,
  21212: FROM,
  21408: rule(
    'unauthorized',
    '账号未开通向该国家或地区发送：在控制台 Messaging → Geo permissions 中勾选',
    'The account may not send to this country: tick it under Messaging → Geo permissions.',
  ),
  21602: EMPTY,
  21603: FROM,
  21604: TO,
  21606: FROM,
  21608: rule(
    'unauthorized',
    '试用账号只能发给已验证的号码：在控制台 Verified Caller IDs 中验证，或升级账号',
    'A trial account sends to verified numbers only: verify this one in the console, or upgrade.',
  ),
  21610: rule(
    'invalid',
    '接收人已退订（回复了 STOP）：请其向发送号码回复 START',
    'The recipient has unsubscribed (STOP): ask them to send START to the sender’s number.',
  ),
  // More than ten hours of messages wait.
  21611: rule(
    'rate_limited',
    '该发送号码排队的短信已超过 10 小时的发送量，稍后继续：增加号码，或使用 Messaging Service',
    'More than ten hours of messages wait for this sender; it goes on later. Add numbers, or use a messaging service.',
    { pause: 3600 },
  ),
  21612: FROM,
  21614: TO,
  21617: rule(
    'invalid',
    '短信超过 1600 个字符：缩短内容或字段',
    'More than 1,600 characters: shorten the text or the fields.',
  ),
  21659: FROM,
  21660: FROM,
  21703: rule(
    'invalid',
    'Messaging Service 中没有可用的号码：在控制台为它添加发送号码',
    'The messaging service has no number: add senders to it in the console.',
  ),
  63038: rule(
    'rate_limited',
    '账号当日的短信额度已用完：在控制台升级账号或申请提高',
    'The account’s allowance of the day is used up: upgrade it, or ask for more.',
    { pause: 3600, account: true },
  ),
};
