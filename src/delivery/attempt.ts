import { type Channel, FailureError, SendError } from '../channel/channel.ts';
import type { Outcome, Success, Target } from '../model.ts';
import type { Emitter } from '../events.ts';
import { type Clean, cleanFailure, cleanSuccess, cleaned } from './clean.ts';
import { INTERNAL_FAULT, NOT_SENT, NO_ANSWER } from './failures.ts';
import { type IoPorts, type Trace, createIo } from './io.ts';
import type { Parts } from './parts.ts';
import type { Ending, Sender } from './sender.ts';

export interface AttemptPorts extends IoPorts {
  readonly events: Pick<Emitter, 'emit'>;
  readonly settings: () => ReturnType<IoPorts['settings']> & {
    readonly queue: { readonly timeout: number; readonly worker_count: number };
  };
  readonly redact: (text: string) => string;
  /** Attempts whose answer is still awaited although their time is over. */
  readonly late: { waiting: number };
}

/** What goes out: the part in hand of what `sender` has to say. */
export interface Going {
  readonly sender: Sender;
  readonly channel: Channel;
  readonly target: Target;
  readonly parts: Parts;
  /** Called when the whole message has arrived after the attempt had been given up; twice when more has become known. */
  readonly arrivedLate: (success: Success) => void;
}

/** How it ended, after so many milliseconds. */
export type Ended = Ending & { readonly ms: number };

const NONE: readonly string[] = [];

/** One request to one target, for at most `queue.timeout` seconds, told to whoever listens. Never rejects. */
export function attempt(ports: AttemptPorts, { sender, channel, target, parts, arrivedLate }: Going): Promise<Ended> {
  const { clock, events } = ports;
  const { config, network } = target;
  const { next: part, count, key, payload } = parts;
  const timeout = ports.settings().queue.timeout * 1000;
  const started = clock.monotonic();
  const controller = new AbortController();
  const { signal } = controller;
  // A driver that speaks no HTTP, and does not say, may have sent its message.
  const trace: Trace = { sent: true, accepted: undefined, arrivedLate: undefined, tokens: NONE };
  const clean: Clean = (text) => cleaned(text, ports.redact, trace.tokens, channel.people?.(config));
  const id = `${sender.id}-${key}`;
  const io = createIo(ports, { channel, network, id, part, timeout, signal, trace, clean });
  const answer = call(() => channel.send(payload, config, io), trace, { channel, events, clean });
  // Parts leave in order: when the last one has arrived, all have. Of an earlier one nothing follows.
  const late = (success: Success) => part === count - 1 && arrivedLate(success);

  return new Promise((resolve) => {
    let hasEnded = false;
    let stopListening: (() => void) | undefined;
    const end = (outcome: Outcome, timed_out: boolean) => {
      if (hasEnded) return;
      hasEnded = true;
      const ms = clock.monotonic() - started;
      events.emit('attempted', {
        tasks: sender.tasks,
        alias: target.alias,
        platform: channel.name,
        target: target.name,
        outcome,
        timed_out,
        ms,
        part: part + 1,
        parts: count,
        digest_id: sender.digest_id,
      });
      resolve({ outcome, timed_out, ms });
    };
    const cancel = clock.after(timeout, () => {
      if (trace.accepted !== undefined) {
        end(trace.accepted, false);
        return controller.abort();
      }
      end(trace.sent ? NO_ANSWER : NOT_SENT, true);
      // What has not left must never leave: the same target is tried again.
      if (!trace.sent) return controller.abort();
      trace.arrivedLate = late;
      stopListening = awaitLate(ports, controller, timeout);
    });
    void answer.then((outcome) => {
      cancel();
      if (stopListening === undefined) return end(outcome, false);
      stopListening();
      if (outcome.ok) late(outcome);
    });
  });
}

/** The only place that catches a driver's error. */
async function call(
  send: () => Promise<Outcome>,
  trace: Trace,
  { channel, events, clean }: { channel: Channel; events: AttemptPorts['events']; clean: Clean },
): Promise<Outcome> {
  try {
    const outcome = await said(send);
    return outcome.ok ? cleanSuccess(outcome, clean) : (trace.accepted ?? cleanFailure(outcome, clean));
  } catch (error) {
    if (trace.accepted !== undefined) return trace.accepted;
    events.emit('crashed', { where: `driver ${channel.name}`, error });
    return INTERNAL_FAULT;
  }
}

/** What the driver returns, or throws in the place of an outcome. */
async function said(send: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
    if (!(error instanceof SendError)) throw error;
    const { sent, message, code } = error;
    return { ...(sent ? NO_ANSWER : NOT_SENT), message, ...(code !== undefined && { code }) };
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
