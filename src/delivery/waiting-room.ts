/** What waits in a lane. The links belong to the room that holds it. */
export interface Waiter {
  readonly priority: number;
  /** May be folded into a digest now. */
  foldable(): boolean;
  room: Line | undefined;
  before: Waiter | undefined;
  after: Waiter | undefined;
}

/** One first-in-first-out list of a room. */
export interface Line {
  first: Waiter | undefined;
  last: Waiter | undefined;
  size: number;
}

/** From this priority up a message may use the reserve of the windows and is never folded. */
export const URGENT = 8;

const HIGHEST = 9;

/** Above all priorities: the rest of a message whose first parts have gone out. */
const CONTINUED = 10;

/** The waiting room of a lane: a list for each priority, every step in constant time. */
export class WaitingRoom<W extends Waiter> {
  #lines: (Line | undefined)[] = [];
  size = 0;

  /** Last of its priority. */
  enter(waiter: W): void {
    const line = this.#line(waiter.priority);
    link(line, waiter, line.last, undefined);
    this.size++;
  }

  /** First of its priority: it had its turn before and comes back. */
  reenter(waiter: W): void {
    this.#enterFirst(this.#line(waiter.priority), waiter);
  }

  /** Ahead of everything. */
  continue(waiter: W): void {
    this.#enterFirst(this.#line(CONTINUED), waiter);
  }

  /** False: it was not here. */
  leave(waiter: W): boolean {
    const { room: line, before, after } = waiter;
    if (line === undefined) return false;
    if (before) before.after = after;
    else line.first = after;
    if (after) after.before = before;
    else line.last = before;
    waiter.room = waiter.before = waiter.after = undefined;
    line.size--;
    this.size--;
    return true;
  }

  /** Who is next; stays in the room. */
  first(): W | undefined {
    for (let priority = CONTINUED; priority >= 0; priority--) {
      const first = this.#lines[priority]?.first;
      if (first) return first as W;
    }
    return undefined;
  }

  /** Who of the urgent is next. */
  firstUrgent(): W | undefined {
    for (let priority = HIGHEST; priority >= URGENT; priority--) {
      const first = this.#lines[priority]?.first;
      if (first) return first as W;
    }
    return undefined;
  }

  /** How many wait below the urgent priorities (those that have begun not counted). */
  get patient(): number {
    let size = 0;
    for (let priority = 0; priority < URGENT; priority++) size += this.#lines[priority]?.size ?? 0;
    return size;
  }

  /** How many are ahead of a newcomer of this priority. */
  ahead(priority: number): number {
    let size = 0;
    for (let p = priority; p <= CONTINUED; p++) size += this.#lines[p]?.size ?? 0;
    return size;
  }

  /** The next `max` waiters below the urgent priorities, up to the first that may not be folded; they stay in the room. */
  run(max: number): W[] {
    const found: W[] = [];
    for (let priority = URGENT - 1; priority >= 0; priority--) {
      for (let w = this.#lines[priority]?.first; w !== undefined; w = w.after) {
        if (found.length >= max || !w.foldable()) return found;
        found.push(w as W);
      }
    }
    return found;
  }

  /** Everyone, in the order of their turns. */
  all(): W[] {
    const found: W[] = [];
    for (let priority = CONTINUED; priority >= 0; priority--) {
      for (let w = this.#lines[priority]?.first; w !== undefined; w = w.after) found.push(w as W);
    }
    return found;
  }

  #enterFirst(line: Line, waiter: W): void {
    link(line, waiter, undefined, line.first);
    this.size++;
  }

  #line(priority: number): Line {
    return (this.#lines[priority] ??= { first: undefined, last: undefined, size: 0 });
  }
}

function link(line: Line, waiter: Waiter, before: Waiter | undefined, after: Waiter | undefined): void {
  waiter.room = line;
  waiter.before = before;
  waiter.after = after;
  if (before) before.after = waiter;
  else line.first = waiter;
  if (after) after.before = waiter;
  else line.last = waiter;
  line.size++;
}
