import { type Tone, paint } from './paint.ts';
import { oneLine } from './say.ts';
import { table } from './table.ts';

/** A task as the API answers it, as far as it is shown here. */
export interface TaskAnswer {
  readonly task_id: string;
  readonly status: string;
  readonly outcome: string | null;
  readonly created_at: string;
  readonly completed_at?: string;
  readonly error?: string;
  readonly results: readonly ResultAnswer[];
}

export interface ResultAnswer {
  readonly platform: string;
  readonly webhook: string;
  readonly status: string;
  readonly message: string;
  readonly reason?: string;
  readonly code?: string;
  readonly remedy?: string;
  readonly latency_ms: number;
  readonly counts?: boolean;
  readonly digest_id?: string;
  readonly refused?: readonly { readonly recipient: string; readonly message: string }[];
}

const TONES: Readonly<Record<string, Tone>> = {
  success: 'good',
  completed: 'good',
  partial: 'warn',
  processing: 'warn',
  failed: 'bad',
  timeout: 'bad',
};

/** A status in its colour. */
export function statusWord(status: string): string {
  return paint(TONES[status] ?? 'quiet', status);
}

/** A task's results as a table: target, result, time since it was accepted, and the reason with its remedy. */
export function resultLines(task: TaskAnswer, indent = ''): string[] {
  if (task.results.length === 0)
    return [`${indent}no target was tried: ${oneLine(task.error ?? 'nothing is enabled')}`];
  const head = ['target', 'result', 'time', 'reason'].map((word) => paint('quiet', word));
  const rows = task.results.flatMap((result) => [
    [
      `${result.platform}/${result.webhook}${result.counts === false ? ' (copy)' : ''}`,
      statusWord(result.status),
      `${(result.latency_ms / 1000).toFixed(2)} s`,
      reasonOf(result),
    ],
    ...(result.remedy === undefined ? [] : [['', '', '', `→ ${oneLine(result.remedy)}`]]),
    ...refusedOf(result).map((words) => ['', '', '', words]),
  ]);
  return table([head, ...rows], indent);
}

/** What is to be said of a result beside its status: nothing of a plain success. */
export function reasonOf({
  status,
  message,
  reason,
  code,
}: Pick<ResultAnswer, 'status' | 'message' | 'reason' | 'code'>): string {
  if (status === 'success') return message === '消息发送成功' ? '' : oneLine(message);
  const kind = [reason, code].filter((word) => word !== undefined).join(' ');
  return oneLine([kind, message].filter((word) => word !== '').join(': '));
}

/** More of them would push the other targets off the screen; the task has them all. */
const MOST_REFUSED = 10;

function refusedOf({ refused = [] }: ResultAnswer): string[] {
  const shown = refused.slice(0, MOST_REFUSED).map(({ recipient, message }) => `not reached: ${recipient} ${message}`);
  return [...shown, ...(refused.length > MOST_REFUSED ? [`and ${refused.length - MOST_REFUSED} more`] : [])].map(
    oneLine,
  );
}
