import type { Emitter, Events } from './events.ts';
import type { Fields, LogLevel } from './log-lines.ts';
import type { Outcome, Task } from './model.ts';

export type WriteLine = (level: LogLevel, event: string, fields: Fields) => void;

export interface EventLines {
  readonly write: WriteLine;
  readonly enabled: (level: LogLevel) => boolean;
  /** For the one text of an `info` line that a stranger chooses: the path that no route knows. */
  readonly redact: (text: string) => string;
  /** Whether a crash is written with its stack. */
  readonly stacks: boolean;
}

/** A digest may stand for thousands of tasks; this many are named, the others counted. */
const MOST_TASKS = 20;
const MOST_RESULTS = 20;

/** Writes one line per fact. No line holds a title, a body or a platform's text, which may repeat them. */
export function logEvents(events: Pick<Emitter, 'on'>, { write, enabled, redact, stacks }: EventLines): void {
  events.on('requested', (e) => {
    const path = e.path.includes('?') ? e.path.slice(0, e.path.indexOf('?')) : e.path;
    write(e.status >= 500 ? 'warn' : 'info', 'request', {
      method: e.method,
      path: e.status < 400 ? path : redact(path),
      status: e.status,
      ms: tenths(e.ms),
      ip: e.ip,
      caller: e.caller,
    });
  });
  events.on('attempted', (e) => {
    const level = e.outcome.ok ? 'info' : 'warn';
    if (enabled(level)) write(level, 'attempt', attemptFields(e));
  });
  events.on('accepted', ({ task }) => {
    if (enabled('debug')) write('debug', 'accepted', { ...taskFields(task), priority: task.priority });
  });
  events.on('finished', ({ task }) => {
    const level = task.status === 'failed' ? 'error' : 'debug';
    if (enabled(level)) write(level, 'finished', { ...taskFields(task), ...endFields(task) });
  });
  events.on('paused', (e) => write('warn', 'paused', { ...e }));
  events.on('folded', (e) => write('info', 'folded', { ...e }));
  events.on('noticed', ({ notice }) => {
    write('info', 'noticed', { notice: notice.id, task: notice.task_id, type: notice.type, strategy: notice.strategy });
  });
  events.on('sink_failed', (e) => write('error', 'sink_failed', { sink: e.sink, notice: e.notice_id, error: e.error }));
  events.on('store_changed', ({ available, error }) => {
    if (available) write('info', 'store_available', {});
    else write('error', 'store_unavailable', { error: errorText(error, stacks) });
  });
  events.on('audited', ({ unaccounted, overdue }) => {
    if (unaccounted + overdue > 0) write('error', 'audit', { unaccounted, overdue });
  });
  events.on('reloaded', (e) => write(e.ok ? 'info' : 'error', 'reloaded', { ok: e.ok, message: e.message }));
  events.on('crashed', (e) => {
    // That the store is down has been told.
    if (e.error instanceof Error && e.error.name === 'StoreUnavailable') return;
    write('error', 'crashed', { where: e.where, error: errorText(e.error, stacks) });
  });
}

/** The words of anything thrown, without a stack unless asked. */
export function errorText(error: unknown, stacks: boolean): string {
  if (!(error instanceof Error)) return String(error);
  if (stacks && error.stack !== undefined) return error.stack;
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

function attemptFields(e: Events['attempted']): Fields {
  const { tasks, outcome } = e;
  const many = tasks.length > 1;
  return {
    task: many ? undefined : tasks[0],
    tasks: many ? tasks.slice(0, MOST_TASKS).join(' ') : undefined,
    task_count: many ? tasks.length : undefined,
    digest: e.digest_id,
    platform: e.platform,
    target: `${e.alias}/${e.target}`,
    result: outcome.ok ? 'ok' : outcome.kind,
    ms: tenths(e.ms),
    part: e.parts > 1 ? `${e.part}/${e.parts}` : undefined,
    timed_out: e.timed_out || undefined,
    ...(outcome.ok ? undefined : failureFields(outcome)),
  };
}

function failureFields(failure: Extract<Outcome, { ok: false }>): Fields {
  return { code: failure.code, remedy: failure.remedy?.en };
}

function taskFields(task: Task): Fields {
  return { task: task.id, alias: task.alias, strategy: task.strategy, platform: task.platform };
}

function endFields(task: Task): Fields {
  const results = task.results.filter((result) => result !== undefined);
  const shown = results.slice(0, MOST_RESULTS).map(({ platform, webhook, status, reason, code }) => {
    const why = [reason, code].filter((word) => word !== undefined).join(' ');
    return `${platform}/${webhook} ${why === '' ? status : why}`;
  });
  return {
    status: task.status,
    outcome: task.outcome,
    ms: task.completed_at === undefined ? undefined : task.completed_at - task.created_at,
    results: shown.length === 0 ? undefined : shown.join('; '),
    result_count: results.length > MOST_RESULTS ? results.length : undefined,
    // Our own words; with results they may quote a platform, and a platform may quote the message.
    error: results.length === 0 ? task.error : undefined,
  };
}

/** Milliseconds to one decimal: enough to read, and half the digits. */
function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
