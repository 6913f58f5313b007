import type { Notice, Task } from '../model.ts';

/** Makes the notice of a task; `now` is Unix time in milliseconds. */
export type MakeNotice = (task: Task, reason: string, now: number) => Notice;

/** `notify_<YYYYMMDDhhmmss>_<6>` for a moment (Unix milliseconds, UTC); never the same twice. */
export type MakeId = (now: number) => string;

/**
 * Ids by second and counter, in ascending order. The counter starts anew each second; when it is used up, or when the
 * clock went back, the second in the id runs ahead of the clock rather than repeat an id.
 * @param epoch of the store: what other processes share with this one, they number in another way. 0 = nobody does
 */
export function createNoticeIds(epoch = 0): MakeId {
  const tail = tailOf(epoch);
  let second = Number.NEGATIVE_INFINITY;
  let stamp = '';
  let count = 0;
  return (now) => {
    const current = Math.floor(now / 1000);
    if (current > second) begin(current);
    else if (count === tail.counts) begin(second + 1);
    const id = `notify_${stamp}_${tail.of(count)}`;
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
/** Of the six signs, those that tell one process from another; in base 36 there are 46,656 of them. */
const PROCESS_SIGNS = 3;

/** The end of an id: six digits, or, where others make ids too, three signs for the process and three that count. */
function tailOf(epoch: number): { readonly counts: number; of(count: number): string } {
  if (epoch === 0) return { counts: 10 ** DIGITS, of: (count) => String(count).padStart(DIGITS, '0') };
  const process = (epoch % 36 ** PROCESS_SIGNS).toString(36).padStart(PROCESS_SIGNS, '0');
  const signs = DIGITS - PROCESS_SIGNS;
  return { counts: 36 ** signs, of: (count) => process + count.toString(36).padStart(signs, '0') };
}
