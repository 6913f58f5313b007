import assert from 'node:assert/strict';
import { Agent, request as httpRequest } from 'node:http';
import type { RequestOptions } from 'node:http';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import type { Channel } from '../../src/channel/channel.ts';
import { createEmitter } from '../../src/events.ts';
import type { Events } from '../../src/events.ts';
import { createHttp } from '../../src/http/server.ts';
import type { ConnectionBounds } from '../../src/http/server.ts';
import { routes } from '../../src/http/routes.ts';
import type { HttpParts, HttpSettings } from '../../src/http/settings.ts';
import type { Clock, Recipient } from '../../src/model.ts';
import { iso } from '../../src/push/iso.ts';
import { parsePush } from '../../src/push/request.ts';
import type { PreviewReply, PushReply } from '../../src/push/reply.ts';
import type { PushService } from '../../src/push/service.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { createTestClock } from '../kit/clock.ts';
import type { TestClock } from '../kit/clock.ts';
import { rawExchange } from './raw.ts';
import type { Body } from './raw.ts';

export interface Options {
  readonly server?: Partial<HttpSettings['server']>;
  readonly auth?: Partial<HttpSettings['auth']>;
  readonly batch_size?: number;
  readonly bounds?: Partial<ConnectionBounds>;
  readonly reasons?: readonly string[];
  readonly recipients?: readonly Recipient[];
  readonly channels?: ReadonlyMap<string, Channel>;
  readonly service?: Partial<PushService>;
  readonly store?: Partial<Store>;
  /** Real by default: only tests of time itself need another one. */
  readonly clock?: TestClock;
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  readonly body: Body;
}

export interface Ask {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, unless it is text or bytes already. */
  readonly body?: unknown;
  readonly agent?: Agent;
}

/** One push as the fake service was given it. */
export interface Pushed {
  readonly body: unknown;
  readonly caller: string;
  readonly key: string | undefined;
}

export const BOUNDS: ConnectionBounds = {
  headers: 60_000,
  request: 60_000,
  check: 30_000,
  idle: 60_000,
  connections: 5_000,
};

export type Rig = Awaited<ReturnType<typeof startHttp>>;

/** The HTTP API on a free port of the loopback, with a service that accepts everything for `ops_alert`. */
export async function startHttp(t: TestContext, options: Options = {}) {
  const clock: Clock = options.clock ?? createTestClock();
  const events = createEmitter();
  const seen: { requested: Events['requested'][]; crashed: Events['crashed'][] } = { requested: [], crashed: [] };
  events.on('requested', (event) => seen.requested.push(event));
  events.on('crashed', (event) => seen.crashed.push(event));
  const store: Store = {
    ...createMemoryStore(clock, () => ({
      task: { max_age: 3600, store_limit: 1000 },
      idempotency: { max_age: 3600, max_keys: 1000 },
      system: { store_limit: 1000 },
    })),
    ...options.store,
  };
  const pushed: Pushed[] = [];
  const settings = {
    server: {
      host: '127.0.0.1',
      port: 0,
      body_limit: 262_144,
      trust_proxy: false,
      shutdown_timeout: 10,
      ...options.server,
    },
    auth: { tokens: [], allow_anonymous: false, ...options.auth } as HttpSettings['auth'],
    queue: { batch_size: options.batch_size ?? 100 },
  };
  const parts: HttpParts = {
    service: { ...fakeService(pushed, store), ...options.service },
    store,
    config: () => settings,
    recipients: () => options.recipients ?? [],
    channels: options.channels ?? new Map(),
    events,
    clock,
    metrics: { contentType: 'text/plain; version=0.0.4', render: async () => 'pushserver_queue_depth 0\n' },
    ready: () => options.reasons ?? [],
    version: '1.2.3',
  };
  const http = createHttp(parts, { ...BOUNDS, ...options.bounds });
  const { url, address } = await http.listen();
  const agent = new Agent({ keepAlive: true });
  t.after(async () => {
    agent.destroy();
    await http.close();
  });
  const port = address?.port ?? 0;
  const path = settings.server.unix_socket;
  return {
    http,
    url,
    port,
    store,
    seen,
    pushed,
    settings,
    ask: async (method: string, target: string, { headers, body, agent: own }: Ask = {}): Promise<Answered> => {
      const answered = await exchange(
        {
          method,
          path: target,
          headers: { ...headers },
          agent: own ?? agent,
          ...(path ? { socketPath: path } : { host: '127.0.0.1', port }),
        },
        body,
      );
      conforms(method, target, answered);
      return answered;
    },
    raw: (bytes: string | Buffer) => rawExchange(port, bytes),
  };
}

function exchange(where: RequestOptions, body: unknown): Promise<Answered> {
  const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
  // As bytes: Node would write the headers in the encoding of a text that goes with them.
  const payload = body === undefined ? undefined : Buffer.from(isRaw ? body : JSON.stringify(body));
  const headers = where.headers as Readonly<Record<string, string>>;
  const named = payload === undefined || isRaw ? headers : { 'Content-Type': 'application/json', ...headers };
  return new Promise((resolve, reject) => {
    const request = httpRequest({ ...where, headers: named }, (response) => {
      void text(response).then((said) => {
        const isJson = String(response.headers['content-type']).startsWith('application/json') && said !== '';
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers as Record<string, string>,
          text: said,
          body: isJson ? JSON.parse(said) : { code: 0, message: '', data: {} },
        });
      }, reject);
    });
    request.on('error', reject);
    request.end(payload);
  });
}

/** Every answer holds to what the document says of it, and has the headers that all of them have. */
function conforms(method: string, target: string, { status, headers, text: said }: Answered): void {
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.ok(headers['cache-control']);
  const path = target.split('?')[0]!;
  const route = routes.find(
    (one) => one.method === method && new RegExp(`^${one.path.replaceAll(/:\w+/g, '[^/]+')}$`).test(path),
  );
  const doc = route?.responses[status];
  if (doc === undefined) return;
  if (doc.data !== undefined) {
    const isText = doc.bare !== undefined && !doc.bare.includes('json');
    const body = isText ? said : (JSON.parse(said) as { data: unknown });
    const data = doc.bare === undefined ? (body as { data: unknown }).data : body;
    const checked = doc.data.safeParse(data);
    assert.ok(checked.success, `${method} ${target} ${status}: ${checked.error?.message}`);
  }
  if (doc.bare === undefined && doc.data !== undefined)
    assert.equal((JSON.parse(said) as { message: string }).message, doc.description);
}

function fakeService(pushed: Pushed[], store: Store): PushService {
  return {
    async push(body, caller, key): Promise<PushReply> {
      pushed.push({ body, caller, key });
      const parsed = parsePush(body);
      if (!parsed.ok) return { kind: 'invalid', faults: parsed.faults };
      const { alias, strategy, message } = parsed.request;
      if (alias !== 'ops_alert') return { kind: 'unknown_recipient', alias };
      const { warnings } = parsed;
      return {
        kind: 'accepted',
        replayed: false,
        answer: {
          task_id: `task-${pushed.length}`,
          recipient: '运维告警组',
          strategy,
          style: message.style,
          type: message.level,
          title: message.title,
          created_at: iso(0),
          ...(warnings.length > 0 && { warnings }),
        },
      };
    },
    async preview(body): Promise<PreviewReply> {
      const parsed = parsePush(body);
      if (!parsed.ok) return { kind: 'invalid', faults: parsed.faults };
      const targets = [{ platform: 'feishu', webhook: 'bot', forecast: 0, payloads: [{ text: 'x' }] }];
      return { kind: 'preview', data: { recipient: '运维告警组', strategy: 'failover', plan: null, targets } };
    },
    wait: (id) => store.get(id),
    stats: () => ({ in_hand: 0, capacity: 1, draining: false }),
    resume() {},
    held: () => [],
    fail: async () => {},
    drain: () => ({ done: Promise.resolve(), hurry() {} }),
  };
}
