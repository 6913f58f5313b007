import type { Result, Task } from '../model.ts';
import { leavesOf } from '../strategy/plan.ts';
import { iso } from './iso.ts';

export interface Progress {
  readonly total: number;
  readonly success: number;
  readonly failed: number;
  readonly pending: number;
}

/** A result as people read it: times are ISO 8601. */
export type ResultView = Omit<Result, 'timestamp' | 'passed' | 'paused_until' | 'trail'> & {
  readonly timestamp: string;
  readonly paused_until?: string;
};

/** A task as people read it. */
export interface TaskView {
  readonly task_id: string;
  readonly status: Task['status'];
  readonly outcome: Task['outcome'] | null;
  readonly recipient: string;
  readonly strategy: Task['strategy'];
  readonly style: string;
  readonly type: string;
  readonly title: string;
  readonly platform?: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly completed_at?: string;
  readonly deadline: string;
  readonly progress: Progress;
  readonly results: readonly ResultView[];
  readonly error?: string;
}

/**
 * Results in plan order, copies beside the plan last, targets that were never tried left out. Pure.
 * @param now Unix time in milliseconds
 */
export function taskView(task: Task, now: number): TaskView {
  const { message } = task;
  return {
    task_id: task.id,
    status: task.status,
    outcome: task.outcome ?? null,
    recipient: task.recipient,
    strategy: task.strategy,
    style: message.style,
    type: message.level,
    title: message.title,
    ...(task.platform !== undefined && { platform: task.platform }),
    created_at: iso(task.created_at),
    updated_at: iso(task.updated_at),
    ...(task.completed_at !== undefined && { completed_at: iso(task.completed_at) }),
    deadline: iso(task.deadline),
    progress: progressOf(task),
    results: task.results.flatMap((result) => (result === undefined ? [] : [resultView(result, now)])),
    ...(task.error !== undefined && { error: task.error }),
  };
}

function resultView({ passed: _passed, trail: _trail, paused_until, ...result }: Result, now: number): ResultView {
  const view = { ...result, timestamp: iso(result.timestamp) };
  if (paused_until === 0) return view;
  const until = iso(paused_until);
  if (result.status !== 'processing') return { ...view, paused_until: until };
  // After the pause it may still wait, for others or for its window. The text is made when it is read: a hundred
  // thousand results may wait for one pause.
  return paused_until > now ? { ...view, message: `通道限流，暂停至 ${until}`, paused_until: until } : view;
}

/** Counts the leaves of the plan; copies do not count. A terminal task has nothing pending, whatever was never tried. */
function progressOf(task: Task): Progress {
  const leaves = leavesOf(task.plan);
  const statuses = leaves.map((leaf) => task.results[leaf.leaf]?.status);
  const success = statuses.filter((status) => status === 'success').length;
  const failed = statuses.filter((status) => status === 'failed' || status === 'timeout').length;
  const terminal = task.status === 'completed' || task.status === 'failed';
  return { total: leaves.length, success, failed, pending: terminal ? 0 : leaves.length - success - failed };
}
