import type { Clock, RateLimit } from '../model.ts';
import { type Waiter, URGENT, WaitingRoom } from './waiting-room.ts';
import { Window } from './window.ts';

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
  readonly pool: (slow: boolean, turn: () => Promise<void>) => Promise<void>;
  /** Makes one message of several; they have left the lane. */
  readonly fold: (passengers: P[]) => P;
}

/** Seconds: what a used-up quota pauses for; a platform that asks for more is asked again after that. */
const LONGEST_PAUSE = 3600;

/** Seconds: a platform that says "too fast, come back in 0 seconds" is not hammered. */
const SHORTEST_PAUSE = 1;

/** The one ordered, rate-limited way out to one target. */
export class Lane<P extends Passenger = Passenger> {
  /** The last attempt timed out. */
  slow = false;
  readonly #ports: LanePorts<P>;
  readonly #room = new WaitingRoom<P>();
  #windows: Window[] = [];
  /** Most sends at once: 1, but with `rate_limit: off`. */
  #wide = false;
  #turns = 0;
  /** Those of the turns that wait for their slots and have not chosen their passenger yet. */
  #asked = 0;
  /** Monotonic milliseconds. */
  #lastSent = -Infinity;
  #pausedUntil = 0;
  /** Throttle answers in a row, for the doubling of the pause. */
  #throttles = 0;
  /** The lane has waited for its rate limit or a pause, and that backlog is not yet gone. */
  #throttled = false;
  /** When the lane wakes by itself; waking too early does no harm. */
  #wakeAt = Infinity;
  #cancelWake: (() => void) | undefined;

  constructor(ports: LanePorts<P>, rate: RateLimit) {
    this.#ports = ports;
    this.limit(rate);
  }

  /** Takes a changed limit over; sends already made keep counting. */
  limit(rate: RateLimit): void {
    this.#wide = rate === 'off';
    const wanted: [number | undefined, number][] =
      rate === 'off'
        ? []
        : [
            [rate.per_second, 1000],
            [rate.per_minute, 60_000],
          ];
    this.#windows = wanted.flatMap(([limit, ms]) => {
      if (limit === undefined) return [];
      const window = this.#windows.find((w) => w.ms === ms) ?? this.#newWindow(limit, ms);
      window.limit = limit;
      return [window];
    });
    this.#pump();
  }

  /** What was sent before there was a window is not known: it counts as full. */
  #newWindow(limit: number, ms: number): Window {
    const window = new Window(limit, ms);
    for (let i = 0; i < limit && this.#lastSent > -Infinity; i++) window.stamp(this.#lastSent);
    return window;
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
   * The platform said "too fast".
   * @param stated seconds the platform asked for, or undefined
   * @param throttle seconds when it did not: `base`, doubling to `max`
   * @returns seconds of the pause
   */
  pause(stated: number | undefined, throttle: { readonly base: number; readonly max: number }): number {
    const now = this.#ports.clock.monotonic();
    const left = Math.max(0, this.#pausedUntil - now) / 1000;
    // Answers to requests that were out together are one throttling, not several.
    if (stated === undefined && left > 0) return left;
    const own = Math.min(throttle.max, throttle.base * 2 ** this.#throttles);
    const seconds = Math.max(left, SHORTEST_PAUSE, Math.min(LONGEST_PAUSE, stated ?? own));
    this.#throttles++;
    this.#pausedUntil = now + seconds * 1000;
    return seconds;
  }

  /** The platform took a message: the next throttle answer starts from the base again. */
  accepted(): void {
    this.#throttles = 0;
  }

  /** Milliseconds until a newcomer of this priority could begin, as far as pause, windows and those ahead tell. */
  forecast(priority: number): number {
    const now = this.#ports.clock.monotonic();
    const { digest } = this.#ports.settings();
    let ahead = this.#room.ahead(priority);
    // A backlog that will be folded leaves in far fewer sends.
    const patient = this.#room.patient;
    if (digest.enabled && priority < URGENT && patient > digest.threshold && ahead > 0) {
      ahead = Math.max(0, ahead - patient) + Math.ceil(Math.min(patient, ahead) / digest.max_items);
    }
    const paused = Math.max(0, this.#pausedUntil - now);
    return this.#windows.reduce((most, w) => Math.max(most, w.wait(now, priority >= URGENT, ahead + 1)), paused);
  }

  /** Wakes no more. */
  close(): void {
    this.#cancelWake?.();
  }

  get backlog(): number {
    return this.#room.size;
  }

  get paused(): boolean {
    return this.#pausedUntil > this.#ports.clock.monotonic();
  }

  /** Nobody waits, and nothing it remembers could matter. */
  get forgettable(): boolean {
    const now = this.#ports.clock.monotonic();
    return this.#room.size === 0 && this.#turns === 0 && !this.paused && this.#windows.every((w) => w.isEmpty(now));
  }

  /** Asks for a turn for everyone who could begin now; else sleeps until somebody can. */
  #pump(): void {
    const most = this.#wide ? this.#ports.settings().max_concurrent_per_platform : 1;
    while (this.#turns < most && this.#asked < this.#room.size) {
      if (this.#next() === undefined) return this.#sleep(this.#shortestWait());
      this.#turns++;
      this.#asked++;
      void this.#ports
        .pool(this.slow, () => this.#turn())
        .finally(() => {
          this.#turns--;
          this.#pump();
        });
    }
  }

  /** Slots are in hand: who is first now? What was true when they were asked for may have changed. */
  async #turn(): Promise<void> {
    this.#asked--;
    const next = this.#next();
    if (next === undefined) return;
    const passenger = this.#take(next);
    const now = this.#ports.clock.monotonic();
    this.#lastSent = now;
    for (const window of this.#windows) window.stamp(now);
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
    const now = this.#ports.clock.monotonic();
    const paused = Math.max(0, this.#pausedUntil - now);
    return this.#windows.reduce((most, w) => Math.max(most, w.wait(now, passenger.priority >= URGENT)), paused);
  }

  #sleep(ms: number): void {
    this.#throttled = true;
    const at = this.#ports.clock.monotonic() + ms;
    if (this.#wakeAt <= at) return;
    this.#cancelWake?.();
    this.#wakeAt = at;
    this.#cancelWake = this.#ports.clock.after(ms, () => {
      this.#wakeAt = Infinity;
      this.#pump();
    });
  }
}
