import type { Clock } from '../model.ts';
import type { Store, StoredDigest } from '../store/store.ts';
import type { Delivery } from './delivery.ts';

/** Milliseconds that the first members wait for the others: those may be in the hands of another process by now. */
const PATIENCE = 5000;

/** A leaf of a digest that another process was sending when it died. */
export interface Survivor {
  readonly task_id: string;
  readonly leaf: number;
  readonly delivery: Delivery;
}

export interface ResumptionPorts {
  readonly clock: Pick<Clock, 'after'>;
  readonly store: Pick<Store, 'digest' | 'get'>;
  /** Sends these as the digest of that id. */
  readonly send: (id: string, members: readonly Delivery[]) => void;
  readonly crashed: (error: unknown) => void;
}

/** Puts digests together again that were cut by a crash: the same members under the same id. */
export interface Resumptions {
  join(digest_id: string, survivor: Survivor): void;
  close(): void;
}

interface Gathering {
  readonly survivors: Survivor[];
  /** Those who are still missing; undefined while they are not known. */
  missing: Set<string> | undefined;
  readonly cancel: () => void;
}

export function createResumptions({ clock, store, send, crashed }: ResumptionPorts): Resumptions {
  const gatherings = new Map<string, Gathering>();

  function open(id: string): Gathering {
    const gathering: Gathering = { survivors: [], missing: undefined, cancel: clock.after(PATIENCE, () => leave(id)) };
    gatherings.set(id, gathering);
    void expected(id).then((missing) => {
      gathering.missing = missing;
      leaveIfWhole(id, gathering);
    });
    return gathering;
  }

  /** The members that will come: those whose tasks have not ended. Without an answer the patience decides. */
  async function expected(id: string): Promise<Set<string> | undefined> {
    try {
      const digest = await store.digest(id);
      const members = await Promise.all((digest?.members ?? []).map(isOpen));
      return new Set(members.flatMap((member) => member ?? []));
    } catch (error) {
      crashed(error);
      return undefined;
    }
  }

  async function isOpen(member: StoredDigest['members'][number]): Promise<string | undefined> {
    const task = await store.get(member.task_id);
    return task !== undefined && task.completed_at === undefined ? keyOf(member) : undefined;
  }

  function leaveIfWhole(id: string, { survivors, missing }: Gathering): void {
    if (missing === undefined) return;
    for (const survivor of survivors) missing.delete(keyOf(survivor));
    if (missing.size === 0) leave(id);
  }

  function leave(id: string): void {
    const gathering = gatherings.get(id);
    if (gathering === undefined) return;
    gatherings.delete(id);
    gathering.cancel();
    // Who has ended meanwhile, by its deadline perhaps, travels no more.
    const members = gathering.survivors.map(({ delivery }) => delivery).filter(({ sender }) => !sender.isOver());
    if (members.length > 0) send(id, members);
  }

  return {
    join(id, survivor) {
      const gathering = gatherings.get(id) ?? open(id);
      gathering.survivors.push(survivor);
      leaveIfWhole(id, gathering);
    },
    close() {
      for (const { cancel } of gatherings.values()) cancel();
      gatherings.clear();
    },
  };
}

const keyOf = ({ task_id, leaf }: { task_id: string; leaf: number }): string => `${task_id}-${leaf}`;
