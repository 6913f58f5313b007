/** The reserve for urgent messages: windows of a minute or more and of five or more sends keep their last tenth. */
const RESERVED_WINDOW_MS = 60_000;
const RESERVED_FROM = 5;

/** A sliding window: at most `limit` sends within any `ms` milliseconds. Times are monotonic milliseconds. */
export class Window {
  readonly ms: number;
  limit: number;
  /** Times of the sends that may still count, oldest first; `#head` is the first that is kept. */
  #times: number[] = [];
  #head = 0;
  /** Until then it is full, whatever is kept. */
  #fullUntil = -Infinity;

  constructor(limit: number, ms: number) {
    this.limit = limit;
    this.ms = ms;
  }

  /** Counts a send that is made at this moment, or soon. */
  stamp(at: number): void {
    this.#times.push(at);
  }

  /** A send that was counted for one moment has been made at another one. */
  move(from: number, to: number): void {
    const at = this.#times.lastIndexOf(from);
    if (at < this.#head) return;
    this.#times.splice(at, 1);
    const before = this.#times.findLastIndex((time) => time <= to);
    this.#times.splice(Math.max(before + 1, this.#head), 0, to);
  }

  /** A send that was counted for this moment is not made. */
  forget(at: number): void {
    const found = this.#times.lastIndexOf(at);
    if (found >= this.#head) this.#times.splice(found, 1);
  }

  /** What was sent up to this moment is not known: it counts as all that is allowed. */
  fill(moment: number): void {
    this.#fullUntil = moment + this.ms;
  }

  /**
   * Milliseconds until the `nth` next send (1 = the next one) is allowed.
   * @param urgent may use the reserve
   */
  wait(now: number, urgent: boolean, nth = 1): number {
    this.#forget(now);
    const usable = urgent ? this.limit : this.limit - this.#reserve();
    return Math.max(0, this.#allowedAt(now, usable, nth) - now);
  }

  #allowedAt(now: number, usable: number, nth: number): number {
    // Each full window of sends ahead takes its whole length.
    const rounds = Math.ceil(nth / usable) - 1;
    // The send that has to leave the window first, counted from the oldest one kept.
    const blocking = this.#times.length - this.#head + (nth - rounds * usable) - usable;
    const free = blocking <= 0 ? now : this.#times[this.#head + blocking - 1]! + this.ms;
    return Math.max(free, this.#fullUntil) + rounds * this.ms;
  }

  /** Times of the sends that may still count, oldest first. */
  get times(): readonly number[] {
    return this.#times.slice(this.#head);
  }

  /** What is known to have been sent takes the place of what was counted here; oldest first. */
  replace(times: readonly number[], now: number): void {
    this.#times = times.filter((time) => time + this.ms > now);
    this.#head = 0;
  }

  /** No send counts any more. */
  isEmpty(now: number): boolean {
    this.#forget(now);
    return this.#head === this.#times.length && this.#fullUntil <= now;
  }

  #reserve(): number {
    return this.ms >= RESERVED_WINDOW_MS && this.limit >= RESERVED_FROM ? Math.ceil(this.limit / 10) : 0;
  }

  #forget(now: number): void {
    while (this.#head < this.#times.length && this.#times[this.#head]! + this.ms <= now) this.#head++;
    if (this.#head > 64 && this.#head * 2 > this.#times.length) {
      this.#times = this.#times.slice(this.#head);
      this.#head = 0;
    }
  }
}
