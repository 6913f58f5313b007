import { readFileSync } from 'node:fs';
import { type Channel, FailureError } from './channel/channel.ts';
import { maskId, maskPeople } from './channel/mask.ts';
import { type Config, findTarget } from './config.ts';
import { needsRestart } from './config/restart.ts';
import { createDelivery } from './delivery/deliver.ts';
import { type Http, createHttp as createHttpClient } from './delivery/http-client.ts';
import { type Emitter, createEmitter } from './events.ts';
import { createHttp } from './http/server.ts';
import { type Log, createLog } from './log.ts';
import { createMetrics } from './metrics.ts';
import type { Clock, Message, Deliver, Network, Recipient, Send } from './model.ts';
import { type Auditor, createAuditor } from './push/audit.ts';
import type { PreviewTarget } from './push/reply.ts';
import { type PushService, createPushService } from './push/service.ts';
import { createRedactor } from './redact.ts';
import { openStore } from './store/open.ts';
import type { Store } from './store/store.ts';
import { type Alerts, createAlerts } from './system/alerts.ts';
import type { SystemEntry } from './system/settings.ts';

export interface AppOptions {
  readonly config: Config;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly clock: Clock;
  /** Where the `file` sink writes. */
  readonly notifications?: string;
  readonly stdout?: Pick<NodeJS.WriteStream, 'write'>;
  readonly stderr?: Pick<NodeJS.WriteStream, 'write'>;
  /** The way to the platforms; tests script it. */
  readonly http?: Http;
}

export interface App {
  readonly service: PushService;
  /** The delivery behind the service, for a test of the targets that is no push. */
  readonly deliver: Deliver;
  readonly store: Store;
  readonly events: Emitter;
  readonly alerts: Alerts;
  readonly auditor: Auditor;
  readonly log: Log;
  readonly redact: (text: string) => string;
  /** Takes up what an earlier process has left, and starts to listen; `url` is what a browser on this machine would open. */
  listen(): Promise<{ readonly url: string }>;
  /** Takes a validated configuration over in one step. */
  reload(next: Config): void;
  /**
   * Refuses new pushes, finishes what is in hand within `server.shutdown_timeout` (or until `hurry` is called), turns
   * the rest into notices, and closes everything.
   */
  stop(): { readonly done: Promise<void>; readonly hurry: () => void };
}

/** Milliseconds that sinks of the last line are given at the end: one attempt of the slowest takes five seconds. */
const LAST_SINKS_MS = 6000;

/** The version of this server, from package.json. */
export const VERSION: string = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version;

/** Milliseconds that the process which has raised a notice is left to write it to its sinks. */
const SINKS_MS = 60_000;

/** Milliseconds that the dead man's switch has to answer. */
const HEARTBEAT_MS = 10_000;

/**
 * Constructs the server: the only place where its parts meet.
 * @throws Error when the store cannot be opened: what is wrong and what to do
 */
export async function createApp(options: AppOptions): Promise<App> {
  const {
    channels,
    clock,
    notifications = 'notifications',
    stdout = process.stdout,
    stderr = process.stderr,
  } = options;
  let config = options.config;

  const events = createEmitter();
  const redact = createRedactor(() => config.secrets);
  const log = createLog({
    settings: () => config.log,
    redact,
    stacks: config.server.mode === 'debug',
    now: () => clock.now(),
  });
  log.listen(events);

  const store = await openStore({
    clock,
    settings: () => config,
    onChange: (error) => events.emit('store_changed', { available: error === undefined, error }),
    onFault: onceAMinute(clock, (error) => events.emit('crashed', { where: 'store', error })),
  });
  const http = options.http ?? createHttpClient();
  const post = postWith(http, () => config.network);
  const alerts = createAlerts({
    store,
    events,
    clock,
    settings: () => config.system,
    sinks: {
      stdout,
      folder: notifications,
      syslog: (notice) => log.notice(notice),
      post,
    },
    stderr: (line) => stderr.write(line),
  });
  const target = (alias: string, platform: string, name: string) => findTarget(config, alias, platform, name);
  const delivery = createDelivery({
    clock,
    events,
    store,
    http,
    channels,
    settings: () => config,
    recipients: () => config.recipients.values(),
    target,
    redact,
    system: (task, { config: entry, name }, isCopy) =>
      alerts.send(task, { ...(entry as Omit<SystemEntry, 'name'>), name }, isCopy ? '随策略抄送' : '主动指定'),
  });
  const service = createPushService({
    clock,
    events,
    store,
    settings: () => config,
    recipient: (alias) => config.recipients.get(alias),
    deliver: delivery.deliver,
    preview,
    raise: (task, keep) => alerts.raise(task, keep),
  });
  const auditor = createAuditor({ clock, events, store, service, heartbeat });
  const metrics = createMetrics({
    stats: () => ({
      queue_depth: service.stats().in_hand,
      unaccounted: auditor.unaccounted,
      lanes: delivery.lanes(),
    }),
  });
  metrics.listen(events);
  const web = createHttp({
    service,
    store,
    config: () => config,
    recipients: () => config.recipients.values(),
    channels,
    events,
    clock,
    metrics,
    ready,
    version: VERSION,
  });

  store.every('retention', config.task.cleanup_interval, () => store.sweep().catch(crashed('retention')));
  store.every('audit', config.system.audit_interval, async () => {
    await auditor.run();
    await alerts.resume(SINKS_MS);
  });

  function crashed(where: string) {
    return (error: unknown) => events.emit('crashed', { where, error });
  }

  function heartbeat() {
    const { heartbeat_url: url } = config.system;
    if (url === undefined) return undefined;
    return async () => {
      const { status } = await post(url, '', AbortSignal.timeout(HEARTBEAT_MS));
      if (status >= 400) throw new Error(`system.heartbeat_url answered ${status}`);
    };
  }

  function ready(): string[] {
    const { draining, in_hand, capacity } = service.stats();
    return [
      ...(draining ? ['正在停止'] : []),
      ...(store.available ? [] : ['存储不可用']),
      // With a durable store the others wait there, and nobody is refused.
      ...(in_hand >= capacity && !store.durable ? ['队列已满'] : []),
    ];
  }

  function preview({ alias }: Recipient, send: Send, message: Message, priority: number): PreviewTarget {
    const where = { platform: send.platform, webhook: send.target };
    const found = target(alias, send.platform, send.target)!;
    if (send.platform === 'system') return { ...where, forecast: 0, payloads: [masked(found.config, [])] };
    try {
      const { forecast, payloads } = delivery.preview(found, message, priority);
      const people = channels.get(send.platform)?.people?.(found.config) ?? [];
      return { ...where, forecast, payloads: payloads.map((payload) => masked(payload, people)) };
    } catch (error) {
      // A template that cannot be rendered with this message, for instance.
      if (error instanceof FailureError) return { ...where, forecast: 0, error: redact(error.message) };
      events.emit('crashed', { where: `preview of ${send.platform}`, error });
      return { ...where, forecast: 0, error: '无法渲染该消息' };
    }
  }

  /** The same value with every secret replaced, and without the people it goes to: a caller knows them by alias only. */
  function masked(value: unknown, people: readonly string[]): unknown {
    if (typeof value === 'string') return maskPeople(redact(value), people);
    if (typeof value === 'number') return people.includes(String(value)) ? maskId(String(value)) : value;
    if (Array.isArray(value)) return value.map((item) => masked(item, people));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item, people)]));
  }

  return {
    service,
    deliver: delivery.deliver,
    store,
    events,
    alerts,
    auditor,
    log,
    redact,
    async listen() {
      service.resume();
      // With a store of its own there is nobody else who could be writing them.
      await alerts.resume(store.shared ? SINKS_MS : 0);
      return web.listen();
    },
    reload(next) {
      const late = needsRestart(config, next);
      config = next;
      delivery.reload();
      log.apply();
      const note = late.length > 0 ? `; takes effect at the next start only: ${late.join(', ')}` : '';
      events.emit('reloaded', { ok: true, message: `configuration reloaded${note}` });
    },
    stop() {
      const drain = service.drain(config.server.shutdown_timeout * 1000);
      const close = async () => {
        await drain.done;
        // A sink that hangs must not hold up the end: its notices are in the store, and in the other sinks.
        await Promise.all([settledWithin(alerts.idle(), LAST_SINKS_MS, clock), web.close()]);
        await Promise.all([delivery.close(), http.close()]);
        await store.close();
        await log.close();
      };
      const hurry = () => {
        drain.hurry();
        web.cut();
      };
      return { done: close(), hurry };
    },
  };
}

/** Timers that fail again and again would fill the log. */
function onceAMinute(clock: Clock, tell: (error: unknown) => void): (error: unknown) => void {
  let last = -Infinity;
  return (error) => {
    if (clock.monotonic() - last < 60_000) return;
    last = clock.monotonic();
    tell(error);
  };
}

/** Resolves when the promise does, or after `ms` milliseconds. */
function settledWithin(promise: Promise<unknown>, ms: number, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, resolve);
    void promise.finally(() => {
      cancel();
      resolve();
    });
  });
}

/** The `http` sink's way out; a status is its whole answer. */
function postWith(http: Http, network: () => Network | undefined) {
  return async (url: string, body: string, signal: AbortSignal): Promise<{ status: number }> => {
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    const way = network();
    return http.request({ method: 'POST', url, headers, body }, signal, () => {}, way && { network: way });
  };
}
