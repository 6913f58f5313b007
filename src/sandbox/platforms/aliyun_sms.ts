import { randomUUID } from 'node:crypto';
import { createSlidingWindows } from '../limits/sliding-windows.ts';
import { type Bot, type Call, defineStandIn, type Verdict } from '../stand-in.ts';
import { COMMON_CODES, createAliyun, flowMessage, tokenOfAcs3 } from './aliyun/gateway.ts';
import { parseVariables } from './aliyun/variables.ts';
import { isInternational, mainland, troubleOf } from './sms/phones.ts';
import { templateDraft } from './sms/template-message.ts';

/** Aliyun SMS, SendSms of 2017-05-25. help.aliyun.com, "SendSms" and "短信发送频率限制". */
const MOST_NUMBERS = 1000;
/** Of a notification's variable, in characters: 变量规范. */
const VARIABLE_CHARS = 35;
/** Per sign, template and number. */
const PER_DAY = { level: 'day', max: 50, ms: 86_400_000 } as const;

const CODES: Readonly<Record<string, string>> = {
  ...COMMON_CODES,
  'isv.MOBILE_COUNT_OVER_LIMIT': '手机号码数量超过限制，最多支持1000条',
  'isv.SMS_SIGNATURE_ILLEGAL': '该账号下找不到对应签名',
  'isv.SMS_SIGN_ILLEGAL': '短信签名不合法',
  'isv.SIGN_STATE_ILLEGAL': '签名状态不合法',
  'isv.SMS_SIGNATURE_SCENE_ILLEGAL': '签名和模板类型不一致',
  'isv.SMS_TEMPLATE_ILLEGAL': '该账号下找不到对应模板',
};

export default defineStandIn(() => {
  const { admit, failure, missing, refuse } = createAliyun({ product: 'Dysmsapi', action: 'SendSms', codes: CODES });
  const sent = createSlidingWindows([PER_DAY]);

  const receive = (call: Call, bot: Bot | undefined): Verdict => {
    const turned = admit(call, bot);
    if (turned !== undefined) return turned;
    const query = call.url.searchParams;
    const lacking = missing(query, 'PhoneNumbers', 'SignName', 'TemplateCode');
    if (lacking !== undefined) return lacking;
    const [phones, sign, template] = [
      query.get('PhoneNumbers')!.split(','),
      query.get('SignName')!,
      query.get('TemplateCode')!,
    ];
    if (phones.length > MOST_NUMBERS) return refuse('isv.MOBILE_COUNT_OVER_LIMIT');
    if (!phones.every(isPhone)) return refuse('isv.MOBILE_NUMBER_ILLEGAL');
    if (!/^SMS_\d{4,20}$/.test(template)) return refuse('isv.SMS_TEMPLATE_ILLEGAL');
    const variables = parseVariables(query.get('TemplateParam'));
    if (variables === undefined) return refuse('isv.INVALID_JSON_PARAM');
    for (const { value } of variables) {
      const code = variableFault(value);
      if (code !== undefined) return refuse(code);
    }
    for (const phone of phones) {
      const trouble = troubleOf(phone);
      if (trouble === 'refused') return refuse('isv.MOBILE_NUMBER_ILLEGAL');
      if (trouble !== undefined) return refuse('isv.BUSINESS_LIMIT_CONTROL', flowMessage(trouble, PERMITS[trouble]));
      const key = [sign, template, mainland(phone) ?? phone].join('\n');
      const full = bot?.unlimited === true ? undefined : sent.full(key, call.now);
      if (full !== undefined) return refuse('isv.BUSINESS_LIMIT_CONTROL', flowMessage(full.level, full.max));
      sent.take(key, call.now);
    }
    const raw = Object.fromEntries(query);
    return {
      ok: true,
      answer: { body: { Code: 'OK', Message: 'OK', BizId: `${call.now}^0`, RequestId: randomUUID().toUpperCase() } },
      draft: templateDraft({ kind: 'SendSms', sign, template, variables, phones, raw }),
    };
  };

  return {
    name: 'aliyun_sms',
    label: '阿里云短信',
    colour: '#ff6a00',
    routes: [{ path: '/aliyun_sms', token: tokenOfAcs3, receive }],
    limit: { windows: [{ max: 5000, ms: 1000 }], block_ms: 0, verdict: () => refuse('Throttling.User') },
    failure,
  };
});

const PERMITS = { minute: 1, hour: 5, day: 10 } as const;

const isPhone = (phone: string): boolean => mainland(phone) !== undefined || isInternational(phone);

/** 1 to 35 characters; no URL, IP address or emoji. */
function variableFault(value: string): string | undefined {
  if (value.length > VARIABLE_CHARS) return 'isv.PARAM_LENGTH_LIMIT';
  if (/https?:\/\/|www\./i.test(value)) return 'isv.PARAM_NOT_SUPPORT_URL';
  const illegal =
    value === '' || /\p{Extended_Pictographic}/u.test(value) || /(?<!\d)(\d{1,3}\.){3}\d{1,3}(?!\d)/.test(value);
  return illegal ? 'isv.TEMPLATE_PARAMS_ILLEGAL' : undefined;
}
