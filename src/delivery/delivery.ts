import { type Channel, type ChannelIo, SendError } from '../channel/channel.ts';
import type { Clock, Failure, Message, Outcome, Target } from '../model.ts';
import type { Emitter } from '../events.ts';
import { type Part, fit } from './fit.ts';
import type { Http } from './http-client.ts';
import type { Lane, Passenger } from './lane.ts';
import { type RetrySettings, retryDelay } from './retry.ts';
import type { Shared } from './shared.ts';
import type { Line, Waiter } from './waiting-room.ts';

export interface DeliverySettings {
  readonly queue: { readonly timeout: number; readonly worker_count: number };
  readonly retry: RetrySettings;
  readonly fit: { readonly max_parts: number };
}

/** What every delivery of a server shares. */
export interface DeliveryPorts {
  readonly clock: Clock;
  readonly http: Http;
  readonly shared: Shared;
  readonly events: Emitter;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly settings: () => DeliverySettings;
  /** The target as it is configured now; undefined when it is gone. */
  readonly target: (alias: string, platform: string, name: string) => Target | undefined;
  readonly redact: (text: string) => string;
  readonly chance: () => number;
  /** Attempts whose answer is still awaited although their time is over. */
  readonly late: { waiting: number };
}

/** How an attempt ended, and whether our clock ended it. */
export interface Ending {
  readonly outcome: Outcome;
  readonly timed_out: boolean;
  readonly digest_id?: string;
}

/** For whose sake a message travels: one leaf of a task, or the members of a digest. */
export interface Sender {
  /** Made when sending becomes possible: a digest is not composed before. */
  message(target: Target, channel: Channel): Message;
  /** The same on every attempt; with the number of the part it is the idempotency value. */
  readonly id: string;
  /** The ids of its tasks. */
  readonly tasks: readonly string[];
  readonly digest_id?: string;
  /** May be folded into a digest now. */
  foldable(): boolean;
  /** It is about to wait in its lane, again. False: it does not, and has ended. */
  waiting(): boolean;
  /** The first or next request is about to leave. */
  began(): void;
  /** A request was answered, or given up; throttle answers are not told. */
  attempted(outcome: Outcome): void;
  /** "Too fast": true = the sender takes its message back; false = it waits again. */
  throttled(failure: Failure): boolean;
  /** The end. */
  ended(ending: Ending): void;
  /** It was given up, and arrived after all. */
  arrivedLate(): void;
  /** Its time is over: nothing new may be sent for it. */
  isOver(): boolean;
}

/** One message on its way to one target: fit, render, send, classify, retry. */
export class Delivery implements Passenger {
  readonly alias: string;
  readonly platform: string;
  readonly name: string;
  readonly priority: number;
  /** Another one after a reload that changed the target's credential. */
  lane: Lane<Delivery>;
  /** The digest that carries this message, if one does. */
  carrier: Delivery | undefined = undefined;
  room: Line | undefined = undefined;
  before: Waiter | undefined = undefined;
  after: Waiter | undefined = undefined;
  readonly #ports: DeliveryPorts;
  readonly #sender: Sender;
  #parts: readonly Part[] | undefined = undefined;
  /** The part to send next. */
  #part = 0;
  /** Attempts at that part. */
  #tries = 0;
  #cancelRetry: (() => void) | undefined = undefined;
  #sending = false;
  #done = false;

  constructor(
    ports: DeliveryPorts,
    address: { alias: string; platform: string; name: string; priority: number; lane: Lane<Delivery> },
    sender: Sender,
  ) {
    this.alias = address.alias;
    this.platform = address.platform;
    this.name = address.name;
    this.priority = address.priority;
    this.lane = address.lane;
    this.#ports = ports;
    this.#sender = sender;
  }

  /** A request is out. */
  get sending(): boolean {
    return this.carrier?.sending ?? this.#sending;
  }

  get sender(): Sender {
    return this.#sender;
  }

  foldable(): boolean {
    return this.#part === 0 && this.#sender.foldable();
  }

  /** Leaves the lane, or its wait for a retry. False: it is sending, or done. */
  withdraw(): boolean {
    if (this.#sending || this.#done || this.carrier) return false;
    this.#done = true;
    this.#cancelRetry?.();
    this.lane.leave(this);
    return true;
  }

  async send(): Promise<void> {
    this.#sending = true;
    try {
      await this.#sendPart();
    } catch (error) {
      // A bug in a driver or in this file. The message must still come to an end.
      this.#ports.events.emit('crashed', { where: `delivery to ${this.platform}`, error });
      this.#end(this.#ending(INTERNAL_FAULT));
    }
  }

  async #sendPart(): Promise<void> {
    const { clock, events, settings } = this.#ports;
    const channel = this.#ports.channels.get(this.platform);
    const target = this.#ports.target(this.alias, this.platform, this.name);
    if (channel === undefined || target === undefined || !target.enabled) return this.#end(this.#ending(TARGET_GONE));
    this.#sender.began();
    this.#parts ??= fit(
      channel,
      this.#sender.message(target, channel),
      target.config,
      new Date(clock.now()),
      settings().fit.max_parts,
    );
    const started = clock.monotonic();
    const { outcome, timed_out } = await this.#attempt(channel, target, this.#parts[this.#part]!.payload);
    this.lane.slow = timed_out;
    this.#sending = false;
    events.emit('attempted', {
      tasks: this.#sender.tasks,
      alias: this.alias,
      platform: this.platform,
      target: this.name,
      outcome,
      timed_out,
      ms: clock.monotonic() - started,
      part: this.#part + 1,
      parts: this.#parts.length,
      ...(this.#sender.digest_id === undefined ? {} : { digest_id: this.#sender.digest_id }),
    });
    if (outcome.ok) this.#accepted();
    else this.#failed(outcome, channel, timed_out);
  }

  /** One request, for at most `queue.timeout` seconds. */
  async #attempt(
    channel: Channel,
    target: Target,
    payload: unknown,
  ): Promise<{ outcome: Outcome; timed_out: boolean }> {
    const { clock, http, shared, settings, redact } = this.#ports;
    const timeout = settings().queue.timeout * 1000;
    const controller = new AbortController();
    // A driver that speaks no HTTP cannot tell; then the message may have left.
    let sent = true;
    const io: ChannelIo = {
      http(request) {
        sent = false;
        return http.request(request, controller.signal, () => (sent = true));
      },
      token(key, fetch) {
        sent = false;
        return shared.token(`${channel.name}\n${key}`, fetch);
      },
      dropToken: (key) => shared.dropToken(`${channel.name}\n${key}`),
      sent: (value) => (sent = value),
      resource: (key, open, close) => shared.resource(`${channel.name}\n${key}`, open, close),
      signal: controller.signal,
      timeout_ms: timeout,
      now: () => new Date(clock.now()),
      id: `${this.#sender.id}-${this.#part}`,
    };
    const answer = call(() => channel.send(payload, target.config, io)).then((outcome) =>
      outcome.ok ? outcome : { ...outcome, message: redact(outcome.message) },
    );
    return new Promise((resolve) => {
      let stopListening: (() => void) | undefined;
      const cancel = clock.after(timeout, () => {
        resolve({ outcome: timeoutOf(sent), timed_out: true });
        stopListening = this.#awaitLate(controller, timeout);
      });
      void answer.then((outcome) => {
        cancel();
        resolve({ outcome, timed_out: false });
        if (stopListening === undefined) return;
        stopListening();
        if (outcome.ok) this.#arrivedLate();
      });
    });
  }

  /**
   * The slot is free again, but an answer may still come: it is listened for, for one more timeout, within a bound.
   * @returns ends the listening
   */
  #awaitLate(controller: AbortController, timeout: number): () => void {
    const { late, settings, clock } = this.#ports;
    const full = late.waiting >= settings().queue.worker_count;
    if (full) {
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

  #arrivedLate(): void {
    // The late answer of one part says nothing of the others.
    if (this.#parts !== undefined && this.#parts.length > 1) return;
    if (this.#sending) return;
    this.withdraw();
    this.#sender.arrivedLate();
  }

  #accepted(): void {
    this.#sender.attempted({ ok: true });
    this.lane.accepted();
    this.#part++;
    this.#tries = 0;
    if (this.#part === this.#parts!.length) return this.#end(this.#ending({ ok: true }));
    if (this.#sender.isOver()) return this.#end(this.#ending(OUT_OF_TIME));
    this.lane.continue(this);
  }

  #failed(failure: Failure, channel: Channel, timed_out: boolean): void {
    const { clock, events, settings, chance } = this.#ports;
    if (failure.kind === 'rate_limited') {
      const seconds = this.lane.pause(failure.retry_after, channel.limits.throttle);
      events.emit('paused', { platform: this.platform, target: `${this.alias}/${this.name}`, seconds });
      if (this.#sender.isOver()) return this.#end(this.#ending(failure));
      if (this.#sender.throttled(failure)) {
        this.#done = true;
        return;
      }
      if (this.#sender.waiting()) this.lane.reenter(this);
      return;
    }
    this.#sender.attempted(failure);
    this.#tries++;
    const delay = retryDelay(failure, this.#tries, channel.capabilities.idempotent, settings().retry, chance());
    if (delay === undefined || this.#sender.isOver()) return this.#end(this.#ending(failure, timed_out));
    this.#cancelRetry = clock.after(delay, () => {
      this.#cancelRetry = undefined;
      if (this.#sender.isOver()) return this.#end(this.#ending(failure, timed_out));
      this.lane.reenter(this);
    });
  }

  #ending(outcome: Outcome, timed_out = false): Ending {
    return { outcome, timed_out };
  }

  #end(ending: Ending): void {
    this.#sending = false;
    this.#done = true;
    this.#sender.ended(ending);
  }
}

/** The only place that catches a driver's error. */
async function call(send: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await send();
  } catch (error) {
    const sent = !(error instanceof SendError) || error.sent;
    const message = error instanceof Error ? error.message : String(error);
    return {
      ok: false,
      kind: sent ? 'unknown' : 'unavailable',
      message,
      remedy: sent ? MAY_HAVE_ARRIVED : NOT_REACHED,
    };
  }
}

function timeoutOf(sent: boolean): Failure {
  return sent
    ? { ok: false, kind: 'unknown', message: '等待应答超时，消息可能已送达', remedy: MAY_HAVE_ARRIVED }
    : { ok: false, kind: 'unavailable', message: '连接超时，消息未发出', remedy: NOT_REACHED };
}

const MAY_HAVE_ARRIVED = {
  en: 'No answer came; look in the group or mailbox whether the message arrived before sending it again.',
  zh: '没有收到应答：请先到群或邮箱确认是否已收到，再决定是否重发',
};
const NOT_REACHED = {
  en: 'The platform could not be reached: check network, DNS, proxy and firewall of this server.',
  zh: '无法连接平台：检查本机网络、DNS、代理与防火墙',
};
const TARGET_GONE: Failure = {
  ok: false,
  kind: 'invalid',
  message: '目标已从配置中移除或停用',
  remedy: {
    en: 'The target was removed or disabled while the message waited.',
    zh: '消息等待期间目标被移除或停用，请检查配置',
  },
};
const OUT_OF_TIME: Failure = {
  ok: false,
  kind: 'invalid',
  message: '已超过任务时限，长消息只送达了一部分',
  remedy: { en: 'Send shorter messages or allow more time.', zh: '缩短消息或延长时限（expires_in、queue.deadline）' },
};
const INTERNAL_FAULT: Failure = {
  ok: false,
  kind: 'unknown',
  message: '服务器内部错误',
  remedy: { en: 'See the error log of the server.', zh: '查看服务器错误日志' },
};
