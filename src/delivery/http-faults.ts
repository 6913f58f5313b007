import { FailureError, SendError } from '../channel/channel.ts';

/** What went wrong, for people and by the system's code; never the address, which is a secret. */
export function faultOf(error: Fault, sent: boolean): SendError | FailureError {
  if (error instanceof SendError || error instanceof FailureError) return error;
  const code = codeOf(error);
  return new SendError(wordsOf(code), sent, code);
}

/** The same for the way to a proxy: nothing of the request has left yet. */
export function proxyFaultOf(error: Fault): SendError {
  if (error instanceof SendError) return error;
  const code = codeOf(error);
  // Not by the system's code: undici takes a name that does not match for that of the target, and dials for ever.
  if (isTls(code)) return new SendError('代理的 TLS 证书错误', false, 'PROXY_TLS');
  return new SendError(`代理${wordsOf(code)}`, false, code);
}

type Fault = Error & { readonly code?: string };

const codeOf = (error: Fault): string | undefined => error.code ?? (error.cause as { code?: string } | undefined)?.code;

const isTls = (code: string | undefined): boolean =>
  code !== undefined && (code.startsWith('ERR_TLS') || /CERT|SELF_SIGNED|ISSUER/.test(code));

const wordsOf = (code = ''): string => FAULTS[code] ?? (isTls(code) ? 'TLS 证书错误' : '网络错误');

const FAULTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: '连接被拒绝',
  ECONNRESET: '连接被重置',
  ENOTFOUND: '域名解析失败',
  EAI_AGAIN: '域名解析暂时失败',
  EHOSTUNREACH: '网络不可达',
  ENETUNREACH: '网络不可达',
  ETIMEDOUT: '连接超时',
  UND_ERR_SOCKET: '连接意外断开',
  UND_ERR_CONNECT_TIMEOUT: '连接超时',
};
