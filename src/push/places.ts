/** The share of the buffer that is kept for recipients who hold less than that share of it. */
const FAIR_SHARE = 0.1;

/** The places of the bounded buffer, and who holds them. */
export interface Places {
  /** Takes a place for a push to this recipient; false: the buffer is full for it. */
  reserve(alias: string): boolean;
  release(alias: string): void;
  readonly taken: number;
}

/** @param size most tasks in hand at once */
export function createPlaces(size: () => number): Places {
  const held = new Map<string, number>();
  let taken = 0;
  return {
    reserve(alias) {
      const capacity = size();
      const mine = held.get(alias) ?? 0;
      const small = mine < capacity * FAIR_SHARE;
      if (taken >= (small ? capacity : capacity * (1 - FAIR_SHARE))) return false;
      held.set(alias, mine + 1);
      taken++;
      return true;
    },
    release(alias) {
      const mine = held.get(alias)! - 1;
      if (mine === 0) held.delete(alias);
      else held.set(alias, mine);
      taken--;
    },
    get taken() {
      return taken;
    },
  };
}
