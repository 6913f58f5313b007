/** A tenth of the buffer: what is kept for those who hold less than that, or what one may hold. */
const SHARE = 0.1;
/** Next to nothing. */
const CRUMB = 0.01;

/** Where nothing can be put aside: the last tenth is kept for those who hold less than a tenth. */
export const lastTenthKept: Rule = (mine, capacity) => (mine < capacity * SHARE ? capacity : capacity * (1 - SHARE));

/**
 * Where the others wait in a store without being refused: nobody needs more than a tenth to keep a bot busy, and the last
 * tenth is kept for those who hold next to nothing, or ten bots that are closed could keep all others waiting.
 */
export const tenthEach: Rule = (mine, capacity) => {
  if (mine < capacity * CRUMB) return capacity;
  return mine < capacity * SHARE ? capacity * (1 - SHARE) : 0;
};

/** Up to how many taken places in all one who holds `mine` of them may take another one. */
export type Rule = (mine: number, capacity: number) => number;

/** The places of the bounded buffer, and who holds them. */
export interface Places {
  /** Takes a place, for a recipient or a line; false: the buffer is full for it. */
  reserve(key: string): boolean;
  /** Takes one even if the buffer is full for it. */
  take(key: string): void;
  release(key: string): void;
  /** How many each of them holds. */
  readonly held: ReadonlyMap<string, number>;
  readonly free: number;
  /** What one may hold now where the others wait in a store. */
  readonly share: number;
  readonly taken: number;
}

/** @param size most tasks in hand at once */
export function createPlaces(size: () => number, rule: Rule): Places {
  const held = new Map<string, number>();
  let taken = 0;
  const places: Places = {
    reserve(key) {
      if (taken >= rule(held.get(key) ?? 0, size())) return false;
      places.take(key);
      return true;
    },
    take(key) {
      held.set(key, (held.get(key) ?? 0) + 1);
      taken++;
    },
    release(key) {
      const mine = held.get(key)! - 1;
      if (mine === 0) held.delete(key);
      else held.set(key, mine);
      taken--;
    },
    held,
    get free() {
      return Math.max(0, size() - taken);
    },
    get share() {
      const isLast = places.free <= size() * SHARE;
      return Math.max(1, Math.floor(size() * (isLast ? CRUMB : SHARE)));
    },
    get taken() {
      return taken;
    },
  };
  return places;
}
