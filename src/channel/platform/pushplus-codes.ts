import type { CodeTable } from '../classify.ts';
import { CHINA, untilMidnight } from '../quota.ts';
import { rule } from '../rule.ts';

const BAD_TOKEN = rule(
  'unauthorized',
  'token 无效或已重置：在 pushplus.plus 的「一对一消息」页面重新复制 token',
  'The token is not valid or was reset: copy it again from the page of one-to-one messages at pushplus.plus.',
);
const BAD_DATA = rule(
  'invalid',
  'PushPlus 不接受该消息：按错误信息检查 topic、to、channel、webhook 与内容',
  'PushPlus does not take the message: check topic, to, channel, webhook and the text against its message.',
);
const BLOCKED = rule(
  'unauthorized',
  '账号被限制或正在审核：登录 pushplus.plus 查看账号状态并联系客服',
  'The account is blocked or under review: see its state at pushplus.plus and write to their support.',
);

/**
 * Source: pushplus.plus/doc, return codes; 907 to 912 are seen by github.com/caronc/apprise, plugins/pushplus.py, alone. What
 * is refused for good must not be repeated, since every request counts.
 */
export const PUSHPLUS_CODES: CodeTable = {
  302: BAD_TOKEN,
  401: BAD_TOKEN,
  403: rule(
    'unauthorized',
    '本机出口 IP 不在 PushPlus 的安全 IP 中：在 pushplus.plus 的开发设置中加入该 IP',
    'This server’s public IP is not on the list: add it in the developer settings of pushplus.plus.',
  ),
  500: rule(
    'unavailable',
    'PushPlus 系统异常，自动重试后仍未成功，请稍后重发',
    'PushPlus has a fault that automatic retries did not outlast; send again later.',
    // Every request counts.
    { max_retries: 2 },
  ),
  600: BAD_DATA,
  805: rule(
    'invalid',
    '没有权限查看或发送该内容：检查 topic 与 to 是否属于该 token 的用户',
    'No right to this content: topic and to must belong to the token’s user.',
  ),
  888: rule(
    'invalid',
    'PushPlus 积分不足：登录 pushplus.plus 充值，或改用其他 channel',
    'Not enough points: top up at pushplus.plus, or use another channel.',
  ),
  900: rule(
    'rate_limited',
    '账号因请求次数过多被限制，最早次日恢复（超出越多限制越久）：减少消息、调低 account_rate_limit 的 per_day，或开通会员',
    'The account is restricted for too many requests, at least until tomorrow: send less, lower per_day of account_rate_limit, or become a member.',
    { quota: (now) => untilMidnight(now, CHINA), account: true },
  ),
  903: BAD_TOKEN,
  905: rule(
    'unauthorized',
    '账号未实名认证：登录 pushplus.plus 完成实名认证后才能发送',
    'The account’s identity is not verified: do that at pushplus.plus; nothing is sent before.',
  ),
  907: BAD_TOKEN,
  908: BLOCKED,
  909: BLOCKED,
  912: rule(
    'invalid',
    '账号没有可用的套餐：登录 pushplus.plus 查看',
    'The account has no package for this: see pushplus.plus.',
  ),
  999: BAD_DATA,
};
