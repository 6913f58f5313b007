import { v7 as uuid } from 'uuid';
import type { Channel } from '../channel/channel.ts';
import type { Clock, Deliver, End, Leg, Message, Outcome, RateLimit, Recipient, Send, Target, Task } from '../model.ts';
import type { Emitter } from '../events.ts';
import type { Store } from '../store/store.ts';
import { Delivery, type DeliveryPorts, type DeliverySettings } from './delivery.ts';
import { Digest } from './digest.ts';
import { INTERNAL_FAULT, TARGET_GONE } from './failures.ts';
import { fit } from './fit.ts';
import type { Http } from './http-client.ts';
import { Lane, type LaneSettings } from './lane.ts';
import { Leaf } from './leaf.ts';
import { type PoolSettings, createPools } from './pools.ts';
import { createShared } from './shared.ts';

export interface Settings extends DeliverySettings {
  readonly queue: DeliverySettings['queue'] & PoolSettings & { readonly failover_patience: number };
  readonly digest: LaneSettings['digest'];
}

export interface Ports {
  readonly clock: Clock;
  readonly events: Emitter;
  readonly store: Pick<Store, 'record'>;
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
}

/** Everything between a leaf of a plan and the platform. */
export function createDelivery(ports: Ports): DeliveryDesk {
  const { clock, events, store, channels, settings, chance = Math.random } = ports;
  const shared = createShared(clock);
  const pools = createPools(() => settings().queue);
  const roads = new Map<string, Road>();
  let rates = strictestRates(ports.recipients(), channels);

  const deliveryPorts: DeliveryPorts = {
    ...ports,
    shared,
    chance,
    late: { waiting: 0 },
    laneOf: (target) => roadTo(target).lane,
  };
  const leafPorts = { clock, events, store, target: ports.target, patience: () => settings().queue.failover_patience };
  const laneSettings = (): LaneSettings => ({ digest: settings().digest, ...settings().queue });

  function roadTo(target: Target): Road {
    let road = roads.get(target.lane);
    if (road === undefined) {
      const { platform } = target;
      const label = `${target.alias}/${target.name}`;
      const lane: Lane<Delivery> = new Lane<Delivery>(
        {
          clock,
          settings: laneSettings,
          pool: (slow, turn) => pools.run(platform, slow, turn),
          fold: (passengers) => fold(passengers, lane, label),
        },
        rates.get(target.lane) ?? 'off',
      );
      roads.set(target.lane, (road = { lane, platform, label }));
    }
    return road;
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
    const address = { platform, priority: task.priority, lane, tries: leaf.tries };
    leaf.start(new Delivery(deliveryPorts, address, leaf));
  }

  return {
    deliver,
    preview(target, message, priority) {
      const channel = channels.get(target.platform)!;
      const parts = fit(channel, message, target.config, new Date(clock.now()), settings().fit.max_parts);
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
        paused: lane.paused,
      })),
    reload() {
      pools.apply();
      rates = strictestRates(ports.recipients(), channels);
      for (const [key, { lane }] of roads) {
        const rate = rates.get(key);
        if (rate !== undefined) lane.limit(rate);
        // Rerouting one may begin a send, which withdraws others: each is asked whether it is still here.
        for (const waiting of lane.waiting()) if (waiting.room && waiting.isAstray()) waiting.reroute();
        if (rate === undefined && lane.forgettable) roads.delete(key);
      }
    },
    async close() {
      for (const { lane } of roads.values()) lane.close();
      await shared.close();
    },
  };
}

/** The limit of each lane: a target's own over the channel's default, and of equal bots under two aliases the strictest. */
export function strictestRates(
  recipients: Iterable<Recipient>,
  channels: ReadonlyMap<string, Channel>,
): Map<string, RateLimit> {
  const rates = new Map<string, RateLimit>();
  for (const { groups } of recipients) {
    for (const target of groups.flatMap((group) => group.targets)) {
      const standard = channels.get(target.platform)?.limits.rate;
      if (standard === undefined || !target.enabled) continue;
      const own = target.rate_limit;
      const rate =
        own === 'off' || own === undefined || standard === 'off' ? (own ?? standard) : { ...standard, ...own };
      const other = rates.get(target.lane);
      rates.set(target.lane, other === undefined ? rate : stricter(rate, other));
    }
  }
  return rates;
}

function stricter(a: RateLimit, b: RateLimit): RateLimit {
  if (a === 'off') return b;
  if (b === 'off') return a;
  const least = (x?: number, y?: number) => (x === undefined ? y : y === undefined ? x : Math.min(x, y));
  const per_second = least(a.per_second, b.per_second);
  const per_minute = least(a.per_minute, b.per_minute);
  return { ...(per_second === undefined ? {} : { per_second }), ...(per_minute === undefined ? {} : { per_minute }) };
}

function ended(end: End): Leg {
  return { onEnd: (told) => told(end), withdraw() {}, expire() {} };
}
