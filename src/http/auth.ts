import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../model.ts';
import { networkOf } from './address.ts';
import { refuse } from './envelope.ts';
import type { Answer } from './envelope.ts';
import { createFailures } from './failures.ts';
import type { Scope, Token } from './settings.ts';

export type Admission =
  | { readonly ok: true; readonly caller: string }
  | { readonly ok: false; readonly answer: Answer; readonly caller?: string };

/**
 * Lets a request in by its token, before its body is read. A right token always passes; only failures are counted.
 * @param anonymous whether everybody is let in while there are no tokens
 */
export function createAuth(
  tokens: () => readonly Token[],
  anonymous: boolean,
  clock: Pick<Clock, 'monotonic'>,
): (headers: IncomingHttpHeaders, scope: Scope, address: string, browser: boolean) => Admission {
  const failures = createFailures(clock);
  let known: { readonly from: readonly Token[]; readonly digests: readonly Digest[] } = { from: [], digests: [] };

  return (headers, scope, address, browser) => {
    const now = tokens();
    if (now.length === 0 && anonymous) return ANYBODY;
    if (now !== known.from) known = { from: now, digests: now.map(digestOf) };
    const shown = presented(headers, browser);
    const token = find(known.digests, shown);
    if (token !== undefined) {
      const may = token.scopes.includes(scope) || token.scopes.includes('admin');
      return may ? { ok: true, caller: token.name } : { ok: false, answer: forbidden(scope), caller: token.name };
    }
    const wait = failures.count(networkOf(address));
    return { ok: false, answer: wait > 0 ? tooMany(wait) : unauthorized(shown.length > 0, browser) };
  };
}

interface Digest {
  readonly token: Token;
  readonly sha256: Buffer;
}

const ANYBODY: Admission = { ok: true, caller: '' };

const sha256 = (text: string | Buffer): Buffer => hash('sha256', text, 'buffer');

const digestOf = (token: Token): Digest => ({
  token,
  sha256: token.token_sha256 === undefined ? sha256(token.token ?? '') : Buffer.from(token.token_sha256, 'hex'),
});

/** A caller may show a token in either header; a proxy may have put something of its own into the other. */
function presented(headers: IncomingHttpHeaders, browser: boolean): Buffer[] {
  const [, scheme, value = ''] = /^(bearer|basic) +(.+)$/i.exec(headers.authorization ?? '') ?? [];
  const bearer = scheme?.toLowerCase() === 'bearer' ? value : undefined;
  // Node reads header bytes as Latin-1; the bytes are what counts.
  const shown = [bearer, headers['x-api-key']].flatMap((text) => (text ? [Buffer.from(String(text), 'latin1')] : []));
  return browser && scheme?.toLowerCase() === 'basic' ? [...shown, passwordOf(value)] : shown;
}

/** What stands behind the first colon of a Basic login; the name before it is not asked for. */
function passwordOf(login: string): Buffer {
  const pair = Buffer.from(login, 'base64');
  return pair.subarray(pair.indexOf(':') + 1);
}

/** Looks at every token, whatever it has found, so that time tells nothing of where or how far one matched. */
function find(digests: readonly Digest[], shown: readonly Buffer[]): Token | undefined {
  let found: Token | undefined;
  for (const bytes of shown) {
    const digest = sha256(bytes);
    for (const entry of digests) {
      if (entry.sha256.length === digest.length && timingSafeEqual(entry.sha256, digest)) found ??= entry.token;
    }
  }
  return found;
}

const unauthorized = (shown: boolean, browser: boolean): Answer =>
  refuse(
    401,
    { error: shown ? '访问令牌无效' : '缺少访问令牌' },
    {
      'WWW-Authenticate': browser
        ? 'Basic realm="PushServer", charset="UTF-8"'
        : `Bearer realm="PushServer"${shown ? ', error="invalid_token"' : ''}`,
    },
  );

const forbidden = (scope: Scope): Answer => refuse(403, { error: `该令牌没有${scope}权限`, scope });

const tooMany = (seconds: number): Answer =>
  refuse(429, { error: '认证失败次数过多', retry_after: seconds }, { 'Retry-After': String(seconds) });
