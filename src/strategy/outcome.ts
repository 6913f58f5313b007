import type { Plan, Result, TaskOutcome } from '../model.ts';

/**
 * The outcome of a plan, computed from the results and from nothing else: a `send` is its result; a `first` takes the
 * outcome of the branch it stopped at (the first that reached somebody); an `all` is `success` if every branch is,
 * `failed` if every branch is, else `partial`.
 * @param results by leaf number; a hole, or a result still in hand, reached nobody
 */
export function outcomeOf(plan: Plan | undefined, results: readonly (Result | undefined)[]): TaskOutcome {
  if (plan === undefined) return 'failed';
  if (plan.op === 'send') return results[plan.leaf]?.status === 'success' ? 'success' : 'failed';
  const outcomes = plan.branches.map((branch) => outcomeOf(branch, results));
  if (plan.op === 'first') return outcomes.find((outcome) => outcome !== 'failed') ?? 'failed';
  const [first = 'failed'] = outcomes;
  return outcomes.every((outcome) => outcome === first) ? first : 'partial';
}
