import { randomBytes } from 'node:crypto';
import { createMemory } from './memory.ts';
import type { Bot } from './stand-in.ts';

/** An access token that was given out. */
export interface Grant {
  readonly token: string;
  readonly app: string;
  readonly secret: string;
  /** Unix time in milliseconds. */
  readonly expires_at: number;
}

export interface TokenRules {
  readonly life_ms: number;
  /** A call gets a new token once the last one has less than this left; that one stays good to its end. */
  readonly renew_ms: number;
  readonly mint: () => string;
}

/** The access tokens of one platform. Every `now` is in milliseconds. */
export interface Tokens {
  /** The last token of these credentials, or a new one when it is about to expire. */
  issue(app: string, secret: string, now: number): Grant;
  /** A new token; the last one is good for at most `grace_ms` more. */
  reissue(app: string, secret: string, now: number, grace_ms: number): Grant;
  /** `unknown`: never given out, or for a secret that is no longer the declared one. */
  check(token: string, now: number, bot: Bot | undefined): Grant | 'expired' | 'unknown';
  /** The app that a token was given to; '' when there is none. */
  appOf(token: string): string;
}

export function createTokens({ life_ms, renew_ms, mint }: TokenRules): Tokens {
  // Expired ones too, so that they are told from unknown ones.
  const grants = createMemory<Grant>();
  const latest = createMemory<string>();

  const give = (app: string, secret: string, now: number): Grant => {
    const grant = { token: mint(), app, secret, expires_at: now + life_ms };
    grants.set(grant.token, grant);
    latest.set(`${app}\n${secret}`, grant.token);
    return grant;
  };
  const last = (app: string, secret: string): Grant | undefined => grants.get(latest.get(`${app}\n${secret}`) ?? '');

  return {
    issue(app, secret, now) {
      const grant = last(app, secret);
      const left = (grant?.expires_at ?? 0) - now;
      return grant !== undefined && left > 0 && left >= renew_ms ? grant : give(app, secret, now);
    },
    reissue(app, secret, now, grace_ms) {
      const old = last(app, secret);
      if (old !== undefined) {
        grants.set(old.token, { ...old, expires_at: Math.min(old.expires_at, now + grace_ms) });
      }
      return give(app, secret, now);
    },
    check(token, now, bot) {
      const grant = grants.get(token);
      if (grant === undefined || (bot?.secret !== undefined && bot.secret !== grant.secret)) return 'unknown';
      return now < grant.expires_at ? grant : 'expired';
    },
    appOf: (token) => grants.get(token)?.app ?? '',
  };
}

/** What is left of a token, in whole seconds. */
export function secondsLeft(grant: Grant, now: number): number {
  return Math.floor((grant.expires_at - now) / 1000);
}

/** Random text of so many characters of `A-Z a-z 0-9 - _`. */
export function randomText(length: number): string {
  return randomBytes(length).toString('base64url').slice(0, length);
}
