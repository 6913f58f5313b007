import type { End, Leg, Mode, Plan, Send } from '../model.ts';

/** Sends leaves; what that means is the caller's business. An object, so that a waiting task holds no closure. */
export interface Carrier {
  send(leaf: Send, mode: Mode): Pick<Leg, 'onEnd' | 'withdraw'>;
}

export interface Run {
  /** Tells one listener, once, that every leaf has ended; at once if they have. */
  onEnd(told: () => void): void;
  /** A leaf that had been given up was reached after all: what has not been sent for its sake is withdrawn. */
  late(leaf: number): void;
}

/** Walks a plan. The one evaluator for production, dry run and tests. */
export function run(plan: Plan, carrier: Carrier): Run {
  // Most plans are a single leaf, which has nobody to be withdrawn for; waiting ones should cost little memory.
  if (plan.op === 'send') return new Single(carrier.send(plan, PATIENT));
  const lates = new Set<number>();
  const root = walk(plan, carrier, PATIENT, lates);
  return {
    onEnd: (told) => void root.end.then(told),
    late(leaf) {
      lates.add(leaf);
      root.late(leaf);
    },
  };
}

const PATIENT: Mode = { stay: 'deadline' };

/** The run of a plan of one leaf: nobody else is there to be withdrawn. */
class Single implements Run {
  readonly #leg: Pick<Leg, 'onEnd'>;

  constructor(leg: Pick<Leg, 'onEnd'>) {
    this.#leg = leg;
  }

  onEnd(told: () => void): void {
    this.#leg.onEnd(told);
  }

  late(): void {}
}

interface Walk {
  readonly end: Promise<End>;
  withdraw(): void;
  late(leaf: number): unknown;
}

/** A branch under way. */
interface Step {
  readonly branch: Plan;
  readonly walk: Walk;
}

/** @param lates leaves reached late, shared by the whole run */
function walk(plan: Plan, carrier: Carrier, mode: Mode, lates: ReadonlySet<number>): Walk {
  if (plan.op === 'send') {
    const leg = carrier.send(plan, mode);
    // It may be waiting anew, after an earlier attempt that has now succeeded.
    const end = new Promise<End>((resolve) => leg.onEnd(resolve));
    return { end, withdraw: () => leg.withdraw(), late: (leaf) => leaf === plan.leaf && leg.withdraw() };
  }
  return plan.op === 'all'
    ? walkAll(plan.branches, carrier, mode, lates)
    : walkFirst(plan.branches, carrier, mode, lates);
}

function walkAll(branches: readonly Plan[], carrier: Carrier, mode: Mode, lates: ReadonlySet<number>): Walk {
  const walks = branches.map((branch) => walk(branch, carrier, mode, lates));
  return {
    end: Promise.all(walks.map((w) => w.end)).then((ends) =>
      branches.some((branch) => anyOf(branch, lates)) ? 'reached' : strongest(ends),
    ),
    withdraw: () => walks.forEach((w) => w.withdraw()),
    late: (leaf) => walks.forEach((w) => w.late(leaf)),
  };
}

function walkFirst(branches: readonly Plan[], carrier: Carrier, mode: Mode, lates: ReadonlySet<number>): Walk {
  /** The branches under way: one in the first pass, all that wait in the second. */
  let current: readonly Step[] = [];
  let withdrawn = false;

  const over = (): End | undefined => {
    if (branches.some((branch) => anyOf(branch, lates))) return 'reached';
    return withdrawn ? 'withdrawn' : undefined;
  };

  async function inOrder(): Promise<End> {
    const passed: Plan[] = [];
    for (const [i, branch] of branches.entries()) {
      // The last one stays in its lane only if there is no other to come back to.
      const alone = i === branches.length - 1 && passed.length === 0;
      const step = { branch, walk: walk(branch, carrier, alone ? mode : { ...mode, stay: 'patience' }, lates) };
      current = [step];
      const end = await step.walk.end;
      const ended = end === 'reached' ? end : over();
      if (ended) return ended;
      if (end === 'passed') passed.push(branch);
    }
    if (passed.length === 0) return 'failed';
    return mode.stay === 'deadline' ? whenFree(passed) : 'passed';
  }

  /**
   * Nobody was reached, and some branches were passed over because their lanes were full. All of them wait now, in
   * order; the first whose lane comes free has the turn, and the others are withdrawn until it has failed.
   */
  async function whenFree(passed: readonly Plan[]): Promise<End> {
    let waiting = passed;
    while (waiting.length > 0) {
      const turn = takeTurns(waiting, carrier, mode, lates);
      current = turn.steps;
      const ends = await turn.ends;
      const ended = ends.includes('reached') ? 'reached' : over();
      if (ended) return ended;
      // Nobody had a turn: they all ended while they waited.
      if (!turn.taken()) return 'failed';
      waiting = waiting.filter((_, i) => ends[i] !== 'failed');
    }
    return 'failed';
  }

  return {
    end: inOrder(),
    withdraw() {
      withdrawn = true;
      for (const step of current) step.walk.withdraw();
    },
    late(leaf) {
      if (!branches.some((branch) => contains(branch, leaf))) return;
      for (const step of current) {
        if (contains(step.branch, leaf)) step.walk.late(leaf);
        else step.walk.withdraw();
      }
    },
  };
}

/**
 * Lets branches wait beside each other. The first leaf that begins to send takes the turn for its branch, and the
 * others leave their lanes; when all that has begun has ended and nobody was reached, the rest of that branch leaves
 * too. So at any moment one branch sends at most.
 */
function takeTurns(branches: readonly Plan[], carrier: Carrier, mode: Mode, lates: ReadonlySet<number>) {
  const steps: Step[] = [];
  let holder: Plan | undefined;
  /** Leaves of the holder that have begun and not ended. */
  let begun = 0;
  const withdraw = (which: (branch: Plan) => boolean) => {
    for (const step of steps) if (which(step.branch)) step.walk.withdraw();
  };

  const carrierOf = (branch: Plan): Carrier => ({
    send(leaf, leafMode) {
      let mine = false;
      const leg = carrier.send(leaf, {
        ...leafMode,
        began() {
          leafMode.began?.();
          if (mine) return;
          mine = true;
          begun++;
          holder ??= branch;
          withdraw((other) => other !== holder);
        },
      });
      return {
        withdraw: () => leg.withdraw(),
        onEnd: (told) =>
          leg.onEnd((end) => {
            if (mine && --begun === 0 && end !== 'reached') withdraw(() => true);
            told(end);
          }),
      };
    },
  });

  for (const branch of branches) {
    // A free lane may begin at once; then the others wait for the next round.
    if (holder !== undefined) break;
    steps.push({ branch, walk: walk(branch, carrierOf(branch), { ...mode, stay: 'turn' }, lates) });
  }
  return { steps, taken: () => holder !== undefined, ends: Promise.all(steps.map((step) => step.walk.end)) };
}

/** The end of several branches together: reached if one is, else whatever leaves something to be done. */
function strongest(ends: readonly End[]): End {
  return (['reached', 'passed', 'withdrawn'] as const).find((end) => ends.includes(end)) ?? 'failed';
}

function contains(plan: Plan, leaf: number): boolean {
  return plan.op === 'send' ? plan.leaf === leaf : plan.branches.some((branch) => contains(branch, leaf));
}

function anyOf(plan: Plan, leaves: ReadonlySet<number>): boolean {
  for (const leaf of leaves) if (contains(plan, leaf)) return true;
  return false;
}
