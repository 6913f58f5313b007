import type { Emitter } from '../events.ts';
import type { Clock, Deliver, Level, Message, Notice, Recipient, Send, Task } from '../model.ts';
import type { Store } from '../store/store.ts';
import { outcomeOf } from '../strategy/outcome.ts';
import { type Planned, leavesOf } from '../strategy/plan.ts';
import { createPlanner } from '../strategy/planner.ts';
import { answerOf } from './answer.ts';
import { createBells } from './bells.ts';
import { claimOf } from './claim.ts';
import { createDeadlines } from './deadlines.ts';
import type { FieldFault } from './faults.ts';
import { createIds } from './ids.ts';
import { createIntake } from './intake.ts';
import { reasonOf } from './reason.ts';
import {
  BUSY,
  type PreviewReply,
  type PreviewTarget,
  type PushReply,
  UNAVAILABLE,
  refusalOf,
  replyOf,
} from './reply.ts';
import { type ParsedPush, parsePush } from './request.ts';
import { Work } from './work.ts';

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
  /** Takes up what an earlier process, or another one, has left in the store; from then on whatever waits there. */
  resume(): void;
  /** Ids of the tasks in hand. */
  held(): string[];
  /** Ends an unfinished task as failed, whoever has it. */
  fail(id: string, reason: string): Promise<void>;
  /**
   * Stops accepting and finishes what is in hand. What is left after `ms` milliseconds, or when `hurry` is called, stays
   * in a durable store; otherwise it ends as failed with its notice.
   */
  drain(ms: number): { readonly done: Promise<void>; readonly hurry: () => void };
}

export interface PushSettings {
  readonly queue: { readonly buffer_size: number; readonly deadline: number };
}

export interface PushPorts {
  readonly clock: Clock;
  readonly events: Emitter;
  readonly store: Pick<
    Store,
    'durable' | 'now' | 'shared' | 'available' | 'insert' | 'claimed' | 'get' | 'take' | 'listen' | 'finish' | 'seize'
  >;
  readonly settings: () => PushSettings;
  readonly recipient: (alias: string) => Recipient | undefined;
  readonly deliver: Deliver;
  /** What a target would be sent; nothing is sent. */
  readonly preview: (recipient: Recipient, send: Send, message: Message, priority: number) => PreviewTarget;
  /** The last line: one notice for a failed task, stored by `keep` before it is written anywhere. Never rejects. */
  readonly raise: (task: Task, keep: (notice: Notice) => Promise<boolean>) => Promise<void>;
}

const PRIORITY: Readonly<Record<Level, number>> = { error: 8, warning: 5, info: 2 };

/** Milliseconds between two looks at a task that another process may have. */
const LOOK = 500;

export function createPushService(ports: PushPorts): PushService {
  const { clock, events, store, settings } = ports;
  const capacity = () => settings().queue.buffer_size;
  const intake = createIntake({ clock, events, store, size: capacity, start, released: settle });
  const bells = createBells(clock);
  const planned = createPlanner();
  const nextId = createIds(() => store.now());
  const inHand = createDeadlines<Work>(clock, (work) => work.expire(TOO_LATE));
  /** By id, where somebody may ask for one: a store that outlives the process. */
  const works = new Map<string, Work>();
  /** Pushes that are being stored. */
  let incoming = 0;
  let draining: Drain | undefined;

  function start(task: Task): void {
    // It waits in the store for whoever comes next.
    if (draining?.cut && store.durable) return intake.release(task);
    task.status = 'processing';
    const work = new Work(task, ports.deliver);
    inHand.add(work, Math.max(0, task.deadline - store.now()));
    if (store.durable) works.set(task.id, work);
    work.onEnd(() => void finish(work));
    if (draining?.cut) work.expire(STOPPED, true);
    // It has passed while nobody was there.
    else if (task.deadline <= store.now()) work.expire(TOO_LATE);
  }

  /** The last place that is given back ends the drain. */
  function settle(): void {
    if (intake.taken > 0 || incoming > 0 || draining === undefined) return;
    if (!intake.pulling || draining.cut) draining.settled();
  }

  /** Another process has it. */
  function lose(task: Task): void {
    const work = works.get(task.id);
    if (work?.task !== task) return;
    work.drop();
    remove(work);
  }

  function remove(work: Work): void {
    const { task } = work;
    // While its end was being recorded it may have turned out to be somebody else's.
    if (store.durable && works.get(task.id) !== work) return;
    works.delete(task.id);
    inHand.remove(work);
    intake.release(task);
  }

  async function finish(work: Work): Promise<void> {
    const { task } = work;
    await end(task, work.overBecause);
    remove(work);
  }

  async function end(task: Task, because: string | undefined): Promise<void> {
    task.outcome = outcomeOf(task.plan, task.results);
    task.completed_at = task.updated_at = store.now();
    task.status = task.outcome === 'failed' ? 'failed' : 'completed';
    let mine = true;
    const keep = async (notice?: Notice) => (mine = await store.finish(task, notice));
    if (task.status === 'failed') {
      task.error = reasonOf(task, because);
      await ports.raise(task, keep);
    } else {
      // Whatever happens to the store, the place is given back and the waiting answered.
      await keep().catch((error: unknown) => events.emit('crashed', { where: 'store', error }));
    }
    if (mine) events.emit('finished', { task });
    bells.ring(task.id);
  }

  function taskOf(push: ParsedPush, recipient: Recipient, { plan, copies, leaves, line }: Planned): Task {
    const now = store.now();
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
      line,
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
    if (draining) return BUSY;
    if (!store.available) return UNAVAILABLE;
    const plan = planned(push.strategy, recipient, push.platform);
    const holder = { alias: push.alias, line: plan.line };
    const place = intake.reserve(holder);
    // Without a place it may wait in the store; how much may be on its way there is bounded too.
    if (!place && (!store.durable || incoming >= capacity())) return BUSY;

    const task = taskOf(push, recipient, plan);
    const answer = answerOf(task, parsed.warnings);
    const inserted = await insert(task, claim && { ...claim, answer }, place).catch((error: unknown) => {
      if (place) intake.release(holder);
      throw error;
    });
    if (place && !('held' in inserted && inserted.held)) intake.release(holder);
    if (inserted.kind !== 'inserted') return refusalOf(inserted, task);
    events.emit('accepted', { task });
    if (inserted.held) start(task);
    else intake.wake([task.line]);
    return { kind: 'accepted', answer, replayed: false };
  }

  async function insert(...[task, claim, place]: Parameters<Store['insert']>): ReturnType<Store['insert']> {
    incoming++;
    try {
      return await store.insert(task, claim, place);
    } finally {
      incoming--;
      settle();
    }
  }

  return {
    async push(body, caller, key) {
      const reply = await accept(body, caller, key);
      if (reply.kind !== 'accepted')
        events.emit('rejected', { outcome: reply.kind === 'unclear' ? 'unavailable' : reply.kind });
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
      const until = clock.monotonic() + ms;
      for (;;) {
        const task = await store.get(id);
        const left = until - clock.monotonic();
        if (task === undefined || task.completed_at !== undefined || left <= 0) return task;
        // The bell of another process is not heard here.
        await bells.wait(id, store.shared ? Math.min(left, LOOK) : left);
      }
    },

    resume() {
      store.listen({ onWaiting: (lines) => intake.wake(lines), onLost: lose });
      if (store.durable) intake.wake();
    },

    held: () => inHand.all().map(({ task }) => task.id),

    async fail(id, reason) {
      const work = works.get(id) ?? inHand.all().find(({ task }) => task.id === id);
      if (work) return work.expire(reason, true);
      const task = await store.seize(id);
      if (task) await end(task, reason);
    },

    stats: () => ({ in_hand: inHand.size, capacity: capacity(), draining: draining !== undefined }),

    drain(ms) {
      const { promise: done, resolve: settled } = Promise.withResolvers<void>();
      const drain: Drain = { settled, cut: false };
      draining = drain;
      intake.stop();
      const cut = () => {
        drain.cut = true;
        for (const work of inHand.all()) {
          if (store.durable) lose(work.task);
          else work.expire(STOPPED, true);
        }
        settle();
      };
      const cancel = clock.after(ms, cut);
      void done.then(cancel);
      settle();
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

const TOO_LATE = '已超过任务时限';

const STOPPED = '服务停止，消息未能在停止前发出';

const KEYS_DIFFER: FieldFault = {
  field: 'idempotency_key',
  message: 'idempotency_key与请求头Idempotency-Key不一致',
};
