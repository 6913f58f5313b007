import type { Emitter } from '../events.ts';
import type { Clock, Notice, Outcome, Task } from '../model.ts';
import type { Store } from '../store/store.ts';
import { createNoticeIds, createNotices } from './notice.ts';
import type { SystemEntry, SystemSettings } from './settings.ts';
import { SinkError, sinkFault } from './sink-error.ts';
import { createSinks, type SinkOptions } from './sinks.ts';

export interface AlertOptions {
  readonly store: Pick<Store, 'now' | 'addNotice' | 'announced' | 'unannounced' | 'epoch'>;
  readonly events: Pick<Emitter, 'emit'>;
  readonly clock: Pick<Clock, 'after'>;
  /** Read for every notice: a reload is obeyed at once. */
  readonly settings: () => SystemSettings;
  readonly sinks: Pick<SinkOptions, 'stdout' | 'folder' | 'syslog' | 'post'>;
  /** Takes one line when a notice found no sink. */
  readonly stderr: (line: string) => void;
}

/** The last line of defence: from a failed task to a notice that somebody reads. */
export interface Alerts {
  /**
   * Raises the one notice of a failed task, however often it is called for the same object. Resolves when the store
   * has it; the sinks are written meanwhile, see `idle`. Never rejects.
   * @param keep stores the notice, together with the end of its task; false: that is somebody else's affair
   */
  raise(task: Task, keep?: (notice: Notice) => Promise<boolean>): Promise<void>;
  /**
   * Writes the notices of processes that died before their sinks had their turn. Never rejects.
   * @param ms milliseconds that a process is left for that: younger ones may be on their way
   */
  resume(ms: number): Promise<void>;
  /**
   * Writes one of a recipient's own `system` entries. `http` means the notice store, and a POST when the entry has a
   * URL. All entries of one task write the same notice. Never rejects.
   * @param reason why there is a notice, in Chinese: `主动指定` or `随策略抄送`
   */
  send(task: Task, entry: SystemEntry, reason: string): Promise<Outcome>;
  /** Resolves when every notice so far has been stored and every sink has had its turn. */
  idle(): Promise<void>;
  stats(): { notices: number; http_waiting: number; http_in_flight: number };
}

/** What the entries of one recipient share. */
interface Requested {
  readonly notice: Notice;
  stored?: Promise<void>;
}

export function createAlerts({ store, events, clock, settings, sinks: ways, stderr }: AlertOptions): Alerts {
  const id = createNoticeIds(store.epoch);
  const notices = createNotices(id);
  const sinks = createSinks({
    ...ways,
    clock,
    file_limit: () => settings().file_limit,
    summary: (count) => summaryOf(count, id(store.now()), store.now()),
    failed: (notice, error) => sinkFailed('http', notice, error),
  });
  const raised = new WeakSet<Task>();
  const requested = new WeakMap<Task, Requested>();
  const pending = new Set<Promise<unknown>>();
  /** Ids of notices whose sinks have not all had their turn. */
  const announcing = new Set<string>();
  let total = 0;

  return {
    async raise(task, keep = keepAlone) {
      if (raised.has(task)) return;
      raised.add(task);
      const notice = notices(task, task.error ?? '推送失败', store.now());
      const kept = await tracked(outcomeOf(keep(notice)));
      if (kept === 'elsewhere') return;
      tell(notice);
      void tracked(announce(notice, kept === 'stored'));
    },
    async resume(ms) {
      try {
        for (const notice of await store.unannounced(ms))
          if (!announcing.has(notice.id)) void tracked(announce(notice, true));
      } catch (error) {
        events.emit('crashed', { where: 'notice store', error });
      }
    },
    send: (task, entry, reason) => tracked(sendTo(task, entry, reason)),
    async idle() {
      while (pending.size > 0) await Promise.allSettled(pending);
      await sinks.idle();
    },
    stats: () => ({ notices: total, ...sinks.stats() }),
  };

  function tracked<T>(work: Promise<T>): Promise<T> {
    const settled = work.finally(() => pending.delete(settled));
    pending.add(settled);
    return settled;
  }

  /** `failed`: the store did not take it; the sinks are all the more needed. */
  async function outcomeOf(keeping: Promise<boolean>): Promise<'stored' | 'elsewhere' | 'failed'> {
    try {
      return (await keeping) ? 'stored' : 'elsewhere';
    } catch (error) {
      events.emit('crashed', { where: 'notice store', error });
      return 'failed';
    }
  }

  async function keepAlone(notice: Notice): Promise<boolean> {
    await store.addNotice(notice);
    return true;
  }

  function tell(notice: Notice): void {
    total += 1;
    events.emit('noticed', { notice });
  }

  async function add(notice: Notice): Promise<void> {
    tell(notice);
    await store.addNotice(notice);
    store.announced(notice.id);
  }

  async function announce(notice: Notice, stored: boolean): Promise<void> {
    announcing.add(notice.id);
    await writeAll(notice, stored);
    announcing.delete(notice.id);
    store.announced(notice.id);
  }

  async function writeAll(notice: Notice, stored: boolean): Promise<void> {
    const { enabled, notifications } = settings();
    const entries = enabled ? notifications.filter((entry) => entry.enabled !== false) : [];
    const took = await Promise.all(entries.map((entry) => writeTo(entry, notice, stored)));
    if (took.includes(true) || (stored && took.length === 0)) return;
    const where = stored ? 'it is in the notification store only' : 'it is nowhere else';
    stderr(`pushserver: no sink took notice ${notice.id} of task ${notice.task_id}; ${where}\n`);
  }

  async function writeTo(entry: SystemEntry, notice: Notice, stored: boolean): Promise<boolean> {
    try {
      if (entry.type === 'http' && !entry.url) return stored;
      await sinks.write(entry, notice);
      return true;
    } catch (error) {
      sinkFailed(nameOf(entry), notice, error);
      return false;
    }
  }

  async function sendTo(task: Task, entry: SystemEntry, reason: string): Promise<Outcome> {
    const known = requested.get(task);
    const mine: Requested = known ?? { notice: notices(task, reason, store.now()) };
    if (known === undefined) requested.set(task, mine);
    try {
      if (entry.type === 'http') await (mine.stored ??= add(mine.notice));
      await sinks.writeWhole(entry, mine.notice);
      return { ok: true };
    } catch (error) {
      sinkFailed(nameOf(entry), mine.notice, error);
      const kind = error instanceof SinkError && error.timed_out ? 'unknown' : 'unavailable';
      return { ok: false, kind, message: `系统通知写入失败（${entry.type}）：${sinkFault(error).zh}` };
    }
  }

  function sinkFailed(sink: string, notice: Notice, error: unknown): void {
    events.emit('sink_failed', { sink, notice_id: notice.id, error: sinkFault(error).en });
  }
}

function nameOf(entry: SystemEntry): string {
  return `${entry.type}/${entry.name}`;
}

function summaryOf(count: number, id: string, now: number): Notice {
  return {
    id,
    title: '系统通知过多',
    message: `另有 ${count} 条系统通知未逐条发送到此地址，请通过通知接口或通知文件查看。`,
    type: 'error',
    strategy: 'all',
    style: 'text',
    source: 'PushServer-SystemNotification',
    task_id: '',
    reason: '通知风暴汇总',
    created_at: now,
    status: 'unread',
  };
}
