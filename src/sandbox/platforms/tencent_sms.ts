import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { isJson, parseJson } from '../body.ts';
import { createSlidingWindows } from '../limits/sliding-windows.ts';
import { type Answer, type Bot, type Call, defineStandIn, type Verdict } from '../stand-in.ts';
import { type FlowLevel, isInternational, mainland, troubleOf } from './sms/phones.ts';
import { templateDraft } from './sms/template-message.ts';
import { admitTencent, missing, refuseTencent as refuse, tencentError, tokenOfTc3 } from './tencent_sms/gateway.ts';

/** Tencent Cloud SMS, SendSms of 2021-01-11. cloud.tencent.com/document/api/382/55981. */
const MOST_NUMBERS = 200;
const SESSION_BYTES = 512;
/** The same content to one number. The console's ceilings per day differ from page to page and do not hold here. */
const SAME_CONTENT = { max: 1, ms: 30_000 };

export default defineStandIn(() => {
  const sent = createSlidingWindows([SAME_CONTENT]);

  /** The code of one number; undefined: it is sent to. */
  const refusal = (phone: string, content: string, { now }: Call, bot: Bot | undefined): string | undefined => {
    if (!isPhone(phone)) return 'InvalidParameterValue.IncorrectPhoneNumber';
    const trouble = troubleOf(phone);
    if (trouble === 'refused') return 'FailedOperation.PhoneNumberInBlacklist';
    if (trouble !== undefined) return FLOW_CODES[trouble];
    if (bot?.unlimited === true) return undefined;
    const key = `${phone}\n${content}`;
    if (sent.full(key, now) !== undefined) return FLOW_CODES.minute;
    sent.take(key, now);
    return undefined;
  };

  const receive = (call: Call, bot: Bot | undefined): Verdict => {
    const turned = admitTencent(call, bot);
    if (turned !== undefined) return turned;
    const message = read(call);
    if ('ok' in message) return message;
    const { PhoneNumberSet: phones, TemplateParamSet: values, SessionContext: session } = message;
    const content = JSON.stringify([message.SmsSdkAppId, message.SignName, message.TemplateId, values]);
    const codes = phones.map((phone) => refusal(phone, content, call, bot));
    const answer = statusSet(phones.map((phone, i) => status(phone, codes[i], session, call.now)));
    const reached = phones.filter((_, i) => codes[i] === undefined);
    if (reached.length === 0) return { ok: false, code: codes[0]!, reason: WORDS[codes[0]!] ?? '', answer };
    const draft = templateDraft({
      kind: 'SendSms',
      ...(message.SignName === undefined ? {} : { sign: message.SignName }),
      template: message.TemplateId,
      variables: values.map((value, i) => ({ name: `{${i + 1}}`, value })),
      phones: reached,
      raw: message,
    });
    return { ok: true, answer, draft };
  };

  return {
    name: 'tencent_sms',
    label: '腾讯云短信',
    colour: '#006eff',
    routes: [{ path: '/tencent_sms', token: tokenOfTc3, receive }],
    limit: { windows: [{ max: 3000, ms: 1000 }], block_ms: 0, verdict: () => refuse('RequestLimitExceeded') },
    failure,
  };
});

/** What goes wrong with a number or its content comes in `SendStatusSet`, everything else as an error of the call. */
function failure(code: string): Answer | undefined {
  if (!FAMILIES.test(code)) return undefined;
  return IN_STATUS.test(code)
    ? statusSet([status('+8613800138000', code, '', 0)])
    : tencentError(code, WORDS[code] ?? 'sandbox fault');
}

const FAMILIES =
  /^(?:(?:AuthFailure|UnauthorizedOperation|UnsupportedOperation|InternalError|LimitExceeded|FailedOperation|InvalidParameterValue|InvalidParameter|MissingParameter|RequestLimitExceeded|ResourceInsufficient|ResourceNotFound|ResourceUnavailable)(?:\.\w{1,60})?|InvalidAction|NoSuchVersion|UnknownParameter|UnsupportedRegion|RequestSizeLimitExceeded|IpInBlacklist|InvalidRequest)$/;
const IN_STATUS =
  /^(?:FailedOperation\.|LimitExceeded\.(?:PhoneNumber(?!CountLimit)|DeliveryFrequency|AppDaily)|InvalidParameterValue\.(?:IncorrectPhoneNumber|TemplateParameter))/;

const FLOW_CODES: Readonly<Record<FlowLevel, string>> = {
  minute: 'LimitExceeded.PhoneNumberThirtySecondLimit',
  hour: 'LimitExceeded.PhoneNumberOneHourLimit',
  day: 'LimitExceeded.PhoneNumberDailyLimit',
};

const WORDS: Readonly<Record<string, string>> = {
  'InvalidParameterValue.IncorrectPhoneNumber': 'incorrect phone number',
  'FailedOperation.PhoneNumberInBlacklist': 'the mobile number is in the blacklist',
  'FailedOperation.SignatureIncorrectOrUnapproved': 'signature incorrect or unapproved',
  'FailedOperation.TemplateIncorrectOrUnapproved': 'template incorrect or unapproved',
  'FailedOperation.InsufficientBalanceInSmsPackage': 'insufficient balance in SMS package',
  'LimitExceeded.PhoneNumberThirtySecondLimit':
    'the number of sms messages sent from a single mobile number within 30 seconds exceeds the upper limit',
  'LimitExceeded.PhoneNumberOneHourLimit':
    'the number of sms messages sent from a single mobile number within 1 hour exceeds the upper limit',
  'LimitExceeded.PhoneNumberDailyLimit':
    'the number of sms messages sent from a single mobile number every day exceeds the upper limit',
};

const statusSet = (SendStatusSet: readonly object[]): Answer => ({
  body: { Response: { SendStatusSet, RequestId: randomUUID() } },
});

function status(phone: string, code: string | undefined, session: string, now: number): object {
  const sent = code === undefined;
  return {
    SerialNo: sent ? `2028:${now}${phone.slice(-4)}` : '',
    PhoneNumber: phone,
    Fee: sent ? 1 : 0,
    SessionContext: session,
    Code: code ?? 'Ok',
    Message: code === undefined ? 'send success' : (WORDS[code] ?? 'sandbox fault'),
    IsoCode: phone.startsWith('+86') ? 'CN' : '',
  };
}

/** E.164 with `+`, or eleven digits that count as mainland. */
const isPhone = (phone: string): boolean =>
  mainland(phone) !== undefined || (phone.startsWith('+') && isInternational(phone));

const MESSAGE = z.strictObject({
  PhoneNumberSet: z.array(z.string()),
  SmsSdkAppId: z.string(),
  TemplateId: z.string(),
  SignName: z.string().optional(),
  TemplateParamSet: z.array(z.string()).default([]),
  ExtendCode: z.string().optional(),
  SessionContext: z.string().default(''),
  SenderId: z.string().optional(),
});

function read(call: Call): z.output<typeof MESSAGE> | Verdict {
  const json = isJson(call) ? parseJson(call.body) : undefined;
  if (json === undefined) return refuse('InvalidRequest', 'The request body is not valid JSON.');
  const parsed = MESSAGE.safeParse(json);
  if (!parsed.success) return shapeFault(parsed.error.issues[0]!, json);
  const { PhoneNumberSet: phones, SignName, SmsSdkAppId, TemplateId, SessionContext } = parsed.data;
  if (phones.length === 0) return refuse('MissingParameter', missing('PhoneNumberSet'));
  if (phones.length > MOST_NUMBERS) {
    return refuse('LimitExceeded.PhoneNumberCountLimit', 'the number of mobile numbers exceeds the upper limit of 200');
  }
  const home = phones.filter((phone) => mainland(phone) !== undefined).length;
  if (home > 0 && phones.some((phone) => mainland(phone) === undefined && isPhone(phone))) {
    return refuse(
      'UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber',
      'domestic and international numbers',
    );
  }
  if (!/^\d{6,12}$/.test(SmsSdkAppId))
    return refuse('UnauthorizedOperation.SmsSdkAppIdVerifyFail', 'SmsSdkAppId verify fail');
  if (!/^\d{1,12}$/.test(TemplateId)) return refuse('FailedOperation.TemplateIncorrectOrUnapproved');
  if (home > 0 && (SignName ?? '') === '') return refuse('FailedOperation.SignatureIncorrectOrUnapproved');
  if (Buffer.byteLength(SessionContext, 'utf8') >= SESSION_BYTES) {
    return refuse('InvalidParameterValue', 'SessionContext must be shorter than 512 bytes');
  }
  return parsed.data;
}

/** The gateway knows the parameters of each action and takes no others. */
function shapeFault(issue: z.core.$ZodIssue, json: object): Verdict {
  if (issue.code === 'unrecognized_keys') {
    return refuse('UnknownParameter', `The parameter \`${issue.keys[0]}\` is not recognized.`);
  }
  const [name = ''] = issue.path.map(String);
  if (!Object.hasOwn(json, name)) return refuse('MissingParameter', missing(name));
  return refuse('InvalidParameter', `The value type of parameter \`${issue.path.join('.')}\` is not valid.`);
}
