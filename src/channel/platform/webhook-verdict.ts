import type { Failure, Outcome } from '../../model.ts';
import type { HttpReply } from '../channel.ts';
import { type CodeRule, type CodeTable, classifyStatus, failureOf, judge } from '../classify.ts';
import { rule } from '../rule.ts';

/** How a receiver says that it took the message. */
export interface SuccessTest {
  /** Dotted path into the JSON answer; a number is a place in a list. */
  readonly path: string;
  readonly equals: string | number | boolean;
}

/**
 * The verdict in the answer of a receiver of which nothing is known but that it speaks HTTP. Without a test a 2xx counts,
 * unless its JSON has a numeric `errcode` or `code` other than 0 or 200, or `ok` or `success` false.
 */
export function webhookVerdict(reply: HttpReply, now: Date, success: SuccessTest | undefined): Outcome {
  const json = parse(reply.body);
  const refused = refusalIn(json, reply, now);
  if (reply.status < 200 || reply.status >= 300) {
    if (refused?.kind === 'rate_limited') return refused;
    return reply.status === 410
      ? failureOf(GONE, { code: 'HTTP 410', message: '', reply, now })
      : classifyStatus(reply, now);
  }
  if (success === undefined) return refused ?? { ok: true };
  if (at(json, success.path) === success.equals) return { ok: true };
  if (refused !== undefined) return refused;
  // An answer that is no JSON was given by something else: nobody can say what became of the message.
  if (json === undefined) return classifyStatus(reply, now);
  return failureOf(NOT_EQUAL, {
    code: 'success',
    message: `应答中 ${success.path} 的值与 success.equals 不同`,
    reply,
    now,
  });
}

const GONE = rule(
  'unauthorized',
  '接收方已永久关闭该地址（HTTP 410）：停用此目标，或向接收方索取新地址',
  'The receiver has closed this address for good (HTTP 410): disable the target, or ask for a new address.',
);
const NOT_EQUAL = rule(
  'unavailable',
  '接收方没有确认收到：查看其应答，并核对 success.path 与 success.equals',
  'The receiver did not confirm the message: look at its answer, and compare success.path and success.equals with it.',
  { max_retries: 1 },
);
const REFUSED = rule(
  'unavailable',
  '接收方报告失败：按错误信息检查请求内容；若该应答其实表示成功，请配置 success',
  'The receiver reports a failure: check the request against its message; if the answer means success, configure success.',
  { max_retries: 1 },
);

// ---- refusals --------------------------------------------------------------------------------------------------

const tooFast = (pause?: number): CodeRule =>
  rule(
    'rate_limited',
    '接收方限流，通道已自动暂停；若常见，请为此目标设置 rate_limit',
    'The receiver throttles; the lane pauses by itself. If it happens often, set rate_limit for this target.',
    pause === undefined ? {} : { pause },
  );
const BAD_BOT = rule(
  'unauthorized',
  '机器人地址无效、已被移除或安全设置不符：核对 url，并检查机器人的签名、关键词与 IP 设置',
  'The bot’s URL is not valid, the bot was removed, or its security settings refuse: check url, signature, keywords and IP list.',
);

/**
 * Group bots are often written as plain webhooks: the codes by which they throttle, and those that only their owner can
 * mend. Seconds as those platforms document them. Sources: open.dingtalk.com, custom-robots-send-group-messages;
 * developer.work.weixin.qq.com/document/path/91770 and 90312; open.feishu.cn, client-docs/bot-v3/add-custom-bot.
 */
const BOT_CODES: Readonly<Record<'errcode' | 'code', CodeTable>> = {
  errcode: {
    45009: tooFast(60),
    130101: tooFast(600),
    410100: tooFast(600),
    88: BAD_BOT,
    93000: BAD_BOT,
    93004: BAD_BOT,
    93008: BAD_BOT,
    300001: BAD_BOT,
    300005: BAD_BOT,
    310000: BAD_BOT,
    400013: BAD_BOT,
    400101: BAD_BOT,
    400102: BAD_BOT,
    400106: BAD_BOT,
  },
  code: {
    9499: (said) => (/too many|frequen/i.test(said) ? tooFast() : REFUSED),
    11232: tooFast(),
    11233: tooFast(),
    11247: tooFast(),
    99991400: tooFast(),
    19001: BAD_BOT,
    19007: BAD_BOT,
    19021: BAD_BOT,
    19022: BAD_BOT,
    19024: BAD_BOT,
  },
};

/** Says that the message was not taken, in one of the ways that many receivers share. */
function refusalIn(json: unknown, reply: HttpReply, now: Date): Failure | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
  const answer: Readonly<Record<string, unknown>> = { ...json };
  const text = WORDS.map((key) => answer[key]).find((word) => typeof word === 'string' && word !== '');
  const message = typeof text === 'string' ? text : '接收方报告失败';
  for (const key of ['errcode', 'code'] as const) {
    const code = answer[key];
    if (typeof code !== 'number' || code === 0 || code === 200) continue;
    if (Object.hasOwn(BOT_CODES[key], code)) return judge(BOT_CODES[key], String(code), message, reply, now);
    // Many repeat HTTP's own numbers in their answers.
    if (Number.isInteger(code) && code >= 400 && code < 600)
      return { ...classifyStatus({ ...reply, status: code }, now), code: String(code), message: message.slice(0, 500) };
    return failureOf(REFUSED, { code: String(code), message, reply, now });
  }
  const denied = ['ok', 'success'].find((key) => answer[key] === false);
  return denied === undefined ? undefined : failureOf(REFUSED, { code: `${denied}=false`, message, reply, now });
}

/** Where receivers say what is wrong. */
const WORDS = ['errmsg', 'message', 'msg', 'error', 'description'];

// ---- reading ---------------------------------------------------------------------------------------------------

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function at(value: unknown, path: string): unknown {
  let inner = value;
  for (const key of path.split('.')) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, key)) return undefined;
    inner = Reflect.get(inner, key);
  }
  return inner;
}
