import type { CodeTable } from '../classify.ts';
import { CHINA, untilMidnight } from '../quota.ts';
import { rule } from '../rule.ts';

const TOKEN_REFUSED = rule(
  'unauthorized',
  '微信不接受 access_token，重新获取后仍然如此：核对 app_id、app_secret，确认没有其他程序频繁强制刷新，并检查 base_url 的代理',
  'WeChat refuses the access_token, a fresh one too: check app_id and app_secret, that no other program forces it to be renewed, and any proxy at base_url.',
);
const BAD_DATA = rule(
  'invalid',
  '模板数据不符合要求：按错误信息中的字段名修改 data（thing 最多 20 字、phrase 最多 5 个汉字、time 与 amount 须为相应格式，且不能为空）',
  'The template’s data break a rule: change data for the field that the message names (thing: 20 characters, phrase: 5 Chinese ones, time and amount in their formats, none empty).',
);

/** What 40001 says of a request for a token. */
export const BAD_SECRET = rule(
  'unauthorized',
  'app_secret 错误：在公众平台「开发 → 基本配置」（测试号在测试号管理页）重新复制 AppSecret',
  'app_secret is wrong: copy the AppSecret again from the account’s development settings, or the test account’s page.',
);

/** The codes of an official account: developers.weixin.qq.com, doc/offiaccount, Global_Return_Code and template messages. */
export const WECHAT_OFFICIAL_CODES: CodeTable = {
  '-1': rule(
    'unavailable',
    '微信系统繁忙，自动重试后仍未成功，请稍后重发',
    'WeChat is busy, and automatic retries did not outlast it; send again later.',
  ),
  40001: TOKEN_REFUSED,
  40014: TOKEN_REFUSED,
  42001: TOKEN_REFUSED,
  41001: TOKEN_REFUSED,
  40002: rule(
    'unauthorized',
    '微信不接受获取 token 的方式：检查 base_url 的代理是否支持 /cgi-bin/stable_token 并原样转发',
    'WeChat refuses the way a token is asked for: a proxy at base_url must pass /cgi-bin/stable_token on as it is.',
  ),
  40013: rule(
    'unauthorized',
    'app_id 错误：核对公众号（或测试号）的 AppID，以 wx 开头',
    'app_id is wrong: compare it with the AppID of the account, which begins with wx.',
  ),
  40125: BAD_SECRET,
  40243: rule(
    'unauthorized',
    'AppSecret 已被冻结：在公众平台「开发 → 基本配置」解冻或重置，并更新 app_secret',
    'The AppSecret is frozen: unfreeze or reset it in the account’s development settings and update app_secret.',
  ),
  40164: rule(
    'unauthorized',
    '本机出口 IP 不在公众号的 IP 白名单中（错误信息里有该 IP）：在「开发 → 基本配置 → IP 白名单」加入它',
    'This server’s public IP, which the message names, is not on the account’s allow-list: add it in the development settings.',
  ),
  40003: rule(
    'invalid',
    'openid 错误或属于其他公众号：从本公众号（测试号）的用户列表中复制',
    'openid is wrong or of another account: copy it from this account’s list of followers.',
  ),
  40037: rule(
    'invalid',
    'template_id 错误：在公众平台「模板消息 → 我的模板」（测试号在测试号管理页）中复制',
    'template_id is wrong: copy it from the account’s templates.',
  ),
  43004: rule(
    'invalid',
    '该用户没有关注公众号：请其扫码关注后重发',
    'The user does not follow the account: let them follow it and send again.',
  ),
  43019: rule(
    'invalid',
    '该用户在公众号的黑名单中：在「用户管理 → 黑名单」中移出',
    'The user is on the account’s block list: take them off it.',
  ),
  // Worded "reach max api daily quota limit" or "api freq out of limit"; renewed at midnight in China.
  45009: rule(
    'rate_limited',
    '公众号今日的调用额度已用完，零点恢复：合并消息，或在公众平台「接口权限」中查看额度',
    'The account’s daily allowance is used up, until midnight in China: merge messages, or see the allowance in the account’s settings.',
    { quota: (now) => untilMidnight(now, CHINA), account: true },
  ),
  // "api minute-quota reach limit, must slower, retry next minute"
  45011: rule(
    'rate_limited',
    '每分钟调用次数超限，已自动暂停一分钟后继续；若常见，请合并消息',
    'Too many calls within a minute; the account waits for one. If it happens often, merge messages.',
    { pause: 60, account: true },
  ),
  47001: BAD_DATA,
  47003: BAD_DATA,
  48001: rule(
    'unauthorized',
    '该公众号没有模板消息权限：需使用已认证的服务号或测试号，并在「功能」中开通模板消息',
    'The account may not send template messages: it takes a verified service account, or the test account.',
  ),
  48006: rule(
    'invalid',
    '清零次数已用完：下月恢复，在此之前请等待每日额度更新',
    'The allowance may not be reset any more this month: wait for the daily renewal.',
  ),
};
