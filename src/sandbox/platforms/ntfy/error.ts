import type { Answer, Verdict } from '../../stand-in.ts';

/** The words of github.com/binwiederhier/ntfy, server/errors.go. The first three digits of a code are the status. */
const ERRORS: Readonly<Record<string, string>> = {
  '40001': 'e-mail notifications are not enabled',
  '40002': 'cannot disable cache for delayed message',
  '40003': 'delayed e-mail notifications are not supported',
  '40004': 'invalid delay parameter: unable to parse delay',
  '40005': 'invalid delay parameter: too small, please refer to the docs',
  '40006': 'invalid delay parameter: too large, please refer to the docs',
  '40007': 'invalid priority parameter',
  '40009': 'invalid request: topic invalid',
  '40010': 'invalid request: topic name is not allowed',
  '40011': 'invalid message: message must be UTF-8 encoded',
  '40013': 'invalid request: attachment URL is invalid',
  '40014': 'invalid request: attachments not allowed',
  '40017': 'invalid request: request body must be message JSON',
  '40018': 'invalid request: actions invalid',
  '40021': 'invalid request: icon URL is invalid',
  '40032': 'invalid request: phone calls are not enabled',
  '40033': 'invalid request: anonymous users cannot make phone calls',
  '40034': 'invalid request: phone number invalid',
  '40035': 'invalid request: phone number not verified',
  '40036': 'invalid request: cannot call this phone number',
  '40037': 'invalid request: phone call verification failed',
  '40041': 'invalid request: message body is not valid JSON',
  '40042': 'invalid request: template invalid',
  '40043': 'invalid request: template contains disallowed functions',
  '40044': 'invalid request: template execution failed',
  '40045': 'invalid request: template cannot be loaded',
  '40101': 'unauthorized',
  '40301': 'forbidden',
  '40401': 'page not found',
  '41301': 'attachment too large, or bandwidth limit reached',
  '41303': 'JSON body too large',
  '42901': 'limit reached: too many requests, please be nice',
  '42902': 'limit reached: too many emails, please be nice',
  '42904': 'limit reached: the total number of topics on the server has been reached, please contact the admin',
  '42905': 'limit reached: daily bandwidth',
  '42908': 'limit reached: daily message quota reached',
  '42909': 'limit reached: too many auth failures',
  '42910': 'limit reached: daily phone call quota reached',
  '50001': 'internal server error',
  '50002': 'internal server error: invalid path',
  '50003': 'internal server error: base-url must be be configured for this feature',
  '50004': 'internal server error: base-url must be be configured for this feature',
  '50701': 'cannot publish to UnifiedPush topic without previously active subscriber',
};

/** Undefined: the server has no such code. */
export function ntfyFailure(code: string): Answer | undefined {
  if (!Object.hasOwn(ERRORS, code)) return undefined;
  const status = Number(code.slice(0, 3));
  const link = status === 401 || status === 403 ? '#authentication' : '#limitations';
  const body = { code: Number(code), http: status, error: ERRORS[code], link: `https://ntfy.sh/docs/publish/${link}` };
  return { status, body };
}

/** @param code one of the codes above */
export function ntfyRefusal(code: string): Verdict {
  return { ok: false, code, reason: ERRORS[code] ?? code, answer: ntfyFailure(code) ?? { status: 500, body: '' } };
}
