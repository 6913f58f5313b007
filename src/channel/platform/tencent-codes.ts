import type { HttpReply } from '../channel.ts';
import { type CodeRule, type CodeTable, judge } from '../classify.ts';
import type { Failure } from '../../model.ts';
import { CHINA, untilMidnight } from '../quota.ts';
import { rule } from '../rule.ts';

/** The verdict in a code of Tencent Cloud; one that is not listed is judged by its family, `AuthFailure.…`. */
export function judgeTencent(code: string, text: string, reply: HttpReply, now: Date): Failure {
  const family = code.replace(/\..*$/, '');
  const known = Object.hasOwn(TENCENT_CODES, code) || !Object.hasOwn(TENCENT_CODES, family) ? code : family;
  return { ...judge(TENCENT_CODES, known, text, reply, now), code };
}

const tooOften = (zh: string, en: string, more: Omit<CodeRule, 'kind' | 'remedy'>) =>
  rule(
    'rate_limited',
    `${zh}，已自动暂停；可在短信控制台「频率限制」中调整`,
    `${en}; it pauses by itself. The limits can be changed in the SMS console.`,
    more,
  );
const today = { quota: (now: Date) => untilMidnight(now, CHINA) };

const SIGNED = rule(
  'unauthorized',
  '签名校验失败：检查 secret_key；经反向代理时须保留 Host 与路径',
  'The signature does not match: check secret_key; a reverse proxy must keep host and path.',
);
const KEY = rule(
  'unauthorized',
  'API 密钥不存在、已停用或无权限：在访问管理控制台核对 secret_id、secret_key，并授予短信（SMS）权限',
  'The API key does not exist, is disabled or has no permission: check secret_id and secret_key, and grant it SMS.',
);
const APP = rule(
  'unauthorized',
  '短信应用不存在、已停用或不属于该账号：核对 sdk_app_id（以 1400 开头，不是账号的 AppId）',
  'The SMS application does not exist, is disabled or is of another account: check sdk_app_id, which is not the account’s AppId.',
);
const UNPAID = rule(
  'unauthorized',
  '套餐包余量不足或账号欠费：购买短信套餐包或充值',
  'The package is used up or the account in arrears: buy a package or top up.',
);
const TEMPLATE = rule(
  'invalid',
  '模板不存在、未通过审核，或 params 与模板变量的个数不一致：核对 template_id 与 params 的顺序和个数',
  'The template does not exist, is not approved or has another number of variables: check template_id, and the order and number of params.',
);
const SIGN = rule(
  'invalid',
  '短信签名不存在或未通过审核：在短信控制台核对 sign_name',
  'The SMS signature does not exist or is not approved: check sign_name in the console.',
);
const CONTENT = rule(
  'invalid',
  '内容含有敏感词或不允许的网址：修改消息，或把固定内容写入模板后重新审核',
  'The text holds a forbidden word or a link: change the message, or put fixed words into the template.',
);
const TOO_LONG = rule(
  'invalid',
  '变量过长：个人认证账号每个变量最多 12 个字符，请把 param_length 设为 12，或改为企业认证',
  'A variable is too long: accounts of individuals have 12 characters for each; set param_length to 12, or certify an enterprise.',
);
const NUMBERS = rule(
  'invalid',
  '号码不正确：核对 phone（国际号码须带 + 与国家码，且不能与国内号码混发）',
  'A number is wrong: check phone; abroad it begins with + and the country code, and is not mixed with mainland numbers.',
);
const REQUEST = rule(
  'invalid',
  '腾讯云不接受该请求的参数：核对 sdk_app_id、template_id、sign_name、region 与 base_url',
  'Tencent Cloud does not take the parameters: check sdk_app_id, template_id, sign_name, region and base_url.',
);
const CLOCK = rule(
  'unavailable',
  '服务器时钟与腾讯云相差超过 5 分钟：校准服务器时间（NTP）',
  'The clock is more than 5 minutes off: set the server’s clock (NTP).',
);
const THROTTLED = rule(
  'rate_limited',
  '接口调用过于频繁，稍后自动继续；若常见，请调低 account_rate_limit',
  'The API is called too often; it goes on by itself. If it happens often, lower account_rate_limit.',
  { pause: 1, account: true },
);
const FAULT = rule(
  'unavailable',
  '腾讯云内部错误，重试一次后仍未成功：稍后重发，或查看腾讯云健康看板',
  'A fault at Tencent Cloud, which one retry did not outlast: send again later, or see its status page.',
);

/**
 * Error codes of SendSms, of the call and of each number, and those of every API; a code without a dot stands for its
 * family.
 * Sources: cloud.tencent.com/document/product/382/38780; github.com/TencentCloud/tencentcloud-sdk-go,
 * tencentcloud/sms/v20210111/errors.go.
 */
const TENCENT_CODES: CodeTable = {
  LimitExceeded: tooOften('短信发送过于频繁', 'Too many SMS', {}),
  'LimitExceeded.PhoneNumberThirtySecondLimit': tooOften(
    '同一号码 30 秒内次数过多',
    'Too much within 30 s for one number',
    {
      pause: 30,
    },
  ),
  'LimitExceeded.PhoneNumberOneHourLimit': tooOften(
    '同一号码一小时内次数过多',
    'Too much within an hour for one number',
    {
      pause: 3600,
    },
  ),
  'LimitExceeded.PhoneNumberDailyLimit': tooOften(
    '同一号码今日次数已用完',
    'The number’s allowance of today is used up',
    today,
  ),
  'LimitExceeded.PhoneNumberSameContentDailyLimit': rule(
    'rate_limited',
    '同一内容今日发给该号码的次数已用完：换一种内容，或在短信控制台「频率限制」中调整',
    'This text has been sent to the number too often today: change it, or raise the limit in the SMS console.',
    today,
  ),
  'LimitExceeded.DeliveryFrequencyLimit': tooOften('触发频率限制策略', 'A limit of the console is reached', {
    pause: 60,
  }),
  'LimitExceeded.AppDailyLimit': tooOften(
    '短信应用今日发送量已用完',
    'The application’s allowance of today is used up',
    {
      ...today,
      account: true,
    },
  ),
  'LimitExceeded.DailyLimit': tooOften('国际短信今日发送量已用完', 'The allowance of today abroad is used up', {
    ...today,
    account: true,
  }),
  'LimitExceeded.PhoneNumberCountLimit': rule(
    'invalid',
    '号码过多：一个目标最多 200 个手机号，请拆成几个目标',
    'Too many numbers: a target takes at most 200; split it.',
  ),
  FailedOperation: REQUEST,
  'FailedOperation.SignatureIncorrectOrUnapproved': SIGN,
  'FailedOperation.MissingSignature': SIGN,
  'FailedOperation.TemplateIncorrectOrUnapproved': TEMPLATE,
  'FailedOperation.TemplateParamSetNotMatchApprovedTemplate': TEMPLATE,
  'FailedOperation.TemplateUnapprovedOrNotExist': TEMPLATE,
  'FailedOperation.TemplateIdNotExist': TEMPLATE,
  'FailedOperation.ContainSensitiveWord': CONTENT,
  'FailedOperation.PhoneNumberInBlacklist': rule(
    'invalid',
    '号码在免打扰名单中（退订或运营商拦截）：请收件人恢复订阅，或联系腾讯云短信小助手',
    'The number is on the block list (unsubscribed, or by the operator): ask the recipient, or Tencent’s SMS support.',
  ),
  'FailedOperation.PhoneNumberParseFail': NUMBERS,
  'FailedOperation.InsufficientBalanceInSmsPackage': UNPAID,
  'FailedOperation.MarketingSendTimeConstraint': rule(
    'rate_limited',
    '营销短信只能在 8 点到 22 点发送：告警请使用通知类模板',
    'Promotions may be sent from 8 to 22 o’clock only: use a template of the notification kind.',
    { pause: 3600 },
  ),
  InvalidParameter: REQUEST,
  'InvalidParameter.DirtyWordFound': CONTENT,
  'InvalidParameter.AppidAndBizId': APP,
  InvalidParameterValue: REQUEST,
  'InvalidParameterValue.IncorrectPhoneNumber': NUMBERS,
  'InvalidParameterValue.TemplateParameterLengthLimit': TOO_LONG,
  'InvalidParameterValue.TemplateParameterFormatError': rule(
    'invalid',
    '验证码模板的变量只能是 0～6 位数字：告警请使用通知类模板',
    'Variables of a verification template are up to 6 digits: use a template of the notification kind.',
  ),
  'InvalidParameterValue.ContentLengthLimit': rule(
    'invalid',
    '短信过长：缩短消息或减小 param_length',
    'The SMS is too long: shorten the message or lower param_length.',
  ),
  'InvalidParameterValue.ProhibitedUseUrlInTemplateParameter': CONTENT,
  'InvalidParameterValue.SdkAppIdNotExist': APP,
  MissingParameter: REQUEST,
  'MissingParameter.EmptyPhoneNumberSet': NUMBERS,
  UnsupportedOperation: REQUEST,
  'UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber': NUMBERS,
  'UnsupportedOperation.UnsuportedRegion': rule(
    'invalid',
    '不支持向该地区发送短信：核对 phone 的国家码，或在控制台开通国际短信',
    'SMS to this country are not supported: check the country code, or open international SMS in the console.',
  ),
  AuthFailure: KEY,
  'AuthFailure.SignatureFailure': SIGNED,
  'AuthFailure.SignatureExpire': CLOCK,
  UnauthorizedOperation: KEY,
  'UnauthorizedOperation.RequestIpNotInWhitelist': rule(
    'unauthorized',
    '服务器 IP 不在白名单：在短信控制台的应用设置中加入本机出口 IP',
    'The IP is not on the allow list: add the server’s address in the application’s settings.',
  ),
  'UnauthorizedOperation.SdkAppIdIsDisabled': APP,
  'UnauthorizedOperation.SmsSdkAppIdVerifyFail': APP,
  'UnauthorizedOperation.SerivceSuspendDueToArrears': UNPAID,
  RequestLimitExceeded: THROTTLED,
  InternalError: FAULT,
  'InternalError.RequestTimeException': CLOCK,
  'InternalError.SigVerificationFail': SIGNED,
  'InternalError.SigFieldMissing': SIGNED,
  InvalidAction: REQUEST,
  NoSuchVersion: REQUEST,
  UnsupportedRegion: REQUEST,
};
