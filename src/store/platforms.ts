import type { Plan, Task } from '../model.ts';

/** Every platform a task was to go to, copies and the one it was pushed to by name included, each once. */
export function platformsOf({ plan, copies, platform }: Pick<Task, 'plan' | 'copies' | 'platform'>): string[] {
  const found = new Set<string>(platform === undefined ? [] : [platform]);
  if (plan !== undefined) collect(plan, found);
  for (const copy of copies) found.add(copy.platform);
  return [...found];
}

function collect(plan: Plan, found: Set<string>): void {
  if (plan.op === 'send') found.add(plan.platform);
  else for (const branch of plan.branches) collect(branch, found);
}
