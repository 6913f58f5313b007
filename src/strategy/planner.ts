import type { Recipient, Strategy } from '../model.ts';
import { type Planned, planFor } from './plan.ts';

/** `planFor`, made once for all pushes to a recipient; a reload brings new recipients and so new plans. */
export function createPlanner() {
  const plans = new WeakMap<Recipient, Map<string, Planned>>();
  return (strategy: Strategy, recipient: Recipient, platform: string | undefined): Planned => {
    const known = plans.get(recipient) ?? new Map<string, Planned>();
    plans.set(recipient, known);
    // Callers may name any platform: only those that exist are worth keeping.
    const key = platform === undefined ? strategy : `platform/${platform}`;
    let planned = known.get(key);
    if (planned === undefined) {
      planned = planFor(strategy, recipient, platform);
      if (platform === undefined || planned.plan !== undefined) known.set(key, planned);
    }
    return planned;
  };
}
