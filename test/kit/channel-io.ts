import {
  type Channel,
  type ChannelIo,
  type HttpReply,
  FailureError,
  type HttpRequest,
  SendError,
} from '../../src/channel/channel.ts';
import { createShared } from '../../src/delivery/shared.ts';
import type { Outcome, Success } from '../../src/model.ts';
import { createTestClock } from './clock.ts';

/** The moment of the signature vectors. */
export const NOW = new Date(1_700_000_000_000);

export interface TestIo extends ChannelIo {
  /** Told by the driver: whether the message may have left. */
  readonly told: boolean[];
  /** How many tokens were fetched. */
  readonly fetched: () => number;
  /** What the driver said had arrived before it went on. */
  readonly arrived: () => Success | undefined;
  abort(): void;
  close(): Promise<void>;
}

/** What `deliver` lends a driver, over a scripted platform. */
export function createIo(
  http: (request: HttpRequest, signal: AbortSignal) => Promise<HttpReply>,
  options: { timeout_ms?: number; now?: Date; id?: string; part?: number } = {},
): TestIo {
  const controller = new AbortController();
  const shared = createShared(createTestClock(NOW.getTime()));
  const told: boolean[] = [];
  let fetched = 0;
  let arrived: Success | undefined;
  const ask = (request: HttpRequest) => http(request, controller.signal);
  return {
    told,
    fetched: () => fetched,
    arrived: () => arrived,
    http: ask,
    token: (key, fetch) =>
      shared.token(key, () => {
        fetched++;
        return fetch(ask);
      }),
    dropToken: (key, value) => shared.dropToken(key, value),
    accepted: (success) => (arrived = success),
    resource: (key, open, close) => shared.resource(key, open, close),
    sent: (value) => told.push(value),
    signal: controller.signal,
    timeout_ms: options.timeout_ms ?? 10_000,
    now: () => options.now ?? NOW,
    id: options.id ?? '0198c0de-0-0',
    part: options.part ?? 0,
    abort: () => controller.abort(),
    close: () => shared.close(),
  };
}

/** One attempt, as `deliver` sees it: a SendError is an outcome; anything else a driver throws is a bug. */
export async function attempt(channel: Channel, payload: unknown, config: unknown, io: ChannelIo): Promise<Outcome> {
  try {
    return await channel.send(payload, config, io);
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
    if (!(error instanceof SendError)) throw error;
    return { ok: false, kind: error.sent ? 'unknown' : 'unavailable', message: error.message };
  }
}
