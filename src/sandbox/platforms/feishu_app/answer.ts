import { randomUUID } from 'node:crypto';
import type { Answer, Verdict } from '../../stand-in.ts';

/**
 * The answers of Feishu's server API. open.feishu.cn, "generic-error-code", "frequency-control" and the tables of
 * im-v1/message/create and urgent_app.
 */
const WORDS: Readonly<Record<number, string>> = {
  9499: 'Bad Request',
  10003: 'invalid param',
  10014: 'app secret invalid',
  99991400: 'request trigger frequency limit',
  99991403: 'the monthly quota of API calls has been used up',
  99991661: 'Missing access token for authorization. Please make a request with token attached.',
  99991662: 'app status is unavailable',
  99991663: 'Invalid access token for authorization. Please make a test attempt with the correct token.',
  99991671: 'Invalid access token for authorization. The token must start with t-',
  99991672: 'Access denied. One of the following scopes is required: [im:message, im:message:send_as_bot]',
  99992351: 'not a valid id',
  99992361: 'open_id cross app',
  99992402: 'field validation failed',
  230001: 'Your request contains an invalid request parameter',
  230002: 'Bot/User can NOT be out of the chat.',
  230006: 'Bot ability is not activated.',
  230012: 'Bot is NOT the sender of the message.',
  230013: 'Bot has NO availability to this user.',
  230020: 'This operation triggers the frequency limit.',
  230022: 'The content of the message contains sensitive information.',
  230023: 'The user has too many unread urgent messages.',
  230024: 'Reach the upper limit of urgent message.',
  230025: 'The length of the message content reaches its limit.',
  230027: 'Lack of necessary permissions.',
  230034: 'The receive_id is invalid.',
  230049: 'The message is being sent.',
  230099: 'Failed to create card content',
  230110: 'This operation is not allowed as the message has been deleted.',
};

/** HTTP 400 for all others. */
const STATUS: Readonly<Record<number, number>> = {
  10014: 200,
  10015: 200,
  99991400: 429,
  1500: 500,
  2200: 500,
  5000: 500,
};

/** The answer for a code; `more` goes into `error`, beside the id for a support request. */
export function failure(code: number, detail?: string, more: object = {}): Answer {
  const words = WORDS[code] ?? 'sandbox fault';
  const log_id = randomUUID().replaceAll('-', '').toUpperCase();
  return {
    status: STATUS[code] ?? 400,
    ...(code === 99991400 ? { headers: rateHeaders(50, 1) } : {}),
    body: { code, msg: detail === undefined ? words : `${words}, ext=${detail}`, error: { log_id, ...more } },
  };
}

export function refuse(code: number, detail?: string): Verdict {
  return { ok: false, code: String(code), reason: detail ?? WORDS[code] ?? '', answer: failure(code, detail) };
}

/** The gateway's refusal of a call that came too soon: so many are allowed in so many seconds. */
export function throttle(max: number, seconds: number): Verdict {
  const answer = { ...failure(99991400), headers: rateHeaders(max, seconds) };
  return { ok: false, code: '99991400', reason: `over ${max} in ${seconds} s`, answer };
}

/** The gateway's refusal of a field, before the API itself looks at it. */
export function refuseField(field: string, description: string): Verdict {
  const answer = failure(99992402, undefined, {
    field_violations: [{ field, description: `${field} ${description}` }],
  });
  return { ok: false, code: '99992402', reason: `${field} ${description}`, answer };
}

/** The router's own answer to a path or method that it does not have. */
export const NOT_FOUND: Verdict = {
  ok: false,
  code: '404',
  reason: 'no such method',
  answer: { status: 404, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: '404 page not found' },
};

const rateHeaders = (max: number, reset_s: number) => ({
  'x-ogw-ratelimit-limit': String(max),
  'x-ogw-ratelimit-reset': String(reset_s),
});
