import type { Channel } from '../channel/channel.ts';
import type { Failure, Message, Outcome, Target } from '../model.ts';
import { type AttemptPorts, INTERNAL_FAULT, attempt } from './attempt.ts';
import { type Part, fit } from './fit.ts';
import type { Lane, Passenger } from './lane.ts';
import { type RetrySettings, retryDelay } from './retry.ts';
import type { Line, Waiter } from './waiting-room.ts';

export interface DeliverySettings {
  readonly queue: { readonly timeout: number; readonly worker_count: number };
  readonly retry: RetrySettings;
  readonly fit: { readonly max_parts: number };
}

/** What every delivery of a server shares. */
export interface DeliveryPorts extends AttemptPorts {
  readonly channels: ReadonlyMap<string, Channel>;
  readonly settings: () => DeliverySettings;
  /** The target as it is configured now; undefined when it is gone. */
  readonly target: (alias: string, platform: string, name: string) => Target | undefined;
  readonly chance: () => number;
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
      this.#end(INTERNAL_FAULT);
    }
  }

  async #sendPart(): Promise<void> {
    const { clock, events, settings } = this.#ports;
    const channel = this.#ports.channels.get(this.platform);
    const target = this.#ports.target(this.alias, this.platform, this.name);
    if (channel === undefined || target === undefined || !target.enabled) return this.#end(TARGET_GONE);
    this.#sender.began();
    this.#parts ??= fit(
      channel,
      this.#sender.message(target, channel),
      target.config,
      new Date(clock.now()),
      settings().fit.max_parts,
    );
    const started = clock.monotonic();
    const { outcome, timed_out } = await attempt(this.#ports, {
      channel,
      config: target.config,
      payload: this.#parts[this.#part]!.payload,
      id: `${this.#sender.id}-${this.#part}`,
      arrivedLate: () => this.#arrivedLate(),
    });
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
    if (this.#part === this.#parts!.length) return this.#end({ ok: true });
    if (this.#sender.isOver()) return this.#end(OUT_OF_TIME);
    this.lane.continue(this);
  }

  #failed(failure: Failure, channel: Channel, timed_out: boolean): void {
    const { clock, events, settings, chance } = this.#ports;
    if (failure.kind === 'rate_limited') {
      const seconds = this.lane.pause(failure.retry_after, channel.limits.throttle);
      events.emit('paused', { platform: this.platform, target: `${this.alias}/${this.name}`, seconds });
      if (this.#sender.isOver()) return this.#end(failure);
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
    if (delay === undefined || this.#sender.isOver()) return this.#end(failure, timed_out);
    this.#cancelRetry = clock.after(delay, () => {
      this.#cancelRetry = undefined;
      if (this.#sender.isOver()) return this.#end(failure, timed_out);
      this.lane.reenter(this);
    });
  }

  #end(outcome: Outcome, timed_out = false): void {
    this.#sending = false;
    this.#done = true;
    this.#sender.ended({ outcome, timed_out });
  }
}

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
