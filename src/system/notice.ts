import type { Notice, Task } from '../model.ts';

/** Makes the notice of a task; `now` is Unix time in milliseconds. */
export type MakeNotice = (task: Task, reason: string, now: number) => Notice;

/** `notify_<YYYYMMDDhhmmss>_<6>` for a moment (Unix milliseconds, UTC); never the same twice from one instance. */
export type MakeId = (now: number) => string;

/**
 * Ids by second and counter, in ascending order. The counter starts anew each second; when it is used up, or when the
 * clock went back, the second in the id runs ahead of the clock rather than repeat an id.
 */
export function createNoticeIds(): MakeId {
  let second = Number.NEGATIVE_INFINITY;
  let stamp = '';
  let count = 0;
  return (now) => {
    const current = Math.floor(now / 1000);
    if (current > second) begin(current);
    else if (count === COUNTS) begin(second + 1);
    const id = `notify_${stamp}_${String(count).padStart(DIGITS, '0')}`;
    count += 1;
    return id;
  };

  function begin(next: number): void {
    second = next;
    stamp = compactTime(next * 1000);
    count = 0;
  }
}

/** The notice that a task becomes: in its own words, with its real id. */
export function createNotices(id: MakeId): MakeNotice {
  return ({ id: task_id, message, strategy }, reason, now) => ({
    id: id(now),
    title: message.title,
    message: message.body,
    type: message.level,
    strategy,
    style: message.style,
    source: 'PushServer-SystemNotification',
    task_id,
    reason,
    created_at: now,
    status: 'unread',
  });
}

/** `YYYYMMDDhhmmss` of a moment in Unix milliseconds, UTC. */
export function compactTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replaceAll(/\D/g, '');
}

const DIGITS = 6;
const COUNTS = 10 ** DIGITS;
