import { type Channel, FailureError } from '../channel/channel.ts';
import type { List, Listed } from '../list.ts';
import type { Failure, Outcome, Success, Target, Trail } from '../model.ts';
import type { Store } from '../store/store.ts';
import { type AttemptPorts, attempt } from './attempt.ts';
import { cleanFailure, cleaned } from './clean.ts';
import { INTERNAL_FAULT, OUT_OF_TIME, PAUSED_PAST_DEADLINE, TARGET_GONE } from './failures.ts';
import type { Lane, Passenger } from './lane.ts';
import { type FitSettings, Parts, both } from './parts.ts';
import { type RetrySettings, retryDelay } from './retry.ts';
import type { Sender } from './sender.ts';

export interface DeliverySettings {
  readonly queue: { readonly timeout: number; readonly worker_count: number };
  readonly security: { readonly allow_networks: readonly string[] };
  readonly retry: RetrySettings;
  readonly fit: { readonly max_parts: number };
}

/** What every delivery of a server shares. */
export interface DeliveryPorts extends AttemptPorts {
  readonly channels: ReadonlyMap<string, Channel>;
  readonly settings: () => DeliverySettings;
  /** The lane of a target as it is configured now. */
  readonly laneOf: (target: Target) => Lane<Delivery>;
  readonly store: Pick<Store, 'durable' | 'now' | 'begin' | 'attempted' | 'paused'>;
  /** This lane has been paused, and others with it if their account is. */
  readonly paused: (lane: Lane<Delivery>) => void;
  readonly chance: () => number;
}

/** One message on its way to one target: fit, render, send, classify, retry. */
export class Delivery implements Passenger {
  readonly sender: Sender;
  readonly platform: string;
  readonly priority: number;
  /** Another one after a reload that changed the target's credential. */
  lane: Lane<Delivery>;
  /** The digest that carries this message, if one does. */
  carrier: Delivery | undefined = undefined;
  list: List | undefined = undefined;
  before: Listed | undefined = undefined;
  after: Listed | undefined = undefined;
  readonly #ports: DeliveryPorts;
  /** Made at its first turn: a hundred thousand may wait that have not been rendered. */
  #parts: Parts | undefined = undefined;
  /** Attempts at the part in hand. */
  #tries = 0;
  #cancelRetry: (() => void) | undefined = undefined;
  #sending = false;
  /** An attempt may have arrived: it is repeated as it was, under the same idempotency value. */
  unclear: boolean;
  #done = false;

  /** @param address `tries`: attempts made before, at the part in hand; `trail`: how far another process had come */
  constructor(
    ports: DeliveryPorts,
    address: { platform: string; priority: number; lane: Lane<Delivery>; tries: number; trail?: Trail | undefined },
    sender: Sender,
  ) {
    this.#ports = ports;
    this.platform = address.platform;
    this.priority = address.priority;
    this.lane = address.lane;
    this.#tries = address.tries;
    // What became of those attempts is not known here.
    this.unclear = address.tries > 0;
    this.sender = sender;
    if (address.trail && (address.trail.accepted > 0 || address.trail.plain)) this.#parts = new Parts(address.trail);
  }

  /** Attempts made, throttle answers not counted. */
  get tries(): number {
    return this.#tries;
  }

  /**
   * A digest that carried it has failed for now.
   * @param tries attempts of the digest
   * @returns whether it may be tried again
   */
  resume(tries: number, failure: Failure): boolean {
    this.carrier = undefined;
    this.#tries += tries;
    return tries === 0 || retryDelay(failure, this.#tries, false, this.#ports.settings().retry, 0) !== undefined;
  }

  /** A request is out. */
  get sending(): boolean {
    return this.carrier?.sending ?? this.#sending;
  }

  /** Parts of it have arrived. */
  get begun(): boolean {
    return this.carrier?.begun ?? (this.#parts !== undefined && this.#parts.next > 0);
  }

  foldable(): boolean {
    return !this.begun && !this.unclear && this.sender.foldable();
  }

  /** Leaves the lane, or its wait for a retry. False: it is sending, has partly arrived, or is done. */
  withdraw(): boolean {
    if (this.#sending || this.#done || this.carrier || this.begun) return false;
    this.stop();
    return true;
  }

  /** Sends nothing more; an attempt in hand changes nothing. */
  stop(): void {
    this.#done = true;
    this.#cancelRetry?.();
    this.lane.leave(this);
  }

  /** A reload has moved its target to another lane, or removed it. */
  isAstray(): boolean {
    const target = this.sender.target();
    return target === undefined || this.#ports.laneOf(target) !== this.lane;
  }

  /** Goes on in the lane of its target, or ends because there is none. */
  reroute(): void {
    this.lane.leave(this);
    if (this.#aims() && this.outlivesPause()) this.lane.enter(this);
  }

  async send(): Promise<void> {
    try {
      await this.#sendPart().catch((error: unknown) => this.#refused(error));
    } catch (error) {
      // A bug in a driver or in this file. The message must still come to an end.
      this.#ports.events.emit('crashed', { where: `delivery to ${this.platform}`, error });
      this.#end(INTERNAL_FAULT);
    }
  }

  async #sendPart(): Promise<void> {
    const channel = this.#ports.channels.get(this.platform);
    const target = this.sender.target();
    if (channel === undefined || target === undefined) return this.#strand();
    if (this.#ports.laneOf(target) !== this.lane) return this.#return();
    this.sender.began();
    const parts = (this.#parts ??= new Parts());
    parts.prepare(() => this.sender.message(target, channel), channel, target, this.#fitSettings());
    const aboard = this.sender.aboard();
    if (this.#ports.store.durable && !(await this.#departs(parts))) return;
    this.#sending = true;
    const started_at = this.#ports.store.now();
    const { outcome, timed_out, ms } = await attempt(this.#ports, {
      sender: this.sender,
      channel,
      target,
      parts,
      arrivedLate: (success) => this.#arrivedLate(aboard, both(parts.success, success)),
    });
    this.lane.slow = timed_out;
    this.#sending = false;
    if (this.#ports.store.durable) this.#note(parts, target, { outcome, timed_out, started_at, ms });
    if (outcome.ok) this.#accepted(outcome, parts);
    else this.#failed(outcome, parts, target, channel, timed_out);
  }

  /**
   * Has it recorded that a request leaves. Meanwhile it may still be withdrawn, or its time end.
   * @returns false: nothing may leave
   */
  async #departs(parts: Parts): Promise<boolean> {
    const { sender } = this;
    this.#mark(parts, true);
    const leaves = sender.leaves();
    const members = leaves.map(({ task, leaf }) => ({ task_id: task.id, leaf }));
    const digest = sender.digest_id === undefined ? undefined : { id: sender.digest_id, members };
    const leave = await this.#ports.store.begin({ leaves, limits: this.lane.counting, digest });
    // Of a digest some may have ended meanwhile, or have been lost: it must not say what they had to say.
    const isWhole = sender.leaves().length === leaves.length;
    const isWanted = !this.#done && !sender.isOver() && (isWhole || this.unclear) && !this.isAstray();
    if (leave === 'go' && isWanted && !this.lane.isLate) {
      this.lane.sent();
      return true;
    }
    this.lane.unsent();
    this.#mark(parts, false);
    // Lost without anybody having been told: the store is closing.
    if (leave === 'lost' && isWhole) this.stop();
    if (!this.#done) this.#return();
    return false;
  }

  #mark(parts: Parts, sending: boolean): void {
    const { digest_id } = this.sender;
    const { next: accepted, count, plain } = parts;
    const trail: Trail = { sending, accepted, parts: count, plain, tries: this.#tries };
    if (digest_id === undefined) return this.sender.mark(trail);
    // How far the digest has come says nothing of the members' own texts.
    const own = { ...trail, accepted: 0, parts: 1, plain: false };
    this.sender.mark(sending || accepted > 0 ? { ...own, digest_id } : own);
  }

  /** A request has ended: for the books. */
  #note(
    { next, count }: Parts,
    { platform, name }: Target,
    ended: { outcome: Outcome; timed_out: boolean; started_at: number; ms: number },
  ): void {
    const { sender } = this;
    for (const leaf of sender.leaves()) {
      const where = { platform, target: name, part: next + 1, parts: count };
      this.#ports.store.attempted({ ...leaf, ...where, ...ended, digest_id: sender.digest_id });
    }
  }

  /** It cannot be rendered with this message: a template, for instance. @throws what is not that */
  #refused(error: unknown): void {
    if (!(error instanceof FailureError)) throw error;
    const target = this.sender.target();
    const people = target && this.#ports.channels.get(this.platform)?.people?.(target.config);
    this.#end(cleanFailure(error.failure, (text) => cleaned(text, this.#ports.redact, [], people)));
  }

  #fitSettings(): FitSettings {
    const { clock, settings } = this.#ports;
    const id = this.sender.digest_id ?? this.sender.tasks[0]!;
    return { now: new Date(clock.now()), maxParts: settings().fit.max_parts, id };
  }

  #arrivedLate(aboard: readonly Sender[], success: Success): void {
    this.stop();
    for (const sender of aboard) sender.arrivedLate(success, this.sender.digest_id);
  }

  #accepted(success: Success, parts: Parts): void {
    this.sender.attempted(success);
    this.lane.accepted();
    this.#tries = 0;
    if (parts.accepted(success)) return this.#end(parts.success);
    if (this.#ports.store.durable) this.#mark(parts, false);
    this.sender.overdue({ outcome: OUT_OF_TIME, timed_out: false });
    if (this.sender.isOver()) return this.#end(OUT_OF_TIME);
    this.#continue();
  }

  #failed(failure: Failure, parts: Parts, target: Target, channel: Channel, timed_out: boolean): void {
    const { clock, events, settings, chance } = this.#ports;
    if (failure.kind === 'rate_limited') {
      const { lane } = this;
      const seconds = lane.pause(failure, channel.limits.throttle);
      events.emit('paused', { platform: this.platform, target: `${target.alias}/${target.name}`, seconds });
      for (const limit of lane.closing) this.#ports.store.paused(limit);
      if (this.#ports.store.durable) this.#mark(parts, false);
      if (!this.begun) this.sender.throttled(failure);
      this.sender.overdue({ outcome: failure, timed_out });
      if (this.#givesUp()) this.#end(failure);
      else this.#return();
      return this.#ports.paused(lane);
    }
    this.sender.attempted(failure);
    this.sender.overdue({ outcome: failure, timed_out });
    this.#tries++;
    if (failure.as_text && !this.#givesUp() && parts.turnToText(channel, target, this.#fitSettings())) {
      this.#tries = 0;
      if (this.#ports.store.durable) this.#mark(parts, false);
      return this.#continue();
    }
    if (failure.kind === 'unknown') this.unclear = true;
    if (this.#ports.store.durable) this.#mark(parts, false);
    const delay = retryDelay(failure, this.#tries, channel.capabilities.idempotent, settings().retry, chance());
    if (delay === undefined || this.#givesUp()) return this.#end(failure, timed_out);
    this.#cancelRetry = clock.after(delay, () => {
      this.#cancelRetry = undefined;
      if (this.#givesUp()) return this.#end(failure, timed_out);
      this.#return();
    });
  }

  /**
   * Its lane may be paused.
   * @returns whether it can wait for the end of the pause; otherwise it has ended
   */
  outlivesPause(): boolean {
    if (this.sender.outlives(this.lane.pausedFor)) return true;
    this.lane.leave(this);
    this.#end(PAUSED_PAST_DEADLINE);
    return false;
  }

  /** There is nothing to send to any more; but the members of a digest may each have moved, and go on by themselves. */
  #strand(): void {
    this.#sending = false;
    if (this.sender.digest_id !== undefined && !this.begun && !this.sender.waiting()) return;
    this.#end(TARGET_GONE);
  }

  /**
   * Takes the lane of its target as it is configured now.
   * @returns false: there is none, and it has ended
   */
  #aims(): boolean {
    const target = this.sender.target();
    if (target === undefined) this.#strand();
    else this.lane = this.#ports.laneOf(target);
    return target !== undefined;
  }

  /** The rest of it at the next turn. The account may have been throttled by another lane while this was out. */
  #continue(): void {
    if (this.#aims() && this.outlivesPause()) this.lane.continue(this);
  }

  /** Back into its lane, ahead of those who have not had a turn yet. */
  #return(): void {
    this.#sending = false;
    if (!this.#aims()) return;
    // Rendered anew next time: the configuration, or the members of a digest, may have changed by then.
    if (this.#parts?.forget()) this.#parts = undefined;
    if (!(this.begun ? this.outlivesPause() : this.sender.waiting())) return;
    this.lane.reenter(this);
  }

  #givesUp(): boolean {
    return this.#done || this.sender.isOver() || (!this.begun && this.sender.isUnwanted());
  }

  #end(outcome: Outcome, timed_out = false): void {
    this.#sending = false;
    this.#done = true;
    this.sender.ended({ outcome, timed_out });
  }
}
