import { v7 as uuid } from 'uuid';
import type { Channel } from '../channel/channel.ts';
import type { Clock, Deliver, End, Leg, Message, Outcome, RateLimit, Recipient, Send, Target, Task } from '../model.ts';
import type { Emitter } from '../events.ts';
import type { Store } from '../store/store.ts';
import { Delivery, type DeliveryPorts, type DeliverySettings } from './delivery.ts';
import { Digest } from './digest.ts';
import { CUT_BY_CRASH, INTERNAL_FAULT, TARGET_GONE } from './failures.ts';
import { fit } from './fit.ts';
import type { Http } from './http-client.ts';
import { Lane, type LaneSettings } from './lane.ts';
import { Leaf } from './leaf.ts';
import { Limit } from './limit.ts';
import { type PoolSettings, createPools } from './pools.ts';
import { strictestAccountRates, strictestRates } from './rates.ts';
import { createResumptions } from './resumption.ts';
import { createShared } from './shared.ts';

export interface Settings extends DeliverySettings {
  readonly queue: DeliverySettings['queue'] & PoolSettings & { readonly failover_patience: number };
  readonly digest: LaneSettings['digest'];
  readonly delivery: {
    /** What becomes of an attempt that a crash has cut: it is repeated, or told as unknown. */
    readonly on_unknown: 'resend' | 'report';
  };
}

export interface Ports {
  readonly clock: Clock;
  readonly events: Emitter;
  readonly store: Pick<
    Store,
    'durable' | 'lead' | 'record' | 'begin' | 'attempted' | 'paused' | 'limit' | 'digest' | 'get' | 'now'
  >;
  readonly http: Http;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly settings: () => Settings;
  readonly recipients: () => Iterable<Recipient>;
  readonly target: (alias: string, platform: string, name: string) => Target | undefined;
  readonly redact: (text: string) => string;
  /** Writes a recipient's own `system` entry, which has no lane. Never rejects. */
  readonly system: (task: Task, target: Target, isCopy: boolean) => Promise<Outcome>;
  /** A number in [0, 1), for jitter. */
  readonly chance?: () => number;
}

export interface LaneState {
  readonly platform: string;
  /** `<alias>/<name>` of the lane's first target. */
  readonly target: string;
  readonly backlog: number;
  readonly paused: boolean;
}

export interface DeliveryDesk {
  readonly deliver: Deliver;
  /** What `deliver` would send now, and seconds until the lane could; nothing is sent. */
  preview(target: Target, message: Message, priority: number): { forecast: number; payloads: unknown[] };
  lanes(): LaneState[];
  /** Takes a new configuration over: limits, pools, and messages whose target has moved or gone. */
  reload(): void;
  close(): Promise<void>;
}

interface Road {
  readonly lane: Lane<Delivery>;
  readonly platform: string;
  readonly label: string;
  /** Key of its account. */
  readonly account: string | undefined;
}

/** Everything between a leaf of a plan and the platform. */
export function createDelivery(ports: Ports): DeliveryDesk {
  const { clock, events, store, channels, settings, chance = Math.random } = ports;
  const shared = createShared(clock);
  const pools = createPools(() => settings().queue);
  const roads = new Map<string, Road>();
  const accounts = new Map<string, Limit>();
  let rates = strictestRates(ports.recipients(), channels);
  let accountRates = strictestAccountRates(ports.recipients(), channels);

  const deliveryPorts: DeliveryPorts = {
    ...ports,
    shared,
    chance,
    late: { waiting: 0 },
    laneOf: (target) => roadTo(target).lane,
    paused,
  };
  const resumptions = createResumptions({
    clock,
    store,
    send: resend,
    crashed: (error) => events.emit('crashed', { where: 'digests of an earlier process', error }),
  });
  const leafPorts = { clock, events, store, target: ports.target, patience: () => settings().queue.failover_patience };
  const laneSettings = (): LaneSettings => ({ digest: settings().digest, ...settings().queue });

  function roadTo(target: Target): Road {
    let road = roads.get(target.lane);
    if (road === undefined) {
      const { platform, account } = target;
      const rate = rates.get(target.lane) ?? 'off';
      const label = `${target.alias}/${target.name}`;
      const lane: Lane<Delivery> = new Lane<Delivery>(
        {
          clock,
          settings: laneSettings,
          pool: (slow, turn, again) => pools.run(platform, slow, turn, again),
          lead: () => store.lead,
          fold: (passengers) => fold(passengers, lane, label),
        },
        rate,
        limitOf(target.lane, rate),
        accountOf(target),
      );
      roads.set(target.lane, (road = { lane, platform, label, account }));
    }
    return road;
  }

  function accountOf({ account }: Target): Limit | undefined {
    if (account === undefined) return undefined;
    let limit = accounts.get(account);
    if (limit === undefined) accounts.set(account, (limit = limitOf(account, accountRates.get(account) ?? 'off')));
    return limit;
  }

  /** As an earlier process left it. */
  function limitOf(key: string, rate: RateLimit): Limit {
    const limit = new Limit(clock, key, rate);
    const before = store.limit(key);
    if (before) limit.adopt(before, store.now());
    return limit;
  }

  /** Those who have not the time to wait for the end of the pause go on elsewhere, or fail, at once. */
  function paused(closed: Lane<Delivery>): void {
    for (const { lane } of roads.values()) {
      if (!lane.sharesWith(closed)) continue;
      for (const waiting of lane.waiting()) if (waiting.list) waiting.outlivesPause();
    }
  }

  function fold(members: Delivery[], lane: Lane<Delivery>, label: string): Delivery {
    const id = uuid();
    const { platform, priority } = members[0]!;
    const digest = new Digest(id, members, clock);
    const delivery = new Delivery(deliveryPorts, { platform, priority, lane, tries: 0 }, digest);
    digest.carriedBy(delivery);
    events.emit('folded', { platform, target: label, count: members.length, digest_id: id });
    return delivery;
  }

  /** A digest that another process was sending when it died. */
  function resend(id: string, members: readonly Delivery[]): void {
    const { platform, priority, lane } = members[0]!;
    const digest = new Digest(id, members, clock);
    const delivery = new Delivery(deliveryPorts, { platform, priority, lane, tries: 1 }, digest);
    digest.carriedBy(delivery);
    if (delivery.outlivesPause()) lane.reenter(delivery);
  }

  const deliver: Deliver = (task, send, mode, life) => {
    const recorded = task.results[send.leaf];
    if (recorded?.status === 'success') return ended('reached');
    if (recorded && recorded.status !== 'processing' && !recorded.passed) return ended('failed');
    if (life.isOver()) return ended('withdrawn');

    const leaf = new Leaf(leafPorts, task, send, mode, life);
    try {
      start(leaf, task, send);
    } catch (error) {
      // A bug: the task must come to an end all the same.
      events.emit('crashed', { where: `delivery to ${send.platform}`, error });
      leaf.refuse(INTERNAL_FAULT);
    }
    return leaf;
  };

  function start(leaf: Leaf, task: Task, send: Send): void {
    const target = leaf.target();
    if (target === undefined) return leaf.refuse(TARGET_GONE);
    const { platform } = target;
    if (platform === 'system') return leaf.direct(ports.system(task, target, task.copies.includes(send)));
    const { lane } = roadTo(target);
    const { trail } = leaf;
    if (trail?.sending) {
      leaf.cut();
      if (settings().delivery.on_unknown === 'report') return leaf.refuse(CUT_BY_CRASH, true);
    }
    const address = { platform, priority: task.priority, lane, tries: leaf.tries, trail };
    const delivery = new Delivery(deliveryPorts, address, leaf);
    // Also when a second crash came before it was sent again.
    if (trail?.digest_id === undefined) return leaf.start(delivery);
    leaf.board(delivery);
    resumptions.join(trail.digest_id, { task_id: task.id, leaf: send.leaf, delivery });
  }

  return {
    deliver,
    preview(target, message, priority) {
      const channel = channels.get(target.platform)!;
      const now = new Date(clock.now());
      const parts = fit(channel, message, target.config, { now, maxParts: settings().fit.max_parts, id: 'preview' });
      return {
        forecast: Math.ceil(roadTo(target).lane.forecast(priority)) / 1000,
        payloads: parts.map((part) => part.payload),
      };
    },
    lanes: () =>
      [...roads.values()].map(({ lane, platform, label }) => ({
        platform,
        target: label,
        backlog: lane.backlog,
        paused: lane.pausedFor > 0,
      })),
    reload() {
      pools.apply();
      rates = strictestRates(ports.recipients(), channels);
      accountRates = strictestAccountRates(ports.recipients(), channels);
      for (const [key, rate] of accountRates) accounts.get(key)?.set(rate);
      for (const [key, { lane }] of roads) {
        const rate = rates.get(key);
        if (rate !== undefined) lane.limit(rate);
        // Rerouting one may begin a send, which withdraws others: each is asked whether it is still here.
        for (const waiting of lane.waiting()) if (waiting.list && waiting.isAstray()) waiting.reroute();
        if (rate === undefined && lane.forgettable) roads.delete(key);
      }
      // A lane that is kept goes on with the limit that it has: it must stay that of its account.
      const used = new Set([...roads.values()].map(({ account }) => account));
      for (const [key, limit] of accounts) {
        if (!accountRates.has(key) && !used.has(key) && limit.forgettable) accounts.delete(key);
      }
    },
    async close() {
      resumptions.close();
      for (const { lane } of roads.values()) lane.close();
      await shared.close();
    },
  };
}

function ended(end: End): Leg {
  return { onEnd: (told) => told(end), withdraw() {}, expire() {}, drop() {} };
}
