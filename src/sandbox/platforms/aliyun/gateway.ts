import { randomUUID } from 'node:crypto';
import { createMemory } from '../../memory.ts';
import { equal, sha256 } from '../../sign.ts';
import type { Answer, Bot, Call, Route, Verdict } from '../../stand-in.ts';
import type { FlowLevel } from '../sms/phones.ts';
import { type Acs3, isEncoded, readAcs3, signAcs3, signsAll } from './acs3.ts';

/** The part that SMS and voice share: the API gateway before them. */
export interface Aliyun {
  /** Why the gateway turns the request away; undefined: it passes. */
  readonly admit: (call: Call, bot: Bot | undefined) => Verdict | undefined;
  readonly failure: (code: string) => Answer | undefined;
  readonly refuse: (code: string, message?: string) => Verdict;
  /** The refusal of the first of these parameters that is not there. */
  readonly missing: (query: URLSearchParams, ...names: readonly string[]) => Verdict | undefined;
}

/** `x-acs-date` may be this far from the gateway's clock. */
const WINDOW_MS = 15 * 60_000;
const MOST_NONCES = 20_000;

export interface AliyunService {
  readonly product: 'Dysmsapi' | 'Dyvmsapi';
  /** `x-acs-action` */
  readonly action: string;
  /** Its own error codes and their messages; they come inside an HTTP 200. */
  readonly codes: Readonly<Record<string, string>>;
}

export function createAliyun({ product, action, codes }: AliyunService): Aliyun {
  const nonces = createMemory<number>(MOST_NONCES);
  const answer = (code: string, message: string): Answer | undefined => {
    const body = { Code: code, Message: message, RequestId: randomUUID().toUpperCase() };
    if (Object.hasOwn(codes, code)) return { body };
    const missing = /^Missing([A-Z]\w+)$/.test(code);
    if (!missing && !Object.hasOwn(GATEWAY, code)) return undefined;
    const Recommend = `https://api.aliyun.com/troubleshoot?q=${code}&product=${product}&requestId=${body.RequestId}`;
    return {
      status: GATEWAY[code]?.[0] ?? 400,
      body: { ...body, HostId: `${product.toLowerCase()}.aliyuncs.com`, Recommend },
    };
  };
  const words = (code: string): string => codes[code] ?? GATEWAY[code]?.[1] ?? 'sandbox fault';
  const refuse = (code: string, message = words(code)): Verdict => ({
    ok: false,
    code,
    reason: message,
    answer: answer(code, message) ?? { status: 500, body: { Code: 'InternalError', Message: code } },
  });
  const lacks = (name: string): Verdict => refuse(`Missing${name}`, `${name} is mandatory for this action.`);

  return {
    refuse,
    missing(query, ...names) {
      const name = names.find((one) => (query.get(one) ?? '') === '');
      return name === undefined ? undefined : lacks(name);
    },
    // The level of a flow control is in the message alone: `isv.BUSINESS_LIMIT_CONTROL-hour` chooses it.
    failure(code) {
      const [, level] = /^isv\.BUSINESS_LIMIT_CONTROL-(minute|hour|day)$/.exec(code) ?? [];
      if (level === undefined) return answer(code, words(code));
      return answer('isv.BUSINESS_LIMIT_CONTROL', flowMessage(level as FlowLevel, 1));
    },
    admit(call, bot) {
      const { method, headers, now } = call;
      const header = (name: string): string => String(headers[name] ?? '');
      if (method !== 'POST') return refuse('UnsupportedHTTPMethod');
      if (header('x-acs-action') === '') return lacks('Action');
      if (header('x-acs-action') !== action) return refuse('InvalidAction.NotFound');
      if (header('x-acs-version') === '') return lacks('Version');
      if (header('x-acs-version') !== '2017-05-25') return refuse('InvalidVersion');
      if (header('authorization') === '') return lacks('AccessKeyId');
      const acs3 = readAcs3(headers.authorization);
      if (acs3 === undefined || !signsAll(call, acs3)) return refuse('IncompleteSignature');
      const date = header('x-acs-date');
      if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(date) || Number.isNaN(Date.parse(date))) {
        return refuse('InvalidTimeStamp.Format');
      }
      if (Math.abs(Date.parse(date) - now) > WINDOW_MS) return refuse('InvalidTimeStamp.Expired');
      const nonce = header('x-acs-signature-nonce');
      if (nonce === '') return lacks('SignatureNonce');
      if (!matches(call, acs3, bot?.secret)) return refuse('SignatureDoesNotMatch');
      const key = `${acs3.key_id}\n${nonce}`;
      const used = nonces.get(key);
      if (used !== undefined && used > now - 2 * WINDOW_MS) return refuse('SignatureNonceUsed');
      nonces.set(key, now);
      return undefined;
    },
  };
}

/** The access key id names the bot. */
export const tokenOfAcs3: Route['token'] = ({ headers }) => readAcs3(headers.authorization)?.key_id ?? '';

/** As the business answers a flow control that is used up. */
export const flowMessage = (level: FlowLevel, permits: number): string =>
  `触发${{ minute: '分钟级', hour: '小时级', day: '天级' }[level]}流控Permits:${permits}`;

/** The path may be signed as it came or, behind a reverse proxy that strips its prefix, as the platform's own `/`. */
function matches(call: Call, { signed, signature }: Acs3, secret: string | undefined): boolean {
  if (!isEncoded(call) || call.headers['x-acs-content-sha256'] !== sha256(call.body)) return false;
  if (secret === undefined) return true;
  return [call.url.pathname, '/'].some((path) => equal(signature, signAcs3(call, signed, path, secret)));
}

/** Status and message of the gateway's errors: api.aliyun.com/troubleshoot, "公共错误码". */
const GATEWAY: Readonly<Record<string, readonly [status: number, message: string]>> = {
  'InvalidAction.NotFound': [404, 'Specified api is not found, please check your url and method.'],
  InvalidVersion: [400, 'Specified parameter Version is not valid.'],
  UnsupportedHTTPMethod: [403, 'This http method is not supported.'],
  IncompleteSignature: [400, 'The request signature does not conform to Aliyun standards.'],
  SignatureDoesNotMatch: [400, 'Specified signature is not matched with our calculation.'],
  'InvalidAccessKeyId.NotFound': [404, 'Specified access key is not found.'],
  'InvalidAccessKeyId.Inactive': [400, 'Specified access key is disabled.'],
  'InvalidTimeStamp.Format': [400, 'Specified time stamp or date value is not well formatted.'],
  'InvalidTimeStamp.Expired': [400, 'Specified time stamp or date value is expired.'],
  SignatureNonceUsed: [400, 'Specified signature nonce was used already.'],
  Throttling: [400, 'Request was denied due to request throttling.'],
  'Throttling.User': [400, 'Request was denied due to user flow control.'],
  'Throttling.Api': [400, 'Request was denied due to api flow control.'],
  InternalError: [500, 'The request processing has failed due to some unknown error, exception or failure.'],
  ServiceUnavailable: [503, 'The request has failed due to a temporary failure of the server.'],
};

/** Codes of both services. help.aliyun.com, "API 错误码" of SMS and of voice. */
export const COMMON_CODES: Readonly<Record<string, string>> = {
  'isv.BUSINESS_LIMIT_CONTROL': '触发分钟级流控Permits:1',
  'isv.DAY_LIMIT_CONTROL': '触发日发送限额',
  'isv.MONTH_LIMIT_CONTROL': '触发月发送限额',
  'isv.AMOUNT_NOT_ENOUGH': '账户余额不足',
  'isv.OUT_OF_SERVICE': '业务停机',
  'isv.MOBILE_NUMBER_ILLEGAL': '号码格式错误',
  'isv.INVALID_JSON_PARAM': 'JSON参数不合法，只接受字符串值',
  'isv.INVALID_PARAMETERS': '参数异常',
  'isv.PARAM_NOT_SUPPORT_URL': '参数不支持URL',
  'isv.PARAM_LENGTH_LIMIT': '参数超出长度限制',
  'isv.BLACK_KEY_CONTROL_LIMIT': '黑名单管控',
  'isv.PRODUCT_UN_SUBSCRIPT': '未开通云通信产品的阿里云客户',
  'isv.PRODUCT_UNSUBSCRIBE': '产品未开通',
  'isv.ACCOUNT_NOT_EXISTS': '账户不存在',
  'isv.ACCOUNT_ABNORMAL': '账户异常',
  'isv.TEMPLATE_MISSING_PARAMETERS': '模板缺少变量',
  'isv.TEMPLATE_PARAMS_ILLEGAL': '模板变量里包含非法关键字',
  'isv.DENY_IP_RANGE': '源IP地址所在的地区被禁用',
  'isp.RAM_PERMISSION_DENY': 'RAM权限不足',
  'isp.SYSTEM_ERROR': '系统错误',
  'isp.GATEWAY_ERROR': '网关错误',
};
