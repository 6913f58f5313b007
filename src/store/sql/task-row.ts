import type { Message, Plan, Result, Send, Strategy, Task, TaskOutcome, TaskStatus } from '../../model.ts';
import { platformsOf } from '../platforms.ts';
import type { PlatformRow, TaskRow, UpdateRow } from './rows.ts';

/** From this priority up tasks of a line are taken before the others; that of a waiting room (DESIGN: priority 8). */
const URGENT = 8;

export const isUrgent = (task: Pick<Task, 'priority'>): boolean => task.priority >= URGENT;

/** @param lease who may write it from now on */
export function rowOf(task: Task, lease: number): TaskRow {
  return {
    ...updateOf(task, lease),
    alias: task.alias,
    recipient: task.recipient,
    strategy: task.strategy,
    platform: task.platform ?? null,
    message: JSON.stringify(task.message),
    priority: task.priority,
    plan: task.plan === undefined ? null : JSON.stringify(task.plan),
    copies: JSON.stringify(task.copies),
    line: task.line,
    urgent: Number(isUrgent(task)),
    created_at: task.created_at,
    deadline: task.deadline,
    taken_up: 0,
  };
}

/** How far it has come. */
export function updateOf(task: Task, lease: number): UpdateRow {
  return {
    id: task.id,
    lease,
    status: task.status,
    ended: task.completed_at === undefined ? null : task.status,
    outcome: task.outcome ?? null,
    error: task.error === undefined ? null : storable(task.error),
    results: JSON.stringify(task.results),
    updated_at: task.updated_at,
    completed_at: task.completed_at ?? null,
  };
}

export const platformRowsOf = (task: Task): PlatformRow[] =>
  platformsOf(task).map((platform) => ({ platform, task_id: task.id }));

export function taskOf(row: TaskRow): Task {
  const results = JSON.parse(row.results) as (Result | null)[];
  return {
    id: row.id,
    alias: row.alias,
    recipient: row.recipient,
    strategy: row.strategy as Strategy,
    platform: row.platform ?? undefined,
    message: JSON.parse(row.message) as Message,
    priority: row.priority,
    plan: row.plan === null ? undefined : (JSON.parse(row.plan) as Plan),
    copies: JSON.parse(row.copies) as Send[],
    line: row.line,
    created_at: row.created_at,
    deadline: row.deadline,
    updated_at: row.updated_at,
    ...(row.completed_at !== null && { completed_at: row.completed_at }),
    status: row.status as TaskStatus,
    ...(row.outcome !== null && { outcome: row.outcome as TaskOutcome }),
    ...(row.error !== null && { error: row.error }),
    results: results.map((result) => result ?? undefined),
  };
}

/** A platform's own words may hold what PostgreSQL does not store: NUL, and halves of characters. */
export const storable = (text: string): string => text.replaceAll('\0', '').toWellFormed();
