import { List, type Listed } from '../list.ts';

/** What waits in a lane. */
export interface Waiter extends Listed {
  readonly priority: number;
  /** May be folded into a digest now. */
  foldable(): boolean;
}

/** From this priority up a message may use the reserve of the windows and is never folded. */
export const URGENT = 8;

const HIGHEST = 9;

/** Above all priorities: the rest of a message whose first parts have gone out. */
const CONTINUED = 10;

/** The waiting room of a lane: a list for each priority, every step in constant time. */
export class WaitingRoom<W extends Waiter> {
  readonly #lines: (List<W> | undefined)[] = [];
  size = 0;

  /** Last of its priority. */
  enter(waiter: W): void {
    this.#line(waiter.priority).add(waiter);
    this.size++;
  }

  /** First of its priority: it had its turn before and comes back. */
  reenter(waiter: W): void {
    this.#line(waiter.priority).addFirst(waiter);
    this.size++;
  }

  /** Ahead of everything. */
  continue(waiter: W): void {
    this.#line(CONTINUED).addFirst(waiter);
    this.size++;
  }

  /** False: it was not here. */
  leave(waiter: W): boolean {
    if (waiter.list === undefined) return false;
    waiter.list.remove(waiter);
    this.size--;
    return true;
  }

  /** Who is next; stays in the room. */
  first(): W | undefined {
    for (let priority = CONTINUED; priority >= 0; priority--) {
      const first = this.#lines[priority]?.first;
      if (first) return first;
    }
    return undefined;
  }

  /** Who of the urgent is next. */
  firstUrgent(): W | undefined {
    for (let priority = HIGHEST; priority >= URGENT; priority--) {
      const first = this.#lines[priority]?.first;
      if (first) return first;
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
      for (let w = this.#lines[priority]?.first; w !== undefined; w = w.after as W | undefined) {
        if (found.length >= max || !w.foldable()) return found;
        found.push(w);
      }
    }
    return found;
  }

  /** Everyone, in the order of their turns. */
  all(): W[] {
    return this.#lines.toReversed().flatMap((line) => line?.all() ?? []);
  }

  #line(priority: number): List<W> {
    return (this.#lines[priority] ??= new List());
  }
}
