import { z } from 'zod';
import { basicAuth } from '../channel/basic-auth.ts';
import type { HttpReply } from '../channel/channel.ts';
import { classifyStatus, judge, parseObject } from '../channel/classify.ts';
import { defineHttpChannel } from '../channel/http-channel.ts';
import { idText } from '../channel/id.ts';
import { oneRetry } from '../channel/one-retry.ts';
import { baseUrl } from '../channel/server-address.ts';
import { TWILIO_CODES } from '../channel/platform/twilio-codes.ts';
import type { Message, Outcome } from '../model.ts';

/** The form, as it is sent. */
interface Payload {
  readonly To: string;
  readonly From?: string;
  readonly MessagingServiceSid?: string;
  readonly Body: string;
}

const config = z
  .strictObject({
    account_sid: z
      .string()
      .regex(/^AC\w+$/, { error: 'expected an Account SID, AC…' })
      .meta({ description: 'Account SID, AC…' }),
    auth_token: z
      .string()
      .min(1)
      .meta({ secret: true, description: 'Auth token; with api_key_sid the secret of that key' }),
    api_key_sid: z
      .string()
      .regex(/^SK\w+$/, { error: 'expected the SID of an API key, SK…' })
      .optional()
      .meta({ description: 'SID of an API key, SK…, to use instead of the auth token' }),
    to: idText('Number')
      .transform(international)
      .refine((to) => /^\+[1-9]\d{6,14}$/.test(to), { error: 'expected a telephone number, +1…' })
      .meta({ description: 'Telephone number with + and country code' }),
    from: idText('Sender')
      .transform(international)
      .optional()
      .meta({ description: 'Number, short code or name of the sender; this or messaging_service_sid' }),
    messaging_service_sid: z
      .string()
      .regex(/^MG\w+$/, { error: 'expected the SID of a messaging service, MG…' })
      .optional()
      .meta({ description: 'Messaging service that chooses the sender; this or from' }),
    base_url: baseUrl('https://api.twilio.com'),
  })
  .refine((target) => (target.from === undefined) !== (target.messaging_service_sid === undefined), {
    error: 'expected either from or messaging_service_sid',
    path: ['from'],
  });
type Config = z.output<typeof config>;

/** YAML reads `+15551230000` as a number: its sign is put back. Short codes have up to six digits. */
function international(number: string): string {
  return /^\d{7,15}$/.test(number) ? `+${number}` : number;
}

const senderOf = ({ from, messaging_service_sid }: Config) => from ?? messaging_service_sid;

/** SMS by Twilio. Wire facts: twilio.com/docs/messaging/api/message-resource. */
export default defineHttpChannel<typeof config, Payload>({
  name: 'twilio_sms',
  label: { en: 'Twilio SMS', zh: 'Twilio 短信' },
  docs: 'https://www.twilio.com/docs/messaging/api/message-resource',
  config,
  capabilities: { formats: ['text'], card: false, mentions: false, idempotent: false },
  limits: {
    // Official: 1,600 characters, in a unit that is not stated.
    size: [{ of: 'Body', max: 1600, unit: 'chars' }],
    // Ours: an SMS has one text.
    title: { max: 160, unit: 'chars' },
    parts: 1,
    // A long code sends about one segment a second. The minute is ours: a storm becomes a digest.
    rate: { per_second: 1, per_minute: 20 },
    throttle: { base: 5, max: 300 },
  },
  // Ours: requests at once are limited for each account, at a figure that is not documented.
  account: { key: ({ account_sid }) => account_sid, rate: { per_second: 10 } },
  credential: (target) => JSON.stringify([target.account_sid, senderOf(target), target.to]),
  people: ({ to }) => [to, to.slice(1)],
  render: (message, { to, from, messaging_service_sid }) => ({
    To: to,
    ...(from !== undefined && { From: from }),
    ...(messaging_service_sid !== undefined && { MessagingServiceSid: messaging_service_sid }),
    Body: textOf(message),
  }),
  request: (payload, { account_sid, auth_token, api_key_sid = account_sid, base_url }) => ({
    method: 'POST',
    url: `${base_url}/2010-04-01/Accounts/${account_sid}/Messages.json`,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: basicAuth(api_key_sid, auth_token),
    },
    body: new URLSearchParams({ ...payload }).toString(),
  }),
  classify: (reply, now) => oneRetry(classify(reply, now)),
});

/** In plain signs only: a single full-width colon would more than halve the length of every segment (GSM-7 to UCS-2). */
const textOf = ({ title, body, fields = [], url = '' }: Message) =>
  [title, body, ...fields.map(({ name, value }) => `${name}: ${value}`), url].filter((line) => line !== '').join('\n');

// ---- answers ---------------------------------------------------------------------------------------------------

/** Success is a 201 with the SID of the message, and no error of its own. */
function classify(reply: HttpReply, now: Date): Outcome {
  const json = parseObject(reply.body) ?? {};
  const { sid } = json;
  const taken = reply.status === 201 && typeof sid === 'string' && sid !== '';
  const code = taken ? json['error_code'] : json['code'];
  const text = taken ? json['error_message'] : json['message'];
  if (taken && typeof code !== 'number') return { ok: true };
  return typeof code === 'number' && (taken || reply.status >= 300)
    ? judge(TWILIO_CODES, String(code), typeof text === 'string' ? text : '', reply, now)
    : classifyStatus(reply, now);
}
