/** Counts requests that are held back: a `timeout` or `slow` fault, a silent server. */
export function createHolds(): { hold: () => () => void; held: () => number } {
  let held = 0;
  return {
    held: () => held,
    hold: () => {
      held += 1;
      let open = true;
      return () => {
        if (open) held -= 1;
        open = false;
      };
    },
  };
}
