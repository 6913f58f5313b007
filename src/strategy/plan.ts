import type { Plan, Recipient, Send, Strategy } from '../model.ts';

type Join = 'all' | 'first';

/** A strategy is two words: what to do across channels, and what within one. */
const STRATEGIES: Readonly<
  Record<Strategy, { readonly across: Join; readonly within: Join; readonly copies: boolean }>
> = {
  all: { across: 'all', within: 'all', copies: true },
  failover: { across: 'first', within: 'first', copies: false },
  webhook_failover: { across: 'all', within: 'first', copies: true },
  mixed: { across: 'first', within: 'all', copies: false },
  // One channel only, so `across` has nothing to join.
  platform: { across: 'first', within: 'first', copies: false },
};

export interface Planned {
  /** `undefined`: nothing is enabled. */
  readonly plan: Plan | undefined;
  /** The recipient's `system` entries that get a copy beside the plan. */
  readonly copies: readonly Send[];
  /** How many leaves and copies there are. */
  readonly leaves: number;
  /** Where its tasks line up: `<alias>/<platform>/<target>` of the first leaf. */
  readonly line: string;
}

/**
 * Makes the plan of a strategy for a recipient. Law: the leaves are the enabled targets (`system` only when it is the
 * named platform), each once, in YAML order, numbered from 0; copies are numbered after them.
 * @param platform the one platform of the strategy `platform`; ignored by the others
 */
export function planFor(strategy: Strategy, recipient: Recipient, platform?: string): Planned {
  const { across, within, copies } = STRATEGIES[strategy];
  let leaf = 0;
  const sends = (name: string): Send[] =>
    recipient.groups
      .filter((group) => group.platform === name && group.enabled)
      .flatMap((group) => group.targets.filter((target) => target.enabled))
      .map((target) => ({ op: 'send', leaf: leaf++, platform: target.platform, target: target.name }));

  if (strategy === 'platform') {
    const named = platform ?? '';
    const plan = join(named === 'system' ? 'all' : within, sends(named));
    return { plan, copies: [], leaves: leaf, line: lineOf(recipient, plan) };
  }
  const names = recipient.groups.map((group) => group.platform).filter((name) => name !== 'system');
  const plan = join(
    across,
    names.map((name) => join(within, sends(name))),
  );
  const beside = copies ? sends('system') : [];
  return { plan, copies: beside, leaves: leaf, line: lineOf(recipient, plan) };
}

function lineOf({ alias }: Recipient, plan: Plan | undefined): string {
  const [first] = leavesOf(plan);
  return first === undefined ? alias : `${alias}/${first.platform}/${first.target}`;
}

/** The leaves of a plan in plan order. */
export function leavesOf(plan: Plan | undefined): Send[] {
  if (plan === undefined) return [];
  return plan.op === 'send' ? [plan] : plan.branches.flatMap(leavesOf);
}

/** Drops empty branches, unwraps single ones, and flattens a branch of the same word into its parent. */
function join(op: Join, branches: readonly (Plan | undefined)[]): Plan | undefined {
  const flat = branches.flatMap((branch) => {
    if (branch === undefined) return [];
    return branch.op === op ? branch.branches : [branch];
  });
  return flat.length > 1 ? { op, branches: flat } : flat[0];
}
