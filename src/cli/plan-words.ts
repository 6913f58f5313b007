import type { Plan, Recipient, Send, Strategy } from '../model.ts';
import { planFor } from '../strategy/plan.ts';

const STRATEGIES = ['all', 'failover', 'webhook_failover', 'mixed'] as const satisfies readonly Strategy[];

/** What every strategy makes of a recipient, as pairs of a strategy and its plan in words: `first(f1, all(d1, d2))`. */
export function plansOf(recipient: Recipient): [strategy: string, plan: string][] {
  const platforms = recipient.groups.map((group) => group.platform);
  return [
    ...STRATEGIES.map((strategy): [string, string] => [strategy, wordsOf(strategy, recipient)]),
    ...platforms.map((name): [string, string] => [`platform ${name}`, wordsOf('platform', recipient, name)]),
  ];
}

function wordsOf(strategy: Strategy, recipient: Recipient, platform?: string): string {
  const { plan, copies } = planFor(strategy, recipient, platform);
  const words = plan === undefined ? 'nothing is enabled: fails with a notice' : planWords(plan);
  return copies.length === 0 ? words : `${words} + a copy to ${copies.map(nameOf).join(', ')}`;
}

function planWords(plan: Plan): string {
  return plan.op === 'send' ? nameOf(plan) : `${plan.op}(${plan.branches.map(planWords).join(', ')})`;
}

const nameOf = ({ platform, target }: Send): string => `${platform}/${target}`;
