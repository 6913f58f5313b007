import type { Failure, Result, Send, Success } from '../model.ts';

/** The entry of a leaf in `results`, before anything has happened. One shape for all: a hundred thousand of them may wait. */
export const newResult = ({ platform, target }: Send): Result => ({
  platform,
  webhook: target,
  status: 'processing',
  message: '',
  attempts: 0,
  latency_ms: 0,
  timestamp: 0,
  paused_until: 0,
  trail: undefined,
});

/** Waits for its turn: for the first time, or again after it was passed over. */
export function markWaiting(result: Result): void {
  delete result.passed;
  forgetFailure(result);
  result.status = 'processing';
  result.message = WAITING;
}

const WAITING = '等待发送';

/** @param until Unix time in milliseconds; 0 = its lane is open */
export function markPaused(result: Result, until: number): void {
  result.paused_until = until;
  if (until > 0) result.message = WAITING;
}

export function markSending(result: Result): void {
  result.paused_until = 0;
  result.message = '发送中';
}

export function markSuccess(result: Result, { refused, note }: Success, message: string): void {
  forgetFailure(result);
  if (refused !== undefined) result.refused = refused;
  const missed = refused === undefined ? '' : `，但 ${refused.length} 个接收人未送达`;
  result.status = 'success';
  result.message = `${message}${missed}${note === undefined ? '' : `；${note}`}`;
}

/** An attempt that had been given up has succeeded. */
export function markLate(result: Result, success: Success): void {
  delete result.passed;
  result.late = true;
  markSuccess(result, success, '消息已送达（应答迟到）');
}

/** @param now Unix time in milliseconds */
export function markFailure(result: Result, failure: Failure, status: 'failed' | 'timeout', now: number): void {
  if (failure.kind !== 'rate_limited' || result.paused_until <= now) result.paused_until = 0;
  result.reason = failure.kind;
  if (failure.code !== undefined) result.code = failure.code;
  if (failure.remedy !== undefined) result.remedy = failure.remedy.zh;
  result.status = status;
  result.message = failure.message;
}

function forgetFailure(result: Result): void {
  result.paused_until = 0;
  if (result.reason === undefined) return;
  delete result.reason;
  delete result.code;
  delete result.remedy;
}
