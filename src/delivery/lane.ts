import type { Clock, Failure, RateLimit } from '../model.ts';
import type { LimitBook } from '../store/store.ts';
import type { Limit } from './limit.ts';
import { type Waiter, URGENT, WaitingRoom } from './waiting-room.ts';

/** A message that waits for its turn in a lane. */
export interface Passenger extends Waiter {
  /** Sends one request. Called with slots in hand, after the windows have counted it. Never rejects. */
  send(): Promise<void>;
}

export interface LaneSettings {
  readonly digest: { readonly enabled: boolean; readonly threshold: number; readonly max_items: number };
  readonly max_concurrent_per_platform: number;
}

export interface LanePorts<P extends Passenger> {
  readonly clock: Clock;
  readonly settings: () => LaneSettings;
  /** Runs a turn once slots are free. */
  readonly pool: (slow: boolean, turn: () => Promise<void>, again: () => boolean) => Promise<void>;
  /** Milliseconds from a turn to its request: what it may take to record it where others look. */
  readonly lead: () => number;
  /** Makes one message of several; they have left the lane. */
  readonly fold: (passengers: P[]) => P;
}

/** Milliseconds: a timer cannot be longer than 24.8 days, the renewal of an allowance can. */
const LONGEST_NAP = 86_400_000;

/** Milliseconds by which a lane that has just sent lets the others of its account, who wait for the same moment, go first. */
const COURTESY = 10;

/** The one ordered, rate-limited way out to one target. */
export class Lane<P extends Passenger = Passenger> {
  /** The last attempt timed out. */
  slow = false;
  readonly #ports: LanePorts<P>;
  readonly #room = new WaitingRoom<P>();
  readonly #own: Limit;
  /** Of the account, which other lanes share. */
  readonly #shared: Limit | undefined;
  /** Most sends at once: 1, but with `rate_limit: off`. */
  #wide = false;
  #turns = 0;
  /** For when the send of the last turn was counted; a lane that has windows has one turn at a time. */
  #expected = 0;
  /** Other processes go by that. */
  #isTold = false;
  /** Of the two limits when that was counted. */
  #generations: [own: number, shared: number] = [0, 0];
  /** Those of the turns that wait for their slots and have not chosen their passenger yet. */
  #asked = 0;
  /** The lane has waited for its rate limit or a pause, and that backlog is not yet gone. */
  #throttled = false;
  /** It has sent since it last slept. */
  #served = false;
  /** When the lane wakes by itself; waking too early does no harm. */
  #wakeAt = Infinity;
  #cancelWake: (() => void) | undefined;

  /** @param own its own limit, made for the same rate */
  constructor(ports: LanePorts<P>, rate: RateLimit, own: Limit, shared?: Limit) {
    this.#ports = ports;
    this.#own = own;
    this.#shared = shared;
    this.#wide = rate === 'off';
  }

  /** The limits that count its sends. */
  get counting(): LimitBook[] {
    return [this.#own, ...(this.#shared ? [this.#shared] : [])].filter((limit) => limit.counts);
  }

  /** The limits that can close it. */
  get closing(): LimitBook[] {
    return this.#shared ? [this.#own, this.#shared] : [this.#own];
  }

  /** Takes a changed limit over; sends already made keep counting. */
  limit(rate: RateLimit): void {
    this.#wide = rate === 'off';
    this.#own.set(rate);
    this.#pump();
  }

  enter(passenger: P): void {
    this.#room.enter(passenger);
    this.#pump();
  }

  /** It had its turn and comes back, first of its priority. */
  reenter(passenger: P): void {
    this.#room.reenter(passenger);
    this.#pump();
  }

  /** The next part of a message that has begun: parts leave together. */
  continue(passenger: P): void {
    this.#room.continue(passenger);
    this.#pump();
  }

  leave(passenger: P): boolean {
    return this.#room.leave(passenger);
  }

  /** Everyone who waits, in the order of their turns. */
  waiting(): P[] {
    return this.#room.all();
  }

  /**
   * The platform said "too fast", to this target or to its whole account.
   * @returns seconds of the pause
   */
  pause(failure: Failure, throttle: { readonly base: number; readonly max: number }): number {
    const limit = failure.account ? (this.#shared ?? this.#own) : this.#own;
    return limit.pause(failure, throttle);
  }

  /** To record it took longer than other processes were told: it may not leave for the moment it was counted for. */
  get isLate(): boolean {
    return this.#isTold && this.#ports.clock.monotonic() > this.#expected;
  }

  /** The request of the last turn leaves only now. */
  sent(): void {
    this.#own.sent(this.#expected);
    this.#shared?.sent(this.#expected);
  }

  /** Nor does it: what another process has made of a limit says so already. */
  unsent(): void {
    this.#own.unsent(this.#expected, this.#generations[0]);
    this.#shared?.unsent(this.#expected, this.#generations[1]);
  }

  /** The platform took a message: the next throttle answer starts from the base again. */
  accepted(): void {
    this.#own.accepted();
    this.#shared?.accepted();
  }

  /** Milliseconds until a newcomer of this priority could begin, as far as pause, windows and those ahead tell. */
  forecast(priority: number): number {
    const { digest } = this.#ports.settings();
    let ahead = this.#room.ahead(priority);
    // A backlog that will be folded leaves in far fewer sends.
    const patient = this.#room.patient;
    if (digest.enabled && priority < URGENT && patient > digest.threshold && ahead > 0) {
      ahead = Math.max(0, ahead - patient) + Math.ceil(Math.min(patient, ahead) / digest.max_items);
    }
    return this.#wait(priority >= URGENT, ahead + 1);
  }

  /** Whether a pause of the one is a pause of the other. */
  sharesWith(other: Lane<P>): boolean {
    return this === other || (this.#shared !== undefined && this.#shared === other.#shared);
  }

  /** Wakes no more. */
  close(): void {
    this.#cancelWake?.();
  }

  get backlog(): number {
    return this.#room.size;
  }

  /** Milliseconds until the end of the pause, its own or that of its account; 0 without one. */
  get pausedFor(): number {
    return Math.max(this.#own.pausedFor, this.#shared?.pausedFor ?? 0);
  }

  /** Nobody waits, and nothing it remembers could matter. */
  get forgettable(): boolean {
    return this.#room.size === 0 && this.#turns === 0 && this.#own.forgettable;
  }

  /** Asks for a turn for everyone who could begin now; else sleeps until somebody can. */
  #pump(): void {
    while (this.#turns < this.#most && this.#asked < this.#room.size) {
      if (this.#next() === undefined) return this.#sleep(this.#shortestWait());
      this.#turns++;
      this.#asked++;
      void this.#ports
        .pool(
          this.slow,
          () => this.#turn(),
          () => this.#again(),
        )
        .finally(() => {
          this.#turns--;
          this.#pump();
        });
    }
  }

  /** Its slots are free after a turn: whether they serve another one at once. */
  #again(): boolean {
    if (this.slow || this.#turns > this.#most || this.#asked >= this.#room.size || this.#next() === undefined)
      return false;
    this.#asked++;
    return true;
  }

  /** Most turns at once. */
  get #most(): number {
    return this.#wide ? this.#ports.settings().max_concurrent_per_platform : 1;
  }

  /** Slots are in hand: who is first now? What was true when they were asked for may have changed. */
  async #turn(): Promise<void> {
    this.#asked--;
    const next = this.#next();
    if (next === undefined) return;
    const passenger = this.#take(next);
    const lead = this.#ports.lead();
    this.#expected = this.#ports.clock.monotonic() + lead;
    this.#isTold = lead > 0 && this.counting.length > 0;
    this.#generations = [this.#own.generation, this.#shared?.generation ?? 0];
    this.#own.stamp(this.#expected);
    this.#shared?.stamp(this.#expected);
    this.#served = true;
    await passenger.send();
  }

  /**
   * Who may send now: the first, or, while the next part of a long message has to wait, the first who may use the
   * reserve.
   */
  #next(): P | undefined {
    const first = this.#room.first();
    if (first === undefined || this.#waitOf(first) === 0) return first;
    const urgent = this.#room.firstUrgent();
    return urgent !== undefined && this.#waitOf(urgent) === 0 ? urgent : undefined;
  }

  /** Milliseconds until somebody may send; somebody is there. */
  #shortestWait(): number {
    const first = this.#waitOf(this.#room.first()!);
    const urgent = this.#room.firstUrgent();
    return urgent === undefined ? first : Math.min(first, this.#waitOf(urgent));
  }

  #take(first: P): P {
    const { digest } = this.#ports.settings();
    const patient = this.#room.patient;
    if (patient <= digest.threshold) this.#throttled = false;
    if (digest.enabled && this.#throttled && first.priority < URGENT) {
      const run = this.#room.run(digest.max_items);
      // `run` is empty when a message that has begun, or one that must go alone, is first.
      if (run.length > 1 && run[0] === first) {
        for (const passenger of run) this.#room.leave(passenger);
        return this.#ports.fold(run);
      }
    }
    this.#room.leave(first);
    return first;
  }

  #waitOf(passenger: P): number {
    return this.#wait(passenger.priority >= URGENT, 1);
  }

  #wait(urgent: boolean, nth: number): number {
    const own = this.#own.wait(urgent, nth);
    return this.#shared === undefined ? own : Math.max(own, this.#shared.wait(urgent, nth));
  }

  #sleep(ms: number): void {
    this.#throttled = true;
    const nap = Math.min(ms, LONGEST_NAP) + (this.#shared !== undefined && this.#served ? COURTESY : 0);
    const at = this.#ports.clock.monotonic() + nap;
    if (this.#wakeAt <= at) return;
    this.#served = false;
    this.#cancelWake?.();
    this.#wakeAt = at;
    this.#cancelWake = this.#ports.clock.after(nap, () => {
      this.#wakeAt = Infinity;
      this.#pump();
    });
  }
}
