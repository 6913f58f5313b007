import { randomUUID } from 'node:crypto';
import { readBasic } from '../basic.ts';
import { isForm } from '../form.ts';
import { levelOfMarks } from '../level.ts';
import { look } from '../look.ts';
import { equal } from '../sign.ts';
import { type Answer, type Bot, type Call, defineStandIn, type Verdict } from '../stand-in.ts';
import { troubleOf } from './sms/phones.ts';
import { countSegments } from './twilio_sms/segments.ts';

/**
 * Twilio, Messages resource. twilio.com/docs/messaging/api/message-resource. What it limits is the number of requests
 * at once, for which it names no figure: `code:20429` shows that answer.
 */
const BODY_CHARS = 1600;

export default defineStandIn(() => ({
  name: 'twilio_sms',
  label: 'Twilio 短信',
  colour: '#f22f46',
  routes: [
    {
      path: '/twilio_sms/2010-04-01/Accounts/:account/Messages.json',
      token: ({ params }) => params['account'] ?? '',
      receive,
    },
  ],
  failure: (code) => (Object.hasOwn(ERRORS, code) ? failure(code) : undefined),
}));

function receive(call: Call, bot: Bot | undefined): Verdict {
  const account = call.params['account'] ?? '';
  if (!/^AC[0-9a-f]{32}$/i.test(account) || !authorized(call, account, bot?.secret)) return refuse('20003');
  if (call.method !== 'POST') return refuse('20004');
  const form = readForm(call);
  const field = (name: string): string => form.get(name) ?? '';
  const [to, from, service, text] = [field('To'), field('From'), field('MessagingServiceSid'), field('Body')];
  if (to === '') return refuse('21604');
  if (!E164.test(to)) return refuse('21211', `The 'To' number ${to} is not a valid phone number.`);
  if (from === '' && service === '') return refuse('21603');
  if (service !== '' && !/^MG[0-9a-f]{32}$/i.test(service)) return refuse('21701');
  if (from !== '' && !SENDER.test(from))
    return refuse('21212', `The 'From' number ${from} is not a valid phone number.`);
  if (text.trim() === '' && !form.has('MediaUrl')) return refuse('21602');
  if (text.length > BODY_CHARS) return refuse('21617');
  const trouble = MAGIC_FROM[from] ?? MAGIC_TO[to] ?? (troubleOf(to) === 'refused' ? '21614' : undefined);
  if (trouble !== undefined) return refuse(trouble);
  const segments = countSegments(text);
  const level = levelOfMarks(text);
  return {
    ok: true,
    answer: { status: 201, body: resource(call, { account, to, from, service, text, segments }) },
    draft: {
      kind: 'Messages',
      style: 'text',
      title: '',
      text,
      format: 'text',
      ...look(level),
      fields: [
        { name: 'From', value: from === '' ? service : from },
        { name: 'Segments', value: String(segments) },
      ],
      links: form.getAll('MediaUrl').map((url) => ({ text: 'MediaUrl', url })),
      to: [to],
      raw: Object.fromEntries(form),
    },
  };
}

const E164 = /^\+[1-9]\d{6,14}$/;
/** A number, a short code or a name of up to eleven characters with at least one letter. */
const SENDER = /^(?:\+[1-9]\d{6,14}|\d{3,8}|(?=.*[a-z])[\w &+-]{1,11})$/i;

/** Basic with the account's own pair, or an API key's; the secret of a declared account holds for both. */
function authorized({ headers }: Call, account: string, secret: string | undefined): boolean {
  const { user, password } = readBasic(headers.authorization) ?? { user: '', password: '' };
  if (password === '' || (user !== account && !/^SK[0-9a-f]{32}$/i.test(user))) return false;
  return secret === undefined || equal(password, secret);
}

/** A body of another type counts as a form without fields. */
function readForm(call: Call): URLSearchParams {
  return new URLSearchParams(isForm(call) ? call.body.toString('utf8') : '');
}

/** As of Twilio's own test credentials: twilio.com/docs/iam/test-credentials */
const MAGIC_TO: Readonly<Record<string, string | undefined>> = {
  '+15005550001': '21211',
  '+15005550002': '21612',
  '+15005550003': '21408',
  '+15005550004': '21610',
  '+15005550009': '21614',
};
const MAGIC_FROM: Readonly<Record<string, string | undefined>> = {
  '+15005550001': '21212',
  '+15005550007': '21606',
  '+15005550008': '21611',
};

/** twilio.com/docs/api/errors */
const ERRORS: Readonly<Record<string, readonly [status: number, message: string]>> = {
  20003: [401, 'Authenticate'],
  20004: [405, 'Method not allowed'],
  20404: [404, 'The requested resource was not found'],
  20429: [429, 'Too Many Requests'],
  20500: [500, 'An internal server error has occurred'],
  20503: [503, 'Service unavailable'],
  21211: [400, "The 'To' number is not a valid phone number."],
  21212: [400, "The 'From' number is not a valid phone number."],
  21408: [400, 'Permission to send an SMS has not been enabled for the region indicated by the "To" number.'],
  21602: [400, 'Message body is required.'],
  21603: [400, "A 'From' phone number is required."],
  21604: [400, "A 'To' phone number is required."],
  21606: [
    400,
    "The 'From' phone number provided is not a valid message-capable Twilio phone number for this destination.",
  ],
  21608: [400, 'The number is unverified. Trial accounts cannot send messages to unverified numbers.'],
  21610: [400, 'Attempt to send to unsubscribed recipient'],
  21611: [429, "This 'From' number has exceeded the maximum number of queued messages"],
  21612: [400, "Message cannot be sent with the current combination of 'To' and 'From' parameters"],
  21614: [400, "'To' number is not a valid mobile number"],
  21617: [400, 'The concatenated message body exceeds the 1600 character limit'],
  21701: [400, 'The Messaging Service does not exist'],
};

function failure(code: string, words?: string): Answer {
  const [status, message] = ERRORS[code]!;
  const more_info = `https://www.twilio.com/docs/errors/${code}`;
  return { status, body: { code: Number(code), message: words ?? message, more_info, status } };
}

const refuse = (code: string, words?: string): Verdict => ({
  ok: false,
  code,
  reason: words ?? ERRORS[code]![1],
  answer: failure(code, words),
});

interface Sent {
  readonly account: string;
  readonly to: string;
  readonly from: string;
  readonly service: string;
  readonly text: string;
  readonly segments: number;
}

function resource({ now }: Call, { account, to, from, service, text, segments }: Sent): object {
  const sid = `SM${randomUUID().replaceAll('-', '')}`;
  const date = new Date(now).toUTCString().replace('GMT', '+0000');
  return {
    account_sid: account,
    api_version: '2010-04-01',
    body: text,
    date_created: date,
    date_sent: null,
    date_updated: date,
    direction: 'outbound-api',
    error_code: null,
    error_message: null,
    from: from === '' ? null : from,
    messaging_service_sid: service === '' ? null : service,
    num_media: '0',
    num_segments: String(segments),
    price: null,
    price_unit: 'USD',
    sid,
    status: service === '' ? 'queued' : 'accepted',
    to,
    uri: `/2010-04-01/Accounts/${account}/Messages/${sid}.json`,
  };
}
