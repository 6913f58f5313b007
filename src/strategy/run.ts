import type { End, Leg, Mode, Plan, Send } from '../model.ts';

/** Sends one leaf; what that means is the caller's business. */
export type SendLeaf = (leaf: Send, mode: Mode) => Pick<Leg, 'end' | 'withdraw'>;

export interface Run {
  readonly end: Promise<unknown>;
  /** A leaf that had been given up was reached after all: what has not been sent for its sake is withdrawn. */
  late(leaf: number): void;
}

/** Walks a plan. The one evaluator: what `send` does is the caller's business. */
export function run(plan: Plan, send: SendLeaf): Run {
  // Most plans are a single leaf, which has nobody to be withdrawn for; waiting ones should cost little memory.
  if (plan.op === 'send') return { end: send(plan, PATIENT).end, late: nothing };
  const lates = new Set<number>();
  const root = walk(plan, send, PATIENT, lates);
  return {
    end: root.end,
    late(leaf) {
      lates.add(leaf);
      root.late(leaf);
    },
  };
}

const PATIENT: Mode = { impatient: false };
const nothing = () => {};

interface Walk {
  readonly end: Promise<End>;
  withdraw(): void;
  late(leaf: number): void;
}

/** @param lates leaves reached late, shared by the whole run */
function walk(plan: Plan, send: SendLeaf, mode: Mode, lates: ReadonlySet<number>): Walk {
  if (plan.op === 'send') {
    const leg = send(plan, mode);
    return { end: leg.end, withdraw: () => leg.withdraw(), late: nothing };
  }
  return plan.op === 'all' ? walkAll(plan.branches, send, mode, lates) : walkFirst(plan.branches, send, mode, lates);
}

function walkAll(branches: readonly Plan[], send: SendLeaf, mode: Mode, lates: ReadonlySet<number>): Walk {
  const walks = branches.map((branch) => walk(branch, send, mode, lates));
  return {
    end: Promise.all(walks.map((w) => w.end)).then((ends) =>
      branches.some((branch) => anyOf(branch, lates)) ? 'reached' : strongest(ends),
    ),
    withdraw: () => walks.forEach((w) => w.withdraw()),
    late: (leaf) => walks.forEach((w) => w.late(leaf)),
  };
}

function walkFirst(branches: readonly Plan[], send: SendLeaf, mode: Mode, lates: ReadonlySet<number>): Walk {
  /** The branches under way: one in the first pass, all that wait in the second. */
  let current: readonly { branch: Plan; walk: Walk }[] = [];
  let withdrawn = false;

  const over = (): End | undefined => {
    if (branches.some((branch) => anyOf(branch, lates))) return 'reached';
    return withdrawn ? 'withdrawn' : undefined;
  };

  async function inOrder(): Promise<End> {
    const passed: Plan[] = [];
    for (const [i, branch] of branches.entries()) {
      const impatient = mode.impatient || i < branches.length - 1;
      const step = { branch, walk: walk(branch, send, { ...mode, impatient }, lates) };
      current = [step];
      const end = await step.walk.end;
      const ended = end === 'reached' ? end : over();
      if (ended) return ended;
      if (end === 'passed') passed.push(branch);
    }
    if (passed.length === 0) return 'failed';
    return mode.impatient ? 'passed' : whenFree(passed);
  }

  /**
   * Nobody was reached, and some branches were passed over because their lanes were full. All of them wait now, in
   * order; the first whose lane comes free has the turn and the others are withdrawn. If it fails they wait again.
   */
  async function whenFree(passed: readonly Plan[]): Promise<End> {
    let waiting = passed;
    while (waiting.length > 0) {
      let holder: Plan | undefined;
      const steps: { branch: Plan; walk: Walk }[] = [];
      current = steps;
      const began = (branch: Plan) => {
        mode.began?.();
        if (holder !== undefined) return;
        holder = branch;
        for (const step of steps) if (step.branch !== branch) step.walk.withdraw();
      };
      for (const branch of waiting) {
        if (holder !== undefined) break;
        steps.push({ branch, walk: walk(branch, send, { impatient: false, began: () => began(branch) }, lates) });
      }
      const ends = await Promise.all(steps.map((step) => step.walk.end));
      const ended = ends.includes('reached') ? 'reached' : over();
      if (ended) return ended;
      if (holder === undefined) return 'failed';
      waiting = waiting.filter((branch) => branch !== holder);
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
      const inside = current.find((step) => contains(step.branch, leaf));
      if (inside) inside.walk.late(leaf);
      else if (branches.some((branch) => contains(branch, leaf))) for (const step of current) step.walk.withdraw();
    },
  };
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
