import type { Emitter } from '../events.ts';
import type { Clock, Deliver, Level, Message, Recipient, Send, Task } from '../model.ts';
import type { Store } from '../store/store.ts';
import { outcomeOf } from '../strategy/outcome.ts';
import { leavesOf } from '../strategy/plan.ts';
import { createPlanner } from '../strategy/planner.ts';
import { type PushAnswer, answerOf } from './answer.ts';
import { createBells } from './bells.ts';
import { claimOf } from './claim.ts';
import { createDeadlines } from './deadlines.ts';
import type { FieldFault } from './faults.ts';
import { createIds } from './ids.ts';
import { createPlaces } from './places.ts';
import { reasonOf } from './reason.ts';
import { type ParsedPush, parsePush } from './request.ts';
import { Work } from './work.ts';

export type PushReply =
  | { readonly kind: 'accepted'; readonly answer: PushAnswer; readonly replayed: boolean }
  | { readonly kind: 'invalid'; readonly faults: readonly FieldFault[] }
  | { readonly kind: 'unknown_recipient'; readonly alias: string }
  | { readonly kind: 'conflict' }
  /** Full or draining; `retry_after` in seconds. Nothing was stored. */
  | { readonly kind: 'busy'; readonly retry_after: number };

export interface PreviewTarget {
  readonly platform: string;
  readonly webhook: string;
  /** Seconds until the lane could send this message, as far as is known now. */
  readonly forecast: number;
  /** One per part, secrets masked. Absent when the target cannot be rendered; then `error` says why. */
  readonly payloads?: readonly unknown[];
  readonly error?: string;
}

export type PreviewReply =
  | {
      readonly kind: 'preview';
      readonly data: {
        readonly recipient: string;
        readonly strategy: string;
        readonly plan: unknown;
        readonly targets: readonly PreviewTarget[];
        readonly warnings?: readonly string[];
      };
    }
  | Extract<PushReply, { kind: 'invalid' | 'unknown_recipient' }>;

export interface PushService {
  /**
   * @param body the JSON of one push, of any shape
   * @param caller the name of the token ('' = anonymous): idempotency keys belong to it
   * @param key the `Idempotency-Key` header, if there was one
   */
  push(body: unknown, caller: string, key?: string): Promise<PushReply>;
  preview(body: unknown): Promise<PreviewReply>;
  /** The task once it is terminal, or as it stands after `ms` milliseconds; undefined = unknown. */
  wait(id: string, ms: number): Promise<Task | undefined>;
  stats(): { in_hand: number; capacity: number; draining: boolean };
  /**
   * Stops accepting and finishes what is in hand; what is left after `ms` milliseconds, or when `hurry` is called, ends
   * as failed with its notice.
   */
  drain(ms: number): { readonly done: Promise<void>; readonly hurry: () => void };
}

export interface PushSettings {
  readonly queue: { readonly buffer_size: number; readonly deadline: number };
}

export interface PushPorts {
  readonly clock: Clock;
  readonly events: Emitter;
  readonly store: Pick<Store, 'insert' | 'claimed' | 'get' | 'finish'>;
  readonly settings: () => PushSettings;
  readonly recipient: (alias: string) => Recipient | undefined;
  readonly deliver: Deliver;
  /** What a target would be sent; nothing is sent. */
  readonly preview: (recipient: Recipient, send: Send, message: Message, priority: number) => PreviewTarget;
  /** The last line: one notice for a failed task. Never rejects. */
  readonly raise: (task: Task) => Promise<void>;
}

const PRIORITY: Readonly<Record<Level, number>> = { error: 8, warning: 5, info: 2 };

/** Seconds after which a refused caller may ask again: a lane sends several messages in that time. */
const RETRY_AFTER = 5;

export function createPushService(ports: PushPorts): PushService {
  const { clock, events, store, settings } = ports;
  const places = createPlaces(() => settings().queue.buffer_size);
  const bells = createBells(clock);
  const planned = createPlanner();
  const nextId = createIds(() => clock.now());
  const inHand = createDeadlines<Work>(clock, (work) => work.expire('已超过任务时限'));
  let draining: Drain | undefined;

  function start(task: Task): void {
    task.status = 'processing';
    const work = new Work(task, ports.deliver);
    inHand.add(work, task.deadline - task.created_at);
    work.onEnd(() => void finish(work));
    if (draining?.cut) work.expire(STOPPED, true);
  }

  /** Gives a place back; the last one ends the drain. */
  function release(alias: string): void {
    places.release(alias);
    if (places.taken === 0) draining?.settled();
  }

  async function finish(work: Work): Promise<void> {
    const { task } = work;
    task.outcome = outcomeOf(task.plan, task.results);
    task.completed_at = task.updated_at = clock.now();
    task.status = task.outcome === 'failed' ? 'failed' : 'completed';
    if (task.status === 'failed') task.error = reasonOf(task, work.overBecause);
    // Whatever happens to the store, the notice is raised, the place given back and the waiting answered.
    await store.finish(task).catch((error: unknown) => events.emit('crashed', { where: 'store', error }));
    if (task.status === 'failed') await ports.raise(task);
    inHand.remove(work);
    events.emit('finished', { task });
    bells.ring(task.id);
    release(task.alias);
  }

  function taskOf(push: ParsedPush, recipient: Recipient): Task {
    const now = clock.now();
    const { plan, copies, leaves } = planned(push.strategy, recipient, push.platform);
    return {
      id: nextId(),
      alias: recipient.alias,
      recipient: recipient.name,
      strategy: push.strategy,
      platform: push.platform,
      message: push.message,
      priority: priorityOf(push),
      plan,
      copies,
      created_at: now,
      deadline: now + (push.expires_in ?? settings().queue.deadline) * 1000,
      updated_at: now,
      status: 'pending',
      results: Array<undefined>(leaves),
    };
  }

  async function accept(body: unknown, caller: string, header: string | undefined): Promise<PushReply> {
    const parsed = parsePush(body);
    if (!parsed.ok) return { kind: 'invalid', faults: parsed.faults };
    const push = parsed.request;
    const key = header ?? push.idempotency_key;
    if (header !== undefined && push.idempotency_key !== undefined && header !== push.idempotency_key) {
      return { kind: 'invalid', faults: [KEYS_DIFFER] };
    }
    const claim = key === undefined ? undefined : claimOf(caller, key, push);
    const known = claim && (await store.claimed(claim.key, claim.fingerprint));
    if (known) return replyOf(known);

    const recipient = ports.recipient(push.alias);
    if (recipient === undefined) return { kind: 'unknown_recipient', alias: push.alias };
    if (draining || !places.reserve(push.alias)) return { kind: 'busy', retry_after: RETRY_AFTER };

    const task = taskOf(push, recipient);
    const answer = answerOf(task, parsed.warnings);
    const inserted = await store.insert(task, claim && { ...claim, answer }).catch((error: unknown) => {
      release(push.alias);
      throw error;
    });
    if (inserted.kind !== 'inserted') {
      release(push.alias);
      return replyOf(inserted);
    }
    events.emit('accepted', { task });
    start(task);
    return { kind: 'accepted', answer, replayed: false };
  }

  return {
    async push(body, caller, key) {
      const reply = await accept(body, caller, key);
      if (reply.kind !== 'accepted') events.emit('rejected', { outcome: reply.kind });
      else if (reply.replayed) events.emit('rejected', { outcome: 'replayed' });
      return reply;
    },

    async preview(body) {
      const parsed = parsePush(body);
      if (!parsed.ok) return { kind: 'invalid', faults: parsed.faults };
      const push = parsed.request;
      const recipient = ports.recipient(push.alias);
      if (recipient === undefined) return { kind: 'unknown_recipient', alias: push.alias };
      const { plan, copies } = planned(push.strategy, recipient, push.platform);
      const targets = [...leavesOf(plan), ...copies].map((send) =>
        ports.preview(recipient, send, push.message, priorityOf(push)),
      );
      const warnings = parsed.warnings.length > 0 ? { warnings: parsed.warnings } : {};
      return {
        kind: 'preview',
        data: { recipient: recipient.name, strategy: push.strategy, plan: plan ?? null, targets, ...warnings },
      };
    },

    async wait(id, ms) {
      const task = await store.get(id);
      if (task === undefined || task.completed_at !== undefined || ms <= 0) return task;
      await bells.wait(id, ms);
      return store.get(id);
    },

    stats: () => ({ in_hand: inHand.size, capacity: settings().queue.buffer_size, draining: draining !== undefined }),

    drain(ms) {
      const { promise: done, resolve: settled } = Promise.withResolvers<void>();
      const drain: Drain = { settled, cut: false };
      draining = drain;
      const cut = () => {
        drain.cut = true;
        for (const work of inHand.all()) work.expire(STOPPED, true);
      };
      const cancel = clock.after(ms, cut);
      void done.then(cancel);
      if (places.taken === 0) settled();
      return { done, hurry: cut };
    },
  };
}

const priorityOf = (push: ParsedPush): number => push.priority ?? PRIORITY[push.message.level];

interface Drain {
  /** Called when nothing is in hand any more. */
  readonly settled: () => void;
  /** The time for finishing is over. */
  cut: boolean;
}

function replyOf(known: { kind: 'replayed'; answer: unknown } | { kind: 'conflict' }): PushReply {
  if (known.kind === 'conflict') return known;
  return { kind: 'accepted', answer: known.answer as PushAnswer, replayed: true };
}

const STOPPED = '服务停止，消息未能在停止前发出';

const KEYS_DIFFER: FieldFault = {
  field: 'idempotency_key',
  message: 'idempotency_key与请求头Idempotency-Key不一致',
};
