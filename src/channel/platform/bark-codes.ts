import type { CodeRule, CodeTable } from '../classify.ts';
import { rule } from '../rule.ts';

const BAD_DEVICE = rule(
  'unauthorized',
  '设备密钥无效或设备已失效：在手机上打开 Bark，重新复制 device_key（自建服务器换机后需重新注册）',
  'The device key is not valid or the device is gone: open Bark on the phone and copy device_key again.',
);
const BAD_REQUEST = rule(
  'invalid',
  'Bark 不接受该请求：检查 device_key 的个数与服务器版本（多个密钥需要 2.1.9 或更新）',
  'Bark does not take the request: check how many device keys there are and the server’s version (several need 2.1.9).',
);
const TOO_LONG = rule(
  'invalid',
  '消息超过苹果的 4096 字节：缩短内容或字段后重发',
  'The message exceeds Apple’s 4,096 bytes: shorten it.',
);
const TOO_FAST = rule(
  'rate_limited',
  '苹果对该设备限流，通道已自动暂停；若常见，请合并消息或调低 rate_limit',
  'Apple throttles this device; the lane pauses by itself. If it happens often, merge messages or lower rate_limit.',
);
const FAULT = rule(
  'unavailable',
  'Bark 服务器未能把消息交给苹果，自动重试仍未成功：检查服务器的网络与推送证书',
  'The Bark server could not hand the message to Apple, and retries did not help: check its network and certificate.',
  { max_retries: 3 },
);

const WRONG_PATH = rule(
  'invalid',
  '地址不正确：检查 server_url，反向代理的路径前缀不能遗漏',
  'The address is wrong: check server_url; the path of a reverse proxy belongs to it.',
);

/** Apple's own words, after `push failed:`. */
const APPLE: readonly (readonly [RegExp, CodeRule])[] = [
  [/BadDeviceToken|Unregistered|DeviceTokenNotForTopic|ExpiredToken/, BAD_DEVICE],
  [/PayloadTooLarge/, TOO_LONG],
  [/TooManyRequests/, TOO_FAST],
];

/**
 * What Bark’s server answers, by the `code` in its JSON, which is that of HTTP.
 * Source: github.com/Finb/bark-server, its routes and its APNs client.
 */
export const BARK_CODES: CodeTable = {
  400: (said) => (/device (?:key|token)/i.test(said) ? BAD_DEVICE : BAD_REQUEST),
  401: rule(
    'unauthorized',
    'Bark 服务器需要登录：填写 username 与 password',
    'The Bark server asks for a login: set username and password.',
  ),
  404: WRONG_PATH,
  405: WRONG_PATH,
  500: (said) => APPLE.find(([reason]) => reason.test(said))?.[1] ?? FAULT,
};
