import type { Result, Task, Trail } from '../../src/model.ts';
import type { Departure, Leave, Store, StoredDigest } from '../../src/store/store.ts';
import { createRig } from './rig.ts';

export type Options = Parameters<typeof createRig>[0];

/**
 * A rig whose store outlives the process and records departures.
 * @param leave answers them
 * @param waiting what an earlier process has left
 * @param more what else the store does
 */
export function createDurableRig(
  options: Options,
  leave: (departure: Departure) => Leave | Promise<Leave> = () => 'go',
  waiting: Task[] = [],
  digests: StoredDigest[] = [],
  more: Partial<Store> = {},
) {
  const departures: Departure[] = [];
  let lost: (task: Task) => void = () => {};
  let ring: () => void = () => {};
  const left = [...waiting];
  const rig = createRig({
    ...options,
    store: (memory): Partial<Store> => ({
      durable: true,
      begin(departure) {
        departures.push(departure);
        return leave(departure);
      },
      async take() {
        const tasks = left.splice(0);
        for (const task of tasks) await memory.insert(task);
        return { tasks, more: false };
      },
      listen(listener) {
        lost = listener.onLost;
        ring = listener.onWaiting;
      },
      digest: async (id) => digests.find((digest) => digest.id === id),
      ...more,
    }),
  });
  return { ...rig, departures, lose: (task: Task) => lost(task), ring: () => ring() };
}

/** A task as an earlier process has left it. */
export function leftBehind(
  id: string,
  trails: readonly (Partial<Trail> | undefined)[],
  more: Partial<Task> = {},
): Task {
  const targets = [
    ['feishu', 'f1'],
    ['dingtalk', 'd1'],
  ] as const;
  const sends = trails.map((_, leaf) => ({
    op: 'send' as const,
    leaf,
    platform: targets[leaf]![0],
    target: targets[leaf]![1],
  }));
  const resultOf = (trail: Partial<Trail>, leaf: number): Result => ({
    platform: targets[leaf]![0],
    webhook: targets[leaf]![1],
    status: 'processing',
    message: '发送中',
    attempts: 0,
    latency_ms: 0,
    timestamp: 0,
    paused_until: 0,
    trail: { sending: false, accepted: 0, parts: 1, plain: false, tries: 0, ...trail },
  });
  const start = Date.UTC(2026, 0, 1);
  return {
    id,
    alias: 'ops',
    recipient: 'ops',
    strategy: 'failover',
    message: { title: id, body: 'm', level: 'info', style: 'text', format: 'text' },
    priority: 2,
    plan: sends.length === 1 ? sends[0]! : { op: 'first', branches: sends },
    copies: [],
    line: 'ops/feishu/f1',
    created_at: start - 5000,
    deadline: start + 900_000,
    updated_at: start,
    status: 'processing',
    results: trails.map((trail, leaf) => (trail ? resultOf(trail, leaf) : undefined)),
    ...more,
  };
}
