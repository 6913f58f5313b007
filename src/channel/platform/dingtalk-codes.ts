import type { CodeRule, CodeTable } from '../classify.ts';
import { rule } from '../rule.ts';

/** Also of the gateway before DingTalk. */
export const TOO_FAST = rule(
  'rate_limited',
  '超过每分钟 20 条，钉钉已限流约 10 分钟，通道自动暂停后继续；若常见，请增加机器人或合并消息',
  'More than 20 messages a minute: DingTalk blocks the robot for about 10 minutes and the lane waits. Add a robot or merge messages.',
);
const TOO_LONG = rule(
  'invalid',
  '消息超过 20000 字节：缩短内容或字段后重发',
  'The message exceeds 20,000 bytes: shorten the text or the fields.',
);
const BAD_REQUEST = rule(
  'invalid',
  '钉钉无法解析该请求：确认 url 为 https://oapi.dingtalk.com/robot/send?access_token=… 且未被代理改写',
  'DingTalk cannot read the request: make sure url is https://oapi.dingtalk.com/robot/send?access_token=… and no proxy rewrites it.',
);
const BAD_TOKEN = rule(
  'unauthorized',
  'access_token 无效或机器人已被删除：在群「设置 → 机器人」中重新复制 Webhook 地址（外部群不支持自定义机器人）',
  'The access_token is invalid or the robot was removed: copy the webhook URL again from the group’s Settings → Robots.',
);
const insecure = (zh: string, en: string) => rule('unauthorized', zh, en);
const REFUSED_CONTENT = rule(
  'invalid',
  '内容被钉钉安全审核拒绝：去掉不安全链接、敏感文字或图片后重发',
  'DingTalk’s content check refused the message: remove unsafe links, sensitive words or images.',
);

/** Sub-reasons of 310000 stand in the text alone, which is English or Chinese. The first that fits counts. */
const SECURITY_REASONS: readonly (readonly [RegExp, CodeRule])[] = [
  [
    /keyword|关键词/i,
    insecure(
      '消息不含机器人要求的关键词：在标题或内容中加入关键词，或改用「加签」安全设置',
      'The message has none of the robot’s keywords: put one into title or text, or use the signature instead.',
    ),
  ],
  [
    /timestamp|过期/i,
    insecure(
      '签名校验失败或时间戳超出 1 小时：校准服务器时钟，并核对 secret（以 SEC 开头的「加签」密钥）',
      'Signature mismatch or timestamp off by more than 1 hour: check this server’s clock and secret (the SEC… value).',
    ),
  ],
  [
    /sign|签名/i,
    insecure(
      '签名校验失败：核对 secret 是否为该机器人「加签」中以 SEC 开头的完整密钥',
      'Signature mismatch: check that secret is this robot’s whole SEC… value.',
    ),
  ],
  [
    /\bip\b|whitelist|白名单/i,
    insecure(
      '本机出口 IP 不在机器人的 IP 地址段中：在机器人安全设置中加入该 IP',
      'This server’s public IP is not on the robot’s list: add it in the robot’s security settings.',
    ),
  ],
];
const SECURITY_OTHER = insecure(
  '未通过机器人安全设置：逐项检查关键词、加签密钥、IP 地址段与服务器时钟',
  'The robot’s security settings refused the message: check keywords, secret, IP list and this server’s clock.',
);
const REFUSED = rule(
  'invalid',
  '钉钉拒绝了该消息：按错误信息检查内容',
  'DingTalk refused the message: check it against the error text.',
);

/** Codes for which no source was found: their text decides. */
const byText = (said: string) => (/too fast|frequen|limit/i.test(said) ? TOO_FAST : REFUSED);

/**
 * The codes of a custom robot. Sources: help.dingtalk.io, development/custom-robots-send-group-messages and
 * customize-robot-security-settings; answers seen.
 */
export const DINGTALK_CODES: CodeTable = {
  '-1': rule(
    'unavailable',
    '钉钉系统繁忙，自动重试后仍未成功，请稍后重发',
    'DingTalk is busy, and automatic retries did not outlast it; send again later.',
    { max_retries: 3 },
  ),
  40035: (said) => (/token/i.test(said) ? BAD_TOKEN : BAD_REQUEST),
  43002: BAD_REQUEST,
  43004: BAD_REQUEST,
  88: BAD_TOKEN,
  300001: BAD_TOKEN,
  300005: BAD_TOKEN,
  400101: BAD_TOKEN,
  400106: BAD_TOKEN,
  310000: (said) => SECURITY_REASONS.find(([pattern]) => pattern.test(said))?.[1] ?? SECURITY_OTHER,
  130101: TOO_FAST,
  410100: TOO_FAST,
  90030: rule(
    'rate_limited',
    '机器人调用额度已用完：在钉钉管理后台查看并升级额度，或把消息改发其他通道',
    'The organisation’s allowance of robot calls is used up: raise it in the DingTalk admin console, or use another channel.',
    { pause: 3600 },
  ),
  400013: rule(
    'unauthorized',
    '群已解散：在新群中添加机器人并更新 url',
    'The group is dissolved: add a robot to another group and update url.',
  ),
  400102: rule(
    'unauthorized',
    '机器人已停用：在群「设置 → 机器人」中启用它',
    'The robot is stopped: enable it in the group’s Settings → Robots.',
  ),
  400105: BAD_REQUEST,
  430101: REFUSED_CONTENT,
  430102: REFUSED_CONTENT,
  430103: REFUSED_CONTENT,
  430104: REFUSED_CONTENT,
  460101: TOO_LONG,
  101002: TOO_LONG,
  302033: byText,
  660026: byText,
  660010: byText,
};
