import { z } from 'zod';
import { PHONE, aliyunKeys, aliyunRequest, phoneKey } from '../channel/platform/aliyun.ts';
import { ALIYUN_CODES, flowControl } from '../channel/platform/aliyun-codes.ts';
import { type CodeTable, classifyByCode } from '../channel/classify.ts';
import { defineHttpChannel } from '../channel/http-channel.ts';
import { idText } from '../channel/id.ts';
import { oneRetry } from '../channel/one-retry.ts';
import { phrase, shortenTogether } from '../channel/text/phrase.ts';
import { baseUrl } from '../channel/server-address.ts';
import { variablesOf } from '../channel/template/template-variables.ts';
import { renderTemplate } from '../channel/template/template.ts';
import type { Message } from '../model.ts';

interface Payload {
  readonly CalledNumber: string;
  readonly TtsCode: string;
  /** Sent as JSON; absent: the template has no variables. */
  readonly TtsParam?: Readonly<Record<string, string>>;
  readonly CalledShowNumber?: string;
  readonly PlayTimes?: string;
  readonly Volume?: string;
  readonly Speed?: string;
}

const config = z.strictObject({
  ...aliyunKeys,
  phone: idText('Number')
    .refine((phone) => PHONE.test(phone), { error: 'expected one telephone number' })
    .meta({ description: 'The one telephone number to call' }),
  called_show_number: idText('Number that the callee sees; absent = one of the public numbers').optional(),
  play_times: z.int().min(1).max(3).optional().meta({ description: 'How often it is read, 1 to 3; absent = 3' }),
  volume: z.int().min(0).max(100).optional().meta({ description: 'Volume, 0 to 100; absent = 100' }),
  speed: z.int().min(-500).max(500).optional().meta({ description: 'Speed, -500 to 500; absent = 0' }),
  base_url: baseUrl('https://dyvmsapi.aliyuncs.com'),
});
type Config = z.output<typeof config>;

/** Characters of all variables: fewer than 250. */
const VARIABLES = 249;

/**
 * Calls by Alibaba Cloud, which read a template aloud. Wire facts:
 * help.aliyun.com/zh/vms/developer-reference/api-dyvmsapi-2017-05-25-singlecallbytts.
 */
export default defineHttpChannel<typeof config, Payload>({
  name: 'aliyun_voice',
  label: { en: 'Alibaba Cloud voice calls', zh: '阿里云语音' },
  docs: 'https://help.aliyun.com/zh/vms/developer-reference/api-dyvmsapi-2017-05-25-singlecallbytts',
  config,
  capabilities: { formats: ['text'], card: false, mentions: false, idempotent: false },
  limits: {
    // The variables are shortened together; this has room for their names.
    size: [{ of: 'TtsParam', max: 10_000, unit: 'chars' }],
    // Ours: longer ones leave nothing to the text.
    title: { max: 100, unit: 'chars' },
    parts: 1,
    // Those of the callee, below: they hold whatever the template is.
    rate: { per_minute: 1, per_hour: 4, per_day: 18 },
    throttle: { base: 60, max: 3600 },
  },
  // Official, of one callee: one call a minute, five an hour, twenty in 24 hours, failed ones included. There are no
  // fewer than one a minute.
  account: {
    key: ({ access_key_id, phone }) => JSON.stringify([access_key_id, phoneKey(phone)]),
    rate: { per_minute: 1, per_hour: 4, per_day: 18 },
  },
  credential: ({ access_key_id, template_code, phone }) =>
    JSON.stringify([access_key_id, template_code, phoneKey(phone)]),
  people: ({ phone }) => [phone],
  render,
  request({ TtsParam, ...rest }, target, now, id) {
    const query = { ...rest, ...(TtsParam && { TtsParam: JSON.stringify(TtsParam) }) };
    return aliyunRequest(target, 'SingleCallByTts', query, now, id);
  },
  classify: (reply, now) => oneRetry(classify(reply, now)),
});

/** Flow control is of the callee, whatever the template is. */
const TABLE: CodeTable = {
  ...ALIYUN_CODES,
  'isv.BUSINESS_LIMIT_CONTROL': (text) => ({ ...flowControl(text), account: true }),
};
const classify = classifyByCode('Code', 'Message', TABLE, 'OK');

function render(message: Message, target: Config, now: Date, id: string): Payload {
  const { phone, template_code, params, called_show_number, play_times, volume, speed } = target;
  const variables = variablesOf(message, now, id);
  const names = Object.keys(params);
  const values = names.map((name) => phrase(renderTemplate(params[name]!, 'text', variables), ['links'], VARIABLES));
  const short = shortenTogether(values, VARIABLES);
  return {
    CalledNumber: phone,
    TtsCode: template_code,
    ...(names.length > 0 && { TtsParam: Object.fromEntries(names.map((name, i) => [name, short[i]!])) }),
    ...(called_show_number !== undefined && { CalledShowNumber: called_show_number }),
    ...(play_times !== undefined && { PlayTimes: String(play_times) }),
    ...(volume !== undefined && { Volume: String(volume) }),
    ...(speed !== undefined && { Speed: String(speed) }),
  };
}
