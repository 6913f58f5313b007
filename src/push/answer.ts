import type { Task } from '../model.ts';
import { iso } from './iso.ts';

/** `data` of an accepted push. */
export interface PushAnswer {
  readonly task_id: string;
  readonly recipient: string;
  readonly strategy: string;
  readonly style: string;
  readonly type: string;
  readonly title: string;
  /** ISO 8601, UTC. */
  readonly created_at: string;
  readonly warnings?: readonly string[];
}

export function answerOf(task: Task, warnings: readonly string[]): PushAnswer {
  return {
    task_id: task.id,
    recipient: task.recipient,
    strategy: task.strategy,
    style: task.message.style,
    type: task.message.level,
    title: task.message.title,
    created_at: iso(task.created_at),
    ...(warnings.length > 0 ? { warnings } : {}),
  };
}
