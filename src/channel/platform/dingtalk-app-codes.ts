import type { CodeRule } from '../classify.ts';
import { rule } from '../rule.ts';

/** What the page of the API, help.dingtalk.io chatbots-send-one-on-one-chat-messages-in-batches, says of a parameter. */
const ROBOT_CODE = rule(
  'unauthorized',
  'robot_code 错误、机器人已停用或不属于该应用：在开发者后台「应用能力 → 机器人」中核对 RobotCode（多数应用与 app_key 相同）',
  'robot_code is wrong, or the robot is off or of another application: compare it with the RobotCode in the developer console (often equal to app_key).',
);
const USER_IDS = rule(
  'invalid',
  'user_ids 为空、过多或无效：填写钉钉 userId（最多 20 个），而不是手机号或 unionId',
  'user_ids is empty, too long or wrong: give up to 20 DingTalk user ids, not mobile numbers or union ids.',
);
const BAD_REQUEST = rule(
  'invalid',
  '钉钉不接受该消息：试用 style: text，或缩短内容后重发',
  'DingTalk does not take this message: try style: text, or shorten the text.',
);
const TOKEN_REFUSED = rule(
  'unauthorized',
  '钉钉不接受 accessToken，重新获取后仍然如此：核对 app_key 与 app_secret，并检查 base_url 的代理是否去掉了请求头',
  'DingTalk refuses the accessToken, a fresh one too: check app_key and app_secret, and that no proxy at base_url drops headers.',
);
const BAD_CREDENTIAL = rule(
  'unauthorized',
  'app_key 或 app_secret 错误：在开发者后台「凭证与基础信息」中重新复制 Client ID 与 Client Secret',
  'app_key or app_secret is wrong: copy Client ID and Client Secret again from the developer console.',
);
const FORBIDDEN = rule(
  'unauthorized',
  '应用无权发送：在开发者后台开通「企业内机器人发送消息」权限（qyapi_robot_sendmsg）并发布，或把本机出口 IP 加入服务器出口 IP 名单',
  'The application may not send: grant qyapi_robot_sendmsg in the developer console and publish, or add this server’s public IP to its list.',
);
const TOO_FAST = rule(
  'rate_limited',
  '调用过快被钉钉限流，通道已自动暂停，稍后继续；若常见，请合并消息',
  'DingTalk throttles the application; the lane pauses by itself. If it happens often, merge messages.',
);

/** Nobody among the users could be reached. */
export const NOBODY_REACHED = rule(
  'invalid',
  'user_ids 中的人全部无效：核对 userId，并确认他们在应用的可用范围内',
  'None of user_ids is valid: check them, and that they are within the application’s range.',
);

/** DingTalk holds back messages to all of those who are left. */
export const FLOW_CONTROLLED = rule(
  'rate_limited',
  '接收人被钉钉流控，通道已自动暂停，稍后重发；若常见，请合并消息',
  'DingTalk holds back messages to these users; the lane pauses by itself. If it happens often, merge messages.',
);

/** The families of a robot's codes; the first that fits counts. */
export const DINGTALK_APP_CODES: readonly (readonly [RegExp, CodeRule])[] = [
  [/^invalidParameter\.robotCode\b/i, ROBOT_CODE],
  [/^invalidParameter\.userIds\b/i, USER_IDS],
  [/^invalidParameter\b/i, BAD_REQUEST],
  // The last two are the older API's.
  [/^(?:InvalidAuthentication|40014|42001)$/i, TOKEN_REFUSED],
  [/^(?:invalidClientIdOrSecret|Missingapp(?:Key|Secret))$/i, BAD_CREDENTIAL],
  // Seen as HTTP 403: aircodelabs/aircode#46. 88 is the older API's.
  [/^(?:Forbidden\b.*|88)$/i, FORBIDDEN],
  [/^(?:Throttling.*|143103|143104)$/i, TOO_FAST],
];
