import { randomUUID } from 'node:crypto';
import { createSlidingWindows } from '../limits/sliding-windows.ts';
import { type Bot, type Call, defineStandIn, type Verdict } from '../stand-in.ts';
import { COMMON_CODES, createAliyun, flowMessage, tokenOfAcs3 } from './aliyun/gateway.ts';
import { parseVariables } from './aliyun/variables.ts';
import { mainland, troubleOf } from './sms/phones.ts';
import { templateDraft } from './sms/template-message.ts';

/** Aliyun voice, SingleCallByTts of 2017-05-25. help.aliyun.com, "SingleCallByTts". Values of all variables together. */
const VARIABLES_CHARS = 250;
/** Per callee. */
const CEILINGS = [
  { level: 'minute', max: 1, ms: 60_000 },
  { level: 'hour', max: 5, ms: 3_600_000 },
  { level: 'day', max: 20, ms: 86_400_000 },
] as const;

const CODES: Readonly<Record<string, string>> = {
  ...COMMON_CODES,
  'isv.TTS_TEMPLATE_ILLEGAL': 'TTS模板不合法',
  'isv.TEMPLATE_ILLEGAL': '模板不合法',
  'isv.DISPLAY_NUMBER_ILLEGAL': '号显不合法',
  'isv.COMPLAINT_REJECT': '被叫号码曾投诉，禁止呼叫',
  'isv.VOICE_CALL_PERIOD_ERROR': '当前时段禁止呼叫',
  'isv.VOICE_CALL_FAIL': '呼叫失败',
};

export default defineStandIn(() => {
  const { admit, failure, missing, refuse } = createAliyun({
    product: 'Dyvmsapi',
    action: 'SingleCallByTts',
    codes: CODES,
  });
  const called = createSlidingWindows(CEILINGS);

  const receive = (call: Call, bot: Bot | undefined): Verdict => {
    const turned = admit(call, bot);
    if (turned !== undefined) return turned;
    const query = call.url.searchParams;
    const lacking = missing(query, 'CalledNumber', 'TtsCode');
    if (lacking !== undefined) return lacking;
    const template = query.get('TtsCode')!;
    const phone = mainland(query.get('CalledNumber')!);
    if (phone === undefined) return refuse('isv.MOBILE_NUMBER_ILLEGAL');
    if (!/^TTS_\d{4,20}$/.test(template)) return refuse('isv.TTS_TEMPLATE_ILLEGAL');
    if (!/^\+?\d{3,20}$/.test(query.get('CalledShowNumber') ?? '4008000000'))
      return refuse('isv.DISPLAY_NUMBER_ILLEGAL');
    if (!isSettings(query)) return refuse('isv.INVALID_PARAMETERS');
    const variables = parseVariables(query.get('TtsParam'));
    if (variables === undefined) return refuse('isv.INVALID_JSON_PARAM');
    const spoken = variables.map(({ value }) => value).join('');
    if (spoken.length >= VARIABLES_CHARS) return refuse('isv.PARAM_LENGTH_LIMIT');
    if (/https?:\/\/|www\./i.test(spoken)) return refuse('isv.PARAM_NOT_SUPPORT_URL');
    const trouble = troubleOf(phone);
    if (trouble === 'refused') return refuse('isv.COMPLAINT_REJECT');
    const used = trouble === undefined ? undefined : CEILINGS.find(({ level }) => level === trouble);
    const full = used ?? (bot?.unlimited === true ? undefined : called.full(phone, call.now));
    if (full !== undefined) return refuse('isv.BUSINESS_LIMIT_CONTROL', flowMessage(full.level, full.max));
    called.take(phone, call.now);
    const raw = Object.fromEntries(query);
    return {
      ok: true,
      answer: { body: { Code: 'OK', Message: 'OK', CallId: `${call.now}^0`, RequestId: randomUUID().toUpperCase() } },
      draft: templateDraft({ kind: 'SingleCallByTts', template, variables, phones: [phone], raw }),
    };
  };

  return {
    name: 'aliyun_voice',
    label: '阿里云语音',
    colour: '#d9480f',
    routes: [{ path: '/aliyun_voice', token: tokenOfAcs3, receive }],
    limit: { windows: [{ max: 1000, ms: 1000 }], block_ms: 0, verdict: () => refuse('Throttling.User') },
    failure,
  };
});

/** PlayTimes 1 to 3, Volume 0 to 100, Speed -500 to 500, OutId 1 to 15 bytes; each may be absent. */
function isSettings(query: URLSearchParams): boolean {
  const within = (name: string, min: number, max: number): boolean => {
    const text = query.get(name);
    return text === null || (/^-?\d{1,4}$/.test(text) && Number(text) >= min && Number(text) <= max);
  };
  const id = query.get('OutId');
  const bytes = id === null ? 1 : Buffer.byteLength(id, 'utf8');
  return (
    within('PlayTimes', 1, 3) && within('Volume', 0, 100) && within('Speed', -500, 500) && bytes >= 1 && bytes <= 15
  );
}
