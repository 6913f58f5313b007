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

  constructor(limit: number, ms: number) {
    this.limit = limit;
    this.ms = ms;
  }

  /** Counts a send. */
  stamp(now: number): void {
    this.#forget(now);
    this.#times.push(now);
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
    const sent = this.#times.length - this.#head;
    // The send that has to leave the window first, counted from the oldest one kept.
    const blocking = sent + nth - usable;
    if (blocking <= 0) return now;
    if (blocking <= sent) return this.#times[this.#head + blocking - 1]! + this.ms;
    // It has not happened yet: it is itself one of the sends ahead.
    return this.#allowedAt(now, usable, blocking - sent) + this.ms;
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
