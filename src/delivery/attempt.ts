import { type Channel, type ChannelIo, FailureError, SendError } from '../channel/channel.ts';
import { maskPeople } from '../channel/mask.ts';
import type { Clock, Failure, Network, Outcome, Success } from '../model.ts';
import type { Emitter } from '../events.ts';
import { INTERNAL_FAULT, NOT_SENT, NO_ANSWER } from './failures.ts';
import type { Http, Route } from './http-client.ts';
import type { Shared } from './shared.ts';

export interface AttemptPorts {
  readonly clock: Clock;
  readonly http: Http;
  readonly shared: Shared;
  readonly events: Pick<Emitter, 'emit'>;
  readonly settings: () => {
    readonly queue: { readonly timeout: number; readonly worker_count: number };
    readonly security: { readonly allow_networks: readonly string[] };
  };
  readonly redact: (text: string) => string;
  /** Attempts whose answer is still awaited although their time is over. */
  readonly late: { waiting: number };
}

export interface Request {
  readonly channel: Channel;
  readonly config: unknown;
  readonly network?: Network | undefined;
  readonly payload: unknown;
  /** The same on every attempt: the idempotency value. */
  readonly id: string;
  /** From 0. */
  readonly part: number;
  /** Called when it succeeded after it had been given up; twice when more has become known. */
  readonly arrivedLate: (success: Success) => unknown;
}

/** One request to one target, for at most `queue.timeout` seconds. Never rejects. */
export function attempt(ports: AttemptPorts, request: Request): Promise<{ outcome: Outcome; timed_out: boolean }> {
  const { clock } = ports;
  const { channel, config, payload } = request;
  const timeout = ports.settings().queue.timeout * 1000;
  const controller = new AbortController();
  // A driver that speaks no HTTP, and does not say, may have sent its message.
  const trace: Trace = { sent: true, accepted: undefined, arrivedLate: undefined, tokens: [] };
  const clean = (text: string) => {
    const without = trace.tokens.reduce((rest, token) => rest.replaceAll(token, '***'), text);
    return maskPeople(ports.redact(without), channel.people?.(config) ?? []);
  };
  const io = ioOf(ports, request, { timeout, signal: controller.signal, trace, clean });
  const answer = call(() => channel.send(payload, config, io), trace, request, { events: ports.events, clean });
  return new Promise((resolve) => {
    let stopListening: (() => void) | undefined;
    const cancel = clock.after(timeout, () => {
      if (trace.accepted !== undefined) {
        resolve({ outcome: trace.accepted, timed_out: false });
        return controller.abort();
      }
      resolve({ outcome: trace.sent ? NO_ANSWER : NOT_SENT, timed_out: true });
      // What has not left must never leave: the same target is tried again.
      if (!trace.sent) return controller.abort();
      trace.arrivedLate = request.arrivedLate;
      stopListening = awaitLate(ports, controller, timeout);
    });
    void answer.then((outcome) => {
      cancel();
      resolve({ outcome, timed_out: false });
      if (stopListening === undefined) return;
      stopListening();
      if (outcome.ok) request.arrivedLate(outcome);
    });
  });
}

/** How far an attempt has come. */
interface Trace {
  /** The message may have left. */
  sent: boolean;
  /** It has arrived; what follows can only add to it. */
  accepted: Success | undefined;
  /** Set once it has been given up: what has arrived after all is told at once, so that it is not repeated. */
  arrivedLate: Request['arrivedLate'] | undefined;
  /** What the platform gave: no configuration knows them, and its answers may repeat them. */
  tokens: string[];
}

/** What the driver is lent. */
function ioOf(
  { clock, http, shared, settings }: AttemptPorts,
  { channel, network, id, part }: Request,
  { timeout, signal, trace, clean }: { timeout: number; signal: AbortSignal; trace: Trace; clean: Clean },
): ChannelIo {
  const route: Route | undefined =
    network === undefined && channel.guarded === undefined
      ? undefined
      : {
          ...(network === undefined ? {} : { network }),
          ...(channel.guarded && { guard: { allow: settings().security.allow_networks } }),
        };
  return {
    http(request) {
      trace.sent = false;
      return http.request(request, signal, () => (trace.sent = true), route);
    },
    async token(key, fetch) {
      trace.sent = false;
      const token = await shared.token(`${channel.name}\n${key}`, () => askFor(fetch, { clock, http, timeout, route }));
      trace.tokens.push(token);
      return token;
    },
    dropToken: (key, value) => shared.dropToken(`${channel.name}\n${key}`, value),
    accepted(success) {
      trace.accepted = cleanSuccess(success, clean);
      trace.arrivedLate?.(trace.accepted);
    },
    sent: (value) => (trace.sent = value),
    resource: (key, open, close) => shared.resource(`${channel.name}\n${key}`, open, close),
    signal,
    timeout_ms: timeout,
    now: () => new Date(clock.now()),
    id,
    part,
  };
}

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

/** The only place that catches a driver's error. */
async function call(
  send: () => Promise<Outcome>,
  trace: Trace,
  { channel }: Request,
  { events, clean }: Pick<AttemptPorts, 'events'> & { clean: Clean },
): Promise<Outcome> {
  try {
    const outcome = await send();
    return outcome.ok ? cleanSuccess(outcome, clean) : (trace.accepted ?? cleanFailure(outcome, clean));
  } catch (error) {
    if (trace.accepted !== undefined) return trace.accepted;
    if (error instanceof FailureError) return cleanFailure(error.failure, clean);
    if (error instanceof SendError) {
      const { code } = error;
      const failure = error.sent ? NO_ANSWER : NOT_SENT;
      return { ...failure, message: clean(error.message), ...(code === undefined ? {} : { code }) };
    }
    events.emit('crashed', { where: `driver ${channel.name}`, error });
    return INTERNAL_FAULT;
  }
}

/** Characters. */
const LONGEST_CODE = 100;

/** A platform's words may repeat what they were told: secrets and people. */
type Clean = (text: string) => string;

const cleanFailure = (failure: Failure, clean: Clean): Failure => ({
  ...failure,
  message: clean(failure.message),
  ...(failure.code !== undefined && { code: cleanCode(failure.code, clean) }),
});

/** A platform's code is a word; what is longer is its text in the wrong place. */
const cleanCode = (code: string, clean: Clean): string => clean(code).slice(0, LONGEST_CODE);

function cleanSuccess(success: Success, clean: Clean): Success {
  const { refused, note } = success;
  if (refused === undefined && note === undefined) return success;
  return {
    ok: true,
    ...(refused && {
      refused: refused.map((one) => ({
        ...one,
        message: clean(one.message),
        ...(one.code !== undefined && { code: cleanCode(one.code, clean) }),
      })),
    }),
    ...(note !== undefined && { note: clean(note) }),
  };
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
