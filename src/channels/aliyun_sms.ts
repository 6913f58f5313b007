import { z } from 'zod';
import { PHONE, aliyunKeys, aliyunRequest, phoneKey } from '../channel/platform/aliyun.ts';
import { ALIYUN_CODES } from '../channel/platform/aliyun-codes.ts';
import { classifyByCode } from '../channel/classify.ts';
import { defineHttpChannel } from '../channel/http-channel.ts';
import { idList } from '../channel/id.ts';
import { oneRetry } from '../channel/one-retry.ts';
import { phrase } from '../channel/text/phrase.ts';
import { baseUrl } from '../channel/server-address.ts';
import { shorten } from '../channel/text/shorten.ts';
import { variablesOf } from '../channel/template/template-variables.ts';
import { renderTemplate } from '../channel/template/template.ts';
import type { Message } from '../model.ts';

interface Payload {
  readonly PhoneNumbers: string;
  readonly SignName: string;
  readonly TemplateCode: string;
  /** Sent as JSON; absent: the template has no variables. */
  readonly TemplateParam?: Readonly<Record<string, string>>;
}

const config = z.strictObject({
  ...aliyunKeys,
  sign_name: z.string().min(1).meta({ description: 'Approved SMS signature, without its brackets 【】' }),
  phone: idList('Number or numbers, of mainland China with or without 86')
    .refine((phones) => phones.every((phone) => PHONE.test(phone)), { error: 'expected telephone numbers' })
    .refine((phones) => phones.length <= 1000, { error: 'expected at most 1000 numbers' })
    .meta({ description: 'Telephone number or numbers, of mainland China with or without 86' }),
  base_url: baseUrl('https://dysmsapi.aliyuncs.com'),
});
type Config = z.output<typeof config>;

/** Characters of a variable in a notification; no links, addresses and emoji: help.aliyun.com, 短信模板规范. */
const VARIABLE = 35;

/** SMS by Alibaba Cloud. Wire facts: help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2017-05-25-sendsms. */
export default defineHttpChannel<typeof config, Payload>({
  name: 'aliyun_sms',
  label: { en: 'Alibaba Cloud SMS', zh: '阿里云短信' },
  docs: 'https://help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2017-05-25-sendsms',
  config,
  // Not idempotent, in the words of the same page: look up the receipt before repeating.
  capabilities: { formats: ['text'], card: false, mentions: false, idempotent: false },
  limits: {
    // Every variable is shortened by itself; this has room for 50 of them.
    size: [{ of: 'TemplateParam', max: 10_000, unit: 'chars' }],
    // Ours: no title is longer than a variable in the end.
    title: { max: 100, unit: 'chars' },
    parts: 1,
    // Official, of notifications: 50 in 24 hours to a number, by one signature and template. The minute is ours: a storm
    // becomes a digest before it eats up the day.
    rate: { per_minute: 10, per_day: 48 },
    throttle: { base: 60, max: 3600 },
  },
  // Official: 5,000 a second of one account.
  account: { key: ({ access_key_id }) => access_key_id, rate: { per_second: 4500 } },
  credential: ({ access_key_id, sign_name, template_code, phone }) =>
    JSON.stringify([access_key_id, sign_name, template_code, phone.map(phoneKey).toSorted()]),
  people: ({ phone }) => phone,
  render,
  request({ TemplateParam, ...rest }, target, now, id) {
    const query = { ...rest, ...(TemplateParam && { TemplateParam: JSON.stringify(TemplateParam) }) };
    return aliyunRequest(target, 'SendSms', query, now, id);
  },
  classify: (reply, now) => oneRetry(classify(reply, now)),
});

const classify = classifyByCode('Code', 'Message', ALIYUN_CODES, 'OK');

function render(message: Message, target: Config, now: Date, id: string): Payload {
  const { phone, sign_name, template_code, params } = target;
  const variables = variablesOf(message, now, id);
  const values = Object.entries(params).map(([name, template]) => {
    const text = phrase(renderTemplate(template, 'text', variables), ['links', 'addresses', 'emoji'], VARIABLE);
    return [name, shorten(text, VARIABLE)] as const;
  });
  return {
    PhoneNumbers: phone.join(','),
    SignName: sign_name,
    TemplateCode: template_code,
    ...(values.length > 0 && { TemplateParam: Object.fromEntries(values) }),
  };
}
