import { z } from 'zod';
import { type Channel, type ChannelIo, defineChannel } from '../../src/channel/channel.ts';
import { type Settings, createDelivery } from '../../src/delivery/deliver.ts';
import type { Http } from '../../src/delivery/http-client.ts';
import { createEmitter } from '../../src/events.ts';
import type { Failure, Message, Notice, Outcome, Rate, RateLimit, Recipient, Target, Task } from '../../src/model.ts';
import { createPushService } from '../../src/push/service.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { type TestClock, createTestClock } from './clock.ts';

/** What a scripted target answers: an outcome, or a promise of one that the test settles. */
export type Reply = Outcome | Promise<Outcome>;

export interface Sent {
  /** `<alias>/<name>` as configured. */
  readonly bot: string;
  readonly message: Message;
  /** Milliseconds on the test clock. */
  readonly at: number;
}

export const OK: Outcome = { ok: true };
export const fail = (kind: Failure['kind'], more: Partial<Failure> = {}): Failure => ({
  ok: false,
  kind,
  message: kind,
  ...more,
});

/** What one request to a bot is answered; `n` counts its requests from 1. */
export type Script = (n: number, io: ChannelIo) => Reply;

const noHttp: Http = {
  request: () => Promise.reject(new Error('no HTTP in this rig')),
  close: () => Promise.resolve(),
};

/** The flow from accepting a push to its result, on a test clock, with channels that answer from a script. */
export function createRig(options: {
  /** `{alias: {platform: ['f1', 'f2']}}`; the name of a target is also its bot, so equal names share a lane. */
  recipients: Record<string, Record<string, readonly string[]>>;
  rate?: RateLimit;
  rates?: Record<string, RateLimit>;
  idempotent?: boolean;
  settings?: { [K in keyof Settings]?: Partial<Settings[K]> };
  buffer?: number;
  limits?: Partial<Channel['limits']>;
  /** A limit that bots share: by bot, its account. */
  account?: { rate: Rate; of: Record<string, string | undefined> };
  http?: Http;
  clock?: TestClock;
  /** What the store does otherwise than that of memory. */
  store?: (memory: Store) => Partial<Store>;
}) {
  const clock = options.clock ?? createTestClock();
  const events = createEmitter();
  const sent: Sent[] = [];
  const raised: Task[] = [];
  const replies = new Map<string, Script>();
  const counts = new Map<string, number>();

  const channelOf = (name: string): Channel =>
    defineChannel({
      name,
      label: { en: name, zh: name },
      docs: 'https://example.com',
      config: z.object({ bot: z.string() }),
      capabilities: { formats: ['text'], card: true, mentions: true, idempotent: options.idempotent ?? false },
      limits: {
        size: [{ of: 'text', max: 2000, unit: 'chars' }],
        title: { max: 100, unit: 'chars' },
        rate: options.rate ?? 'off',
        throttle: { base: 60, max: 600 },
        ...options.limits,
      },
      credential: ({ bot }) => bot,
      ...(options.account && { account: { key: ({ bot }) => bot, rate: options.account.rate } }),
      render: ({ plain: _inside, ...message }) => ({ text: `${message.title}\n${message.body}`, message }),
      send(payload, { bot }, io) {
        sent.push({ bot, message: payload.message, at: clock.monotonic() });
        const n = (counts.get(bot) ?? 0) + 1;
        counts.set(bot, n);
        return Promise.resolve(replies.get(bot)?.(n, io) ?? OK);
      },
    });

  const recipients = new Map<string, Recipient>();
  const channels = new Map<string, Channel>();
  for (const [alias, platforms] of Object.entries(options.recipients)) {
    const groups = Object.entries(platforms).map(([platform, names]) => {
      channels.set(platform, channels.get(platform) ?? channelOf(platform));
      const targets = names.map((name): Target => ({
        alias,
        platform,
        name,
        enabled: true,
        config: { bot: name },
        lane: `${platform}:${name}`,
        ...(options.account?.of[name] === undefined ? {} : { account: options.account.of[name] }),
        ...(options.rates?.[name] === undefined ? {} : { rate_limit: options.rates[name] }),
      }));
      return { platform, enabled: true, targets };
    });
    recipients.set(alias, { alias, name: alias, groups });
  }

  const settings: Settings & { queue: { buffer_size: number; deadline: number } } = {
    queue: {
      timeout: 10,
      worker_count: 50,
      max_concurrent_per_platform: 20,
      failover_patience: 3,
      buffer_size: options.buffer ?? 10_000,
      deadline: 900,
      ...options.settings?.queue,
    },
    retry: { attempts: 3, base_delay: 1, max_delay: 30, ...options.settings?.retry },
    digest: { enabled: true, threshold: 5, max_items: 20, ...options.settings?.digest },
    fit: { max_parts: 20, ...options.settings?.fit },
    security: { allow_networks: [], ...options.settings?.security },
    delivery: { on_unknown: 'resend', ...options.settings?.delivery },
  };
  const memory = createMemoryStore(clock, () => ({
    task: { max_age: 3600, store_limit: 100_000 },
    idempotency: { max_age: 86_400, max_keys: 100_000 },
    system: { store_limit: 1000 },
  }));
  const store: Store = { ...memory, ...options.store?.(memory) };
  const target = (alias: string, platform: string, name: string) =>
    recipients
      .get(alias)
      ?.groups.find((group) => group.platform === platform)
      ?.targets.find((t) => t.name === name);
  const delivery = createDelivery({
    clock,
    events,
    store,
    http: options.http ?? noHttp,
    channels,
    settings: () => settings,
    recipients: () => recipients.values(),
    target,
    redact: (text) => text,
    system: async () => OK,
    chance: () => 0.5,
  });
  const service = createPushService({
    clock,
    events,
    store,
    settings: () => settings,
    recipient: (alias) => recipients.get(alias),
    deliver: delivery.deliver,
    preview: (_recipient, send) => ({ platform: send.platform, webhook: send.target, forecast: 0 }),
    raise: async (task, keep) => {
      raised.push(task);
      await keep(noticeOf(task));
    },
  });

  return {
    clock,
    events,
    sent,
    raised,
    store,
    delivery,
    service,
    recipients,
    settings,
    /** What a bot answers from now on. */
    script(bot: string, reply: Script) {
      replies.set(bot, reply);
    },
    /** Pushes and returns the task. */
    async push(alias: string, strategy: string, more: Record<string, unknown> = {}): Promise<Task> {
      const { title = 't', msg = 'm', ...rest } = more;
      const reply = await service.push({ recipient_alias: alias, strategy, content: { title, msg }, ...rest }, '');
      if (reply.kind !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(reply)}`);
      return (await store.get(reply.answer.task_id))!;
    },
    /** Lets time pass until these tasks are terminal. */
    finished: (...tasks: Task[]) => clock.until(() => tasks.every((task) => task.completed_at !== undefined)),
  };
}

const noticeOf = ({ id, message, strategy, created_at }: Task): Notice => ({
  id: `notice-${id}`,
  title: message.title,
  message: message.body,
  type: message.level,
  strategy,
  style: message.style,
  source: 'PushServer-SystemNotification',
  task_id: id,
  reason: '',
  created_at,
  status: 'unread',
});

/** Results as short words: `f1 success`, `d1 failed rate_limited`. */
export function told(task: Task): string[] {
  return task.results.flatMap((r) => (r ? [[r.webhook, r.status, r.reason].filter(Boolean).join(' ')] : []));
}
