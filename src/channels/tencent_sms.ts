import { z } from 'zod';
import type { HttpReply } from '../channel/channel.ts';
import { classifyStatus, parseObject } from '../channel/classify.ts';
import { defineHttpChannel } from '../channel/http-channel.ts';
import { idList, idText } from '../channel/id.ts';
import { maskId } from '../channel/mask.ts';
import { oneRetry } from '../channel/one-retry.ts';
import { phrase } from '../channel/text/phrase.ts';
import { baseUrl } from '../channel/server-address.ts';
import { shorten } from '../channel/text/shorten.ts';
import { tc3Authorization } from '../channel/sign/tc3.ts';
import { variablesOf } from '../channel/template/template-variables.ts';
import { renderTemplate, templateText } from '../channel/template/template.ts';
import { judgeTencent } from '../channel/platform/tencent-codes.ts';
import type { Message, Outcome } from '../model.ts';

/** The body of the request, as it is sent. */
interface Payload {
  readonly PhoneNumberSet: readonly string[];
  readonly SmsSdkAppId: string;
  readonly SignName: string;
  readonly TemplateId: string;
  readonly TemplateParamSet?: readonly string[];
}

const config = z.strictObject({
  secret_id: z
    .string()
    .regex(/^[\w-]+$/, { error: 'expected a SecretId' })
    .meta({ secret: true, description: 'SecretId of the API key' }),
  secret_key: z.string().min(1).meta({ secret: true, description: 'SecretKey of the API key' }),
  sdk_app_id: idText('SdkAppId of the SMS application, 1400…; not the AppId of the account'),
  sign_name: z.string().min(1).meta({ description: 'Approved SMS signature, without its brackets 【】' }),
  template_id: idText('Number of an approved template'),
  phone: idList('Number')
    .refine((phones) => phones.every((phone) => /^\+?\d{5,17}$/.test(phone)), { error: 'expected telephone numbers' })
    .transform((phones) => phones.map(international))
    .refine((phones) => phones.length <= 200, { error: 'expected at most 200 numbers' })
    .refine((phones) => phones.every(isMainland) || !phones.some(isMainland), {
      error: 'expected numbers of mainland China only, or none of them',
    })
    .meta({
      description: 'Telephone number or numbers; those outside mainland China in quotes, with + and country code',
    }),
  params: z
    .array(templateText('text', 'Value of the variable in this place (Liquid), without links'))
    .max(50)
    .default([])
    .meta({ description: 'What stands for the variables {1}, {2} … of the template (Liquid); absent = it has none' }),
  param_length: z.int().min(4).max(500).default(35).meta({
    description: 'Most characters of one variable; accounts of individuals have 12, those of enterprises any number',
  }),
  region: z
    .string()
    .regex(/^[a-z\d-]+$/, { error: 'expected a region such as ap-guangzhou' })
    .default('ap-guangzhou')
    .meta({ description: 'Region of the API' }),
  base_url: baseUrl('https://sms.tencentcloudapi.com'),
});
type Config = z.output<typeof config>;

/** With `+` and country code; a number of mainland China may be written without. */
function international(phone: string): string {
  if (phone.startsWith('+')) return phone;
  return /^1[3-9]\d{9}$/.test(phone) ? `+86${phone}` : `+${phone.replace(/^00/, '')}`;
}

const isMainland = (phone: string) => phone.startsWith('+86');

/** SMS by Tencent Cloud. Wire facts: tencentcloud.com/document/product/382/40536. */
export default defineHttpChannel<typeof config, Payload>({
  name: 'tencent_sms',
  label: { en: 'Tencent Cloud SMS', zh: '腾讯云短信' },
  docs: 'https://cloud.tencent.com/document/product/382/55981',
  config,
  capabilities: { formats: ['text'], card: false, mentions: false, idempotent: false },
  limits: {
    // Every variable is shortened by itself; this has room for 50 of them.
    size: [{ of: 'TemplateParamSet', max: 60_000, unit: 'chars' }],
    // Ours: no title is longer than a variable in the end.
    title: { max: 100, unit: 'chars' },
    parts: 1,
    // Default of the console: one in 30 seconds to a number. Those of an hour and a day are the operator's to set there.
    rate: { per_minute: 1 },
    throttle: { base: 30, max: 3600 },
  },
  // Official: 3,000 a second of one account.
  account: { key: ({ secret_id }) => secret_id, rate: { per_second: 2700 } },
  credential: ({ secret_id, sdk_app_id, phone }) => JSON.stringify([secret_id, sdk_app_id, phone.toSorted()]),
  people: ({ phone }) => phone.flatMap((number) => [number, number.replace('+86', '')]),
  render,
  request(payload, { secret_id, secret_key, region, base_url }, now) {
    const { href, host, pathname } = new URL(base_url);
    const timestamp = Math.floor(now.getTime() / 1000);
    const body = JSON.stringify(payload);
    const call = { service: 'sms', host, path: pathname, contentType: JSON_TYPE, action: 'SendSms', body, timestamp };
    return {
      method: 'POST',
      url: href,
      headers: {
        'content-type': JSON_TYPE,
        'x-tc-action': 'SendSms',
        'x-tc-version': '2021-01-11',
        'x-tc-timestamp': String(timestamp),
        'x-tc-region': region,
        authorization: tc3Authorization(call, { id: secret_id, secret: secret_key }),
      },
      body,
    };
  },
  classify: (reply, now) => oneRetry(classify(reply, now)),
});

const JSON_TYPE = 'application/json; charset=utf-8';

function render(message: Message, target: Config, now: Date, id: string): Payload {
  const { phone, sdk_app_id, sign_name, template_id, params, param_length } = target;
  const variables = variablesOf(message, now, id);
  const values = params.map((template) => {
    // Links are refused: InvalidParameterValue.ProhibitedUseUrlInTemplateParameter.
    return shorten(phrase(renderTemplate(template, 'text', variables), ['links'], param_length), param_length);
  });
  return {
    PhoneNumberSet: phone,
    SmsSdkAppId: sdk_app_id,
    SignName: sign_name,
    TemplateId: template_id,
    ...(values.length > 0 && { TemplateParamSet: values }),
  };
}

// ---- answers ---------------------------------------------------------------------------------------------------

/** What became of one number. */
const numbered = z.object({
  PhoneNumber: z.string().default(''),
  Code: z.string(),
  Message: z.string().default(''),
});

/** The answer as a whole: an error of the call, or what became of each number. */
const answer = z.object({
  Response: z.union([
    z.object({ Error: z.object({ Code: z.string(), Message: z.string().default('') }) }),
    z.object({ SendStatusSet: z.array(numbered).min(1) }),
  ]),
});

function classify(reply: HttpReply, now: Date): Outcome {
  const parsed = answer.safeParse(parseObject(reply.body));
  if (!parsed.success) return classifyStatus(reply, now);
  const { Response } = parsed.data;
  if ('Error' in Response) return judgeTencent(Response.Error.Code, Response.Error.Message, reply, now);
  if (reply.status >= 300) return classifyStatus(reply, now);
  const missed = Response.SendStatusSet.filter(({ Code }) => Code !== 'Ok');
  if (missed.length === 0) return { ok: true };
  if (missed.length < Response.SendStatusSet.length) return { ok: true, refused: missed.map(refusedBy) };
  const failures = missed.map(({ Code, Message }) => judgeTencent(Code, Message, reply, now));
  // Nobody was reached. What can be tried again is worth more than what cannot.
  return HOPEFUL.map((kind) => failures.find((failure) => failure.kind === kind)).find(Boolean) ?? failures[0]!;
}

const HOPEFUL = ['rate_limited', 'unavailable'] as const;

const refusedBy = ({ PhoneNumber, Code, Message }: z.output<typeof numbered>) => ({
  recipient: maskId(PhoneNumber),
  code: Code,
  message: Message.slice(0, 200) || '平台拒绝了该号码',
});
