import type { CodeRule, CodeTable } from '../classify.ts';
import { CHINA, untilMidnight, untilMonth } from '../quota.ts';
import { rule } from '../rule.ts';

const SIGN = rule(
  'invalid',
  '短信签名不存在、未通过审核或与模板类型不符：在短信控制台「签名管理」核对 sign_name（新签名经运营商报备要 5～10 个工作日）',
  'The SMS signature does not exist, is not approved or does not suit the template: check sign_name in the console; operators take 5 to 10 working days to register a new one.',
);
const TEMPLATE = rule(
  'invalid',
  '模板不存在、未通过审核或不属于该账号：在控制台「模板管理」核对 template_code',
  'The template does not exist, is not approved or belongs to another account: check template_code in the console.',
);
const PARAMS = rule(
  'invalid',
  '模板变量与 params 不一致：params 须为模板中的每个变量各写一项，名称相同，值不为空',
  'The variables differ from params: name each variable of the template in params, with a value that is not empty.',
);
const CONTENT = rule(
  'invalid',
  '变量中含有不允许的内容（网址、IP 或敏感词）：修改消息，或把固定内容写入模板后重新审核',
  'A variable holds what is not allowed (a link, an address, a forbidden word): change the message, or put fixed words into the template.',
);
const NUMBER = rule('invalid', '手机号码无效：核对 phone', 'The telephone number is not valid: check phone.');
const UNPAID = rule(
  'unauthorized',
  '阿里云账号余额不足或业务已停机：充值或购买套餐包',
  'The balance is used up or the service suspended: top up the account or buy a package.',
);
const ACCOUNT = rule(
  'unauthorized',
  '阿里云账号异常或未开通该产品：登录控制台确认账号状态，并开通短信（语音）服务',
  'The account is in trouble or has not opened this product: check it in the console and open the SMS (voice) service.',
);
const KEY = rule(
  'unauthorized',
  'AccessKey 错误或已停用：在 RAM 控制台重新复制 access_key_id 与 access_key_secret',
  'The AccessKey is wrong or disabled: copy access_key_id and access_key_secret again from the RAM console.',
);
const PERMISSION = rule(
  'unauthorized',
  '该 AccessKey 没有权限：在 RAM 控制台为用户授予 AliyunDysmsFullAccess（语音为 AliyunDyvmsFullAccess）',
  'This AccessKey has no permission: grant AliyunDysmsFullAccess (voice: AliyunDyvmsFullAccess) in the RAM console.',
);
const ADDRESS = rule(
  'invalid',
  '该地址没有此接口：核对 base_url（短信 dysmsapi，语音 dyvmsapi）',
  'There is no such API at this address: check base_url (SMS dysmsapi, voice dyvmsapi).',
);
const FAULT = rule(
  'unavailable',
  '阿里云系统错误，重试一次后仍未成功：稍后重发，或查看阿里云健康看板',
  'A fault at Alibaba Cloud, which one retry did not outlast: send again later, or see its status page.',
);
const THROTTLED = rule(
  'rate_limited',
  '接口调用过于频繁，稍后自动继续；若常见，请调低 account_rate_limit',
  'The API is called too often; it goes on by itself. If it happens often, lower account_rate_limit.',
  { pause: 1, account: true },
);

/**
 * Error codes of SendSms and SingleCallByTts, and of the gateway before them.
 * Sources: help.aliyun.com/zh/sms/developer-reference/api-error-codes,
 * help.aliyun.com/zh/vms/developer-reference/api-dyvmsapi-2017-05-25-singlecallbytts.
 */
export const ALIYUN_CODES: CodeTable = {
  'isv.BUSINESS_LIMIT_CONTROL': flowControl,
  'isv.DAY_LIMIT_CONTROL': rule(
    'rate_limited',
    '已达到控制台设置的日发送量上限：在控制台「通用设置」中调高，或等到次日',
    'The ceiling per day that is set in the console is reached: raise it there, or wait until tomorrow.',
    { quota: (now) => untilMidnight(now, CHINA), account: true },
  ),
  'isv.MONTH_LIMIT_CONTROL': rule(
    'rate_limited',
    '已达到控制台设置的月发送量上限：在控制台「通用设置」中调高，或等到下月',
    'The ceiling per month that is set in the console is reached: raise it there, or wait until next month.',
    { quota: (now) => untilMonth(now, CHINA), account: true },
  ),
  'isv.AMOUNT_NOT_ENOUGH': UNPAID,
  'isv.OUT_OF_SERVICE': UNPAID,
  'isv.MOBILE_NUMBER_ILLEGAL': NUMBER,
  'isv.MOBILE_COUNT_OVER_LIMIT': rule(
    'invalid',
    '号码过多：一个目标最多 1000 个手机号，请拆成几个目标',
    'Too many numbers: a target takes at most 1,000; split it.',
  ),
  'isv.SMS_SIGNATURE_ILLEGAL': SIGN,
  'isv.SMS_SIGN_ILLEGAL': SIGN,
  'isv.SIGN_STATE_ILLEGAL': SIGN,
  'isv.SMS_SIGNATURE_SCENE_ILLEGAL': SIGN,
  'isv.SMS_TEMPLATE_ILLEGAL': TEMPLATE,
  'isv.TTS_TEMPLATE_ILLEGAL': TEMPLATE,
  'isv.TEMPLATE_ILLEGAL': TEMPLATE,
  'isv.TEMPLATE_MISSING_PARAMETERS': PARAMS,
  'isv.TEMPLATE_PARAMS_ILLEGAL': CONTENT,
  'isv.INVALID_JSON_PARAM': PARAMS,
  'isv.INVALID_PARAMETERS': rule(
    'invalid',
    '参数不正确：核对 phone、sign_name、template_code 与 params',
    'A parameter is wrong: check phone, sign_name, template_code and params.',
  ),
  'isv.PARAM_LENGTH_LIMIT': rule(
    'invalid',
    '变量过长：用 Liquid 的 truncate 缩短（如 {{ title | truncate: 20 }}），或把固定内容写入模板',
    'A variable is too long: shorten it with the Liquid filter truncate, or put fixed words into the template.',
  ),
  'isv.PARAM_NOT_SUPPORT_URL': CONTENT,
  'isv.BLACK_KEY_CONTROL_LIMIT': CONTENT,
  'isv.PRODUCT_UN_SUBSCRIPT': ACCOUNT,
  'isv.PRODUCT_UNSUBSCRIBE': ACCOUNT,
  'isv.ACCOUNT_NOT_EXISTS': ACCOUNT,
  'isv.ACCOUNT_ABNORMAL': ACCOUNT,
  'isv.DENY_IP_RANGE': rule(
    'unauthorized',
    '不允许从该地区的 IP 调用：改由中国内地的出口（proxy）发送',
    'Calls from the region of this IP are refused: send through an exit in mainland China (proxy).',
  ),
  'isv.DISPLAY_NUMBER_ILLEGAL': rule(
    'invalid',
    '显示号码不属于该账号：核对 called_show_number；公共号码模式下请留空',
    'The number to show is not of this account: check called_show_number; leave it out for the public numbers.',
  ),
  'isv.COMPLAINT_REJECT': rule(
    'invalid',
    '被叫曾投诉，平台不再呼叫该号码：更换 phone，或联系阿里云解除',
    'The callee complained earlier and is not called any more: use another phone, or ask Alibaba Cloud.',
  ),
  'isv.VOICE_CALL_PERIOD_ERROR': rule(
    'rate_limited',
    '当前不在允许外呼的时段，通道已暂停；请为夜间告警配置其他通道',
    'Calls are not permitted at this hour; the lane pauses. Have another channel for alerts at night.',
    { pause: 3600, account: true },
  ),
  'isv.VOICE_CALL_FAIL': rule(
    'unavailable',
    '外呼失败，重试一次后仍未成功：确认号码可以接通',
    'The call was not placed, nor on one retry: see that the number can be reached.',
  ),
  'isp.RAM_PERMISSION_DENY': PERMISSION,
  'Forbidden.RAM': PERMISSION,
  NoPermission: PERMISSION,
  'isp.SYSTEM_ERROR': FAULT,
  'isp.GATEWAY_ERROR': FAULT,
  InternalError: FAULT,
  ServiceUnavailable: FAULT,
  Throttling: THROTTLED,
  'Throttling.User': THROTTLED,
  'Throttling.Api': THROTTLED,
  SignatureDoesNotMatch: rule(
    'unauthorized',
    '签名校验失败：检查 access_key_secret；经反向代理时须保留 Host 与路径',
    'The signature does not match: check access_key_secret; a reverse proxy must keep host and path.',
  ),
  IncompleteSignature: KEY,
  InvalidAccessKeyId: KEY,
  'InvalidAccessKeyId.NotFound': KEY,
  'InvalidAccessKeyId.Inactive': KEY,
  'InvalidAction.NotFound': ADDRESS,
  InvalidVersion: ADDRESS,
  'InvalidTimeStamp.Expired': rule(
    'unavailable',
    '服务器时钟与阿里云相差超过 15 分钟：校准服务器时间（NTP）',
    'The clock is more than 15 minutes off: set the server’s clock (NTP).',
  ),
  // Each attempt has a nonce of its own, so somebody sent this one twice, and the first may have been taken.
  SignatureNonceUsed: rule(
    'unknown',
    '该请求被重复提交，第一次可能已经成功：检查 base_url 的代理是否会重放请求',
    'This request was sent twice and may have been taken the first time: see whether the proxy at base_url replays requests.',
  ),
};

/** The level stands in the message: 触发分钟级流控Permits:1, 小时级, 天级. */
export function flowControl(text: string): CodeRule {
  return FLOW.find(({ says }) => says.test(text))!.rule;
}

const tooOften = (zh: string, en: string, more: Parameters<typeof rule>[3] = {}) =>
  rule(
    'rate_limited',
    `同一号码${zh}，已自动暂停；若常见，请合并消息或调低 rate_limit`,
    `${en}; it pauses by itself. If it happens often, merge messages or lower rate_limit.`,
    more,
  );

const FLOW: readonly { readonly says: RegExp; readonly rule: CodeRule }[] = [
  {
    says: /月级|month/i,
    rule: tooOften('本月次数已用完', 'The number’s allowance of this month is used up', {
      quota: (now) => untilMonth(now, CHINA),
    }),
  },
  {
    says: /[天日]级|\bday/i,
    rule: tooOften('今日次数已用完', 'The number’s allowance of today is used up', {
      quota: (now) => untilMidnight(now, CHINA),
    }),
  },
  {
    says: /小?时级|hour/i,
    rule: tooOften('一小时内次数过多', 'Too much within an hour for one number', { pause: 3600 }),
  },
  {
    says: /分钟?级|minute/i,
    rule: tooOften('一分钟内次数过多', 'Too much within a minute for one number', { pause: 60 }),
  },
  { says: /(?:)/, rule: tooOften('发送过于频繁', 'Too much for one number') },
];
