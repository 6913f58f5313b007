import type { CodeRule, CodeTable } from '../classify.ts';
import { untilMidnight } from '../quota.ts';
import { rule } from '../rule.ts';

const BAD_REQUEST = rule(
  'invalid',
  'ntfy 不接受该请求：按错误信息检查 topic、tags、icon 与链接',
  'ntfy does not take the request: check topic, tags, icon and link against its message.',
);
const BAD_TOPIC = rule(
  'invalid',
  'topic 不可用：只能含字母、数字、下划线与短横线，且不能是保留名称',
  'The topic cannot be used: letters, digits, _ and - only, and no reserved name.',
);
const BAD_LINK = rule(
  'invalid',
  '图标或附件的网址不被接受：检查 icon',
  'ntfy does not take the URL of the icon or attachment: check icon.',
);
const UNAUTHORIZED = rule(
  'unauthorized',
  '没有向该 topic 发布的权限：检查 token 或 username、password，并在服务器上为该用户授权（ntfy access）',
  'No right to publish to this topic: check token or username and password, and grant the user access on the server.',
);
const NOT_FOUND = rule(
  'invalid',
  '地址不正确：检查 base_url，反向代理的路径前缀不能遗漏',
  'The address is wrong: check base_url; the path of a reverse proxy belongs to it.',
);
const TOO_LONG = rule(
  'invalid',
  '消息或附件过长：缩短内容后重发',
  'The message or its attachment is too large: shorten it.',
);
const TOO_FAST = rule(
  'rate_limited',
  '发送过快：ntfy 每 5 秒补充一次额度，通道自动暂停后继续；若常见，请合并消息或调低 account_rate_limit',
  'Too fast: ntfy grants one more message every 5 seconds, and the lane waits. If it happens often, merge messages or lower account_rate_limit.',
  // One request every five seconds is given back: docs.ntfy.sh/config, rate limiting.
  { pause: 5, account: true },
);
const DAY_USED_UP = rule(
  'rate_limited',
  'ntfy 的每日额度已用完，次日恢复：减少消息、升级套餐或改用自建服务器',
  'The daily allowance of ntfy is used up until tomorrow: send less, upgrade, or run a server of your own.',
  { quota: (now) => untilMidnight(now, 0), account: true },
);
const LOCKED_OUT = rule(
  'unauthorized',
  '登录失败次数过多，ntfy 已暂时拒绝本机：更正 token 或 username、password 后再发',
  'Too many failed logins, and ntfy turns this server away: correct token or username and password.',
);
const FAULT = rule(
  'unavailable',
  'ntfy 服务器内部错误，自动重试后仍未成功：查看服务器日志',
  'The ntfy server has a fault that automatic retries did not outlast: see its log.',
);

const each = (codes: readonly number[], entry: CodeRule): CodeTable =>
  Object.fromEntries(codes.map((code) => [code, entry]));

/** The `code` in an ntfy server's JSON. Source: github.com/binwiederhier/ntfy, server/errors.go. */
export const NTFY_CODES: CodeTable = {
  ...each(
    Array.from({ length: 50 }, (_, i) => 40_001 + i),
    BAD_REQUEST,
  ),
  ...each([40_009, 40_010], BAD_TOPIC),
  ...each([40_013, 40_021], BAD_LINK),
  ...each([40_101, 40_301], UNAUTHORIZED),
  40401: NOT_FOUND,
  ...each([41_301, 41_302, 41_303], TOO_LONG),
  ...each([42_901, 42_903], TOO_FAST),
  // E-mails and calls of the day too: nothing here asks for either, but a topic may.
  ...each([42_902, 42_904, 42_905, 42_908, 42_910], DAY_USED_UP),
  42909: LOCKED_OUT,
  ...each([50_001, 50_002, 50_003, 50_004], FAULT),
  50701: rule(
    'invalid',
    '该 topic 没有 UnifiedPush 订阅者：在设备上打开应用以重新订阅',
    'Nobody subscribes to this UnifiedPush topic: open the app on the device.',
  ),
};
