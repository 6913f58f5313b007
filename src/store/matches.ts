import type { Task } from '../model.ts';
import { platformsOf } from './platforms.ts';
import type { TaskFilter } from './store.ts';

/** Whether a list with this filter has the task, wherever its page begins. */
export function matches(task: Task, { status, alias, platform }: TaskFilter): boolean {
  if (status !== undefined && task.status !== status) return false;
  if (alias !== undefined && task.alias !== alias) return false;
  return platform === undefined || platformsOf(task).includes(platform);
}
