import type { Emitter } from '../events.ts';
import type { Clock } from '../model.ts';
import type { Store } from '../store/store.ts';
import type { PushService } from './service.ts';

export interface AuditPorts {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly events: Pick<Emitter, 'emit'>;
  readonly store: Pick<Store, 'audit' | 'recover'>;
  readonly service: Pick<PushService, 'held' | 'fail'>;
  /** Tells the dead man's switch that all is well. Undefined: there is none. */
  readonly heartbeat: () => (() => Promise<void>) | undefined;
}

export interface Auditor {
  /** Looks through the unfinished tasks once. Never rejects. */
  run(): Promise<void>;
  /** Tasks that were nobody's at the last audit, if that was not long ago: another process may have made the one since. */
  readonly unaccounted: number;
}

/** A task is taken up again so often. What fails it every time would else go round for ever. */
const MOST_TRIES = 3;

/** Milliseconds for which what an audit has found is worth telling: three of the usual rounds. */
const NEWS = 180_000;

/**
 * Compares what was accepted with what is being done, from the store alone: every task is terminal or has a live owner.
 * What has none is taken up again; what is long past its deadline is ended with its notice. While nothing is found, and
 * only then, the dead man's switch is kept from ringing.
 */
export function createAuditor({ clock, events, store, service, heartbeat }: AuditPorts): Auditor {
  let found = { unaccounted: 0, at: -Infinity };

  async function audit(): Promise<void> {
    const { unowned, overdue } = await store.audit(service.held());
    found = { unaccounted: unowned.length, at: clock.monotonic() };
    events.emit('audited', { unaccounted: unowned.length, overdue: overdue.length });
    const late = new Set(overdue);
    for (const id of overdue) await service.fail(id, '已超过任务时限，审计发现仍未结束');
    for (const { id, taken_up } of unowned) {
      if (late.has(id)) continue;
      if (taken_up >= MOST_TRIES) await service.fail(id, `任务无人处理，已重新接管 ${MOST_TRIES} 次仍未完成`);
      else await store.recover(id);
    }
    if (unowned.length === 0 && overdue.length === 0) await heartbeat()?.();
  }

  return {
    run: () => audit().catch((error: unknown) => events.emit('crashed', { where: 'audit', error })),
    get unaccounted() {
      return clock.monotonic() - found.at < NEWS ? found.unaccounted : 0;
    },
  };
}
