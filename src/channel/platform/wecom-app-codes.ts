import type { CodeTable } from '../classify.ts';
import { rule } from '../rule.ts';
import { wecomCodes } from './wecom-codes.ts';

const TOKEN_REFUSED = rule(
  'unauthorized',
  '企业微信不接受 access_token，重新获取后仍然如此：核对 corp_id、corp_secret、agent_id 属于同一个应用，并检查 base_url 的代理是否改写了请求',
  'WeCom refuses the access_token, a fresh one too: corp_id, corp_secret and agent_id must belong to one application, and no proxy at base_url may rewrite requests.',
);
/** What 40001 says of a request for a token. */
export const BAD_SECRET = rule(
  'unauthorized',
  'corp_secret 错误：在管理后台「应用管理 → 自建应用」重新查看 Secret，并确认它属于 agent_id 所指的应用',
  'corp_secret is wrong: look up the Secret of the application in the admin console; it must belong to agent_id.',
);
const FORBIDDEN = rule(
  'unauthorized',
  '应用没有调用该接口的权限：在管理后台检查应用是否启用、agent_id 与 corp_secret 是否属于同一应用',
  'The application may not call this API: check in the admin console that it is enabled and that agent_id and corp_secret belong to it.',
);
const BAD_RECIPIENTS = rule(
  'invalid',
  '接收人格式错误或过多：检查 to_user（最多 1000 个）、to_party、to_tag（各最多 100 个）',
  'The recipients are malformed or too many: check to_user (1,000 at most), to_party and to_tag (100 each).',
);
/** Nobody among the recipients could be reached. */
export const NOBODY_REACHED = rule(
  'invalid',
  '接收人全部无效或不在应用可见范围：核对 to_user、to_party、to_tag，并在管理后台把他们加入应用的「可见范围」',
  'Nobody was reached: check to_user, to_party and to_tag, and add them to the application’s visible range in the admin console.',
);
const BAD_REQUEST = rule(
  'invalid',
  '企业微信不接受该消息的格式：试用 style: text；若正常，请反馈该消息内容',
  'WeCom does not take this message: see whether style: text works, and report the message.',
);

/** The codes of a WeCom application. Source: developer.work.weixin.qq.com/document/path/90313. */
export const WECOM_APP_CODES: CodeTable = {
  ...wecomCodes(BAD_REQUEST),
  40001: TOKEN_REFUSED,
  40014: TOKEN_REFUSED,
  42001: TOKEN_REFUSED,
  41001: TOKEN_REFUSED,
  40013: rule(
    'unauthorized',
    'corp_id 错误：在管理后台「我的企业」页面底部核对企业 ID',
    'corp_id is wrong: compare it with the enterprise id on the admin console’s page My Company.',
  ),
  40056: rule(
    'unauthorized',
    'agent_id 错误或应用已删除：在管理后台「应用管理」中核对 AgentId',
    'agent_id is wrong or the application was removed: compare it with the AgentId in the admin console.',
  ),
  60020: rule(
    'unauthorized',
    '本机出口 IP 不在应用的「企业可信 IP」中：在应用详情页加入该 IP（约一分钟后生效，需先设置可信域名或接收消息服务器）',
    'This server’s public IP is not trusted: add it under the application’s trusted IPs; it takes about a minute, and asks for a trusted domain or callback URL first.',
  ),
  60011: rule(
    'invalid',
    '应用无权给该成员、部门或标签发消息：在管理后台把他们加入应用的「可见范围」',
    'The application may not write to this member, department or tag: add them to its visible range in the admin console.',
  ),
  48002: FORBIDDEN,
  301002: FORBIDDEN,
  50003: rule(
    'unauthorized',
    '应用已停用：在管理后台启用它',
    'The application is disabled: enable it in the admin console.',
  ),
  81013: NOBODY_REACHED,
  82001: BAD_RECIPIENTS,
  82002: BAD_RECIPIENTS,
  82003: BAD_RECIPIENTS,
  40031: BAD_RECIPIENTS,
  40032: BAD_RECIPIENTS,
  43004: rule(
    'invalid',
    '接收人尚未关注企业的微信插件：请其扫码关注（管理后台「我的企业 → 微信插件」）',
    'The recipient has not joined the enterprise’s WeChat plugin: let them scan its code (admin console → My Company).',
  ),
  45009: rule(
    'rate_limited',
    '接口调用超过企业微信的频率限制，该应用已自动暂停，稍后继续；若常见，请合并消息或调低 account_rate_limit',
    'WeCom throttles the application; it waits by itself. If it happens often, merge messages or lower account_rate_limit.',
    { account: true },
  ),
  6000: rule(
    'unavailable',
    '企业微信数据版本冲突，自动重试后仍未成功，请稍后重发',
    'WeCom reports a data version conflict that automatic retries did not outlast; send again later.',
  ),
};
