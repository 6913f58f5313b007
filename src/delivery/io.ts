import { type Channel, type ChannelIo, SendError } from '../channel/channel.ts';
import type { Clock, Network, Success } from '../model.ts';
import { type Clean, cleanSuccess } from './clean.ts';
import type { Http, Route } from './http-client.ts';
import type { Shared } from './shared.ts';

/** How far an attempt has come. */
export interface Trace {
  /** The message may have left. */
  sent: boolean;
  /** It has arrived; what follows can only add to it. */
  accepted: Success | undefined;
  /** Set once it has been given up: what has arrived after all is told at once, so that it is not repeated. */
  arrivedLate: ((success: Success) => unknown) | undefined;
  /** Given to this attempt by the platform. */
  tokens: readonly string[];
}

export interface IoPorts {
  readonly clock: Clock;
  readonly http: Http;
  readonly shared: Shared;
  readonly settings: () => { readonly security: { readonly allow_networks: readonly string[] } };
}

export interface Loan {
  readonly channel: Channel;
  readonly network: Network | undefined;
  readonly id: string;
  readonly part: number;
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  readonly trace: Trace;
  readonly clean: Clean;
}

/** What a driver is lent for one attempt; `trace` follows what it does with that. */
export function createIo(
  { clock, http, shared, settings }: IoPorts,
  { channel, network, id, part, timeout, signal, trace, clean }: Loan,
): ChannelIo {
  const route: Route | undefined =
    network === undefined && channel.guarded === undefined
      ? undefined
      : {
          ...(network && { network }),
          ...(channel.guarded && { guard: { allow: settings().security.allow_networks } }),
        };
  return {
    http(request) {
      trace.sent = false;
      return http.request(request, signal, () => (trace.sent = true), route);
    },
    async token(key, fetch) {
      trace.sent = false;
      const token = await shared.token(keyOf(channel, key), () => askFor(fetch, { clock, http, timeout, route }));
      trace.tokens = [...trace.tokens, token];
      return token;
    },
    dropToken: (key, value) => shared.dropToken(keyOf(channel, key), value),
    accepted(success) {
      trace.accepted = cleanSuccess(success, clean);
      trace.arrivedLate?.(trace.accepted);
    },
    sent: (value) => (trace.sent = value),
    resource: (key, open, close) => shared.resource(keyOf(channel, key), open, close),
    signal,
    timeout_ms: timeout,
    now: () => new Date(clock.now()),
    id,
    part,
  };
}

/** Drivers share nothing with each other. */
const keyOf = ({ name }: Channel, key: string): string => `${name}\n${key}`;

/** Others wait for the same token: it has a time of its own, and when it does not come their messages are unsent. */
async function askFor<T>(
  fetch: (ask: ChannelIo['http']) => Promise<T>,
  { clock, http, timeout, route }: { clock: Clock; http: Http; timeout: number; route: Route | undefined },
): Promise<T> {
  const controller = new AbortController();
  const cancel = clock.after(timeout, () => controller.abort());
  try {
    return await fetch((request) => http.request(request, controller.signal, () => {}, route));
  } catch (error) {
    if (error instanceof SendError) throw new SendError(error.message, false, error.code);
    throw error;
  } finally {
    cancel();
  }
}
