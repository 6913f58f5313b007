import { type Channel, type ChannelIo, SendError } from '../channel/channel.ts';
import type { Clock, Outcome } from '../model.ts';
import type { Emitter } from '../events.ts';
import { INTERNAL_FAULT, NOT_SENT, NO_ANSWER } from './failures.ts';
import type { Http } from './http-client.ts';
import type { Shared } from './shared.ts';

export interface AttemptPorts {
  readonly clock: Clock;
  readonly http: Http;
  readonly shared: Shared;
  readonly events: Pick<Emitter, 'emit'>;
  readonly settings: () => { readonly queue: { readonly timeout: number; readonly worker_count: number } };
  readonly redact: (text: string) => string;
  /** Attempts whose answer is still awaited although their time is over. */
  readonly late: { waiting: number };
}

export interface Request {
  readonly channel: Channel;
  readonly config: unknown;
  readonly payload: unknown;
  /** The same on every attempt: the idempotency value. */
  readonly id: string;
  /** Called when it succeeded after it had been given up. */
  readonly arrivedLate: () => unknown;
}

/** One request to one target, for at most `queue.timeout` seconds. Never rejects. */
export function attempt(ports: AttemptPorts, request: Request): Promise<{ outcome: Outcome; timed_out: boolean }> {
  const { clock } = ports;
  const { channel, config, payload } = request;
  const timeout = ports.settings().queue.timeout * 1000;
  const controller = new AbortController();
  // A driver that speaks no HTTP, and does not say, may have sent its message.
  const trace = { sent: true };
  const io = ioOf(ports, request, { timeout, signal: controller.signal, trace });
  const answer = call(() => channel.send(payload, config, io), channel, ports);
  return new Promise((resolve) => {
    let stopListening: (() => void) | undefined;
    const cancel = clock.after(timeout, () => {
      resolve({ outcome: trace.sent ? NO_ANSWER : NOT_SENT, timed_out: true });
      // What has not left must never leave: the same target is tried again.
      if (trace.sent) stopListening = awaitLate(ports, controller, timeout);
      else controller.abort();
    });
    void answer.then((outcome) => {
      cancel();
      resolve({ outcome, timed_out: false });
      if (stopListening === undefined) return;
      stopListening();
      if (outcome.ok) request.arrivedLate();
    });
  });
}

/** What the driver is lent. `trace.sent` follows whether the request may have left. */
function ioOf(
  { clock, http, shared }: AttemptPorts,
  { channel, id }: Request,
  { timeout, signal, trace }: { timeout: number; signal: AbortSignal; trace: { sent: boolean } },
): ChannelIo {
  return {
    http(request) {
      trace.sent = false;
      return http.request(request, signal, () => (trace.sent = true));
    },
    token(key, fetch) {
      trace.sent = false;
      return shared.token(`${channel.name}\n${key}`, fetch);
    },
    dropToken: (key) => shared.dropToken(`${channel.name}\n${key}`),
    sent: (value) => (trace.sent = value),
    resource: (key, open, close) => shared.resource(`${channel.name}\n${key}`, open, close),
    signal,
    timeout_ms: timeout,
    now: () => new Date(clock.now()),
    id,
  };
}

/** The only place that catches a driver's error. */
async function call(
  send: () => Promise<Outcome>,
  channel: Channel,
  { events, redact }: AttemptPorts,
): Promise<Outcome> {
  try {
    const outcome = await send();
    return outcome.ok ? outcome : { ...outcome, message: redact(outcome.message) };
  } catch (error) {
    if (error instanceof SendError) {
      const { code } = error;
      const failure = error.sent ? NO_ANSWER : NOT_SENT;
      return { ...failure, message: redact(error.message), ...(code === undefined ? {} : { code }) };
    }
    events.emit('crashed', { where: `driver ${channel.name}`, error });
    return INTERNAL_FAULT;
  }
}

/**
 * The slot is free again, but an answer may still come: it is listened for, for one more timeout, within a bound.
 * @returns ends the listening
 */
function awaitLate({ late, settings, clock }: AttemptPorts, controller: AbortController, timeout: number): () => void {
  if (late.waiting >= settings().queue.worker_count) {
    controller.abort();
    return () => {};
  }
  late.waiting++;
  const cancel = clock.after(timeout, () => {
    late.waiting--;
    controller.abort();
  });
  return () => {
    if (controller.signal.aborted) return;
    late.waiting--;
    cancel();
  };
}
