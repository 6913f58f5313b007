import { createServer, type Server } from 'node:http';
import { loadPage } from './inbox/page.ts';
import { createLedger, type Filter, type LedgerEvent, type Refusal, type SandboxMessage } from './ledger.ts';
import { loadStandIns } from './load.ts';
import { createBots } from './server/bots.ts';
import { createControl, declareBot, orderFault } from './server/control.ts';
import { createExchange } from './server/exchange.ts';
import { createFaults } from './server/faults.ts';
import { createFront } from './server/front.ts';
import { createHolds } from './server/holds.ts';
import { createLive } from './server/live.ts';
import { createRoutes } from './server/routes.ts';
import type { Bot, Desk, SandboxClock, Service, SmtpOptions } from './stand-in.ts';

export interface SandboxOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Of the HTTP stand-ins and the inbox; 0 = any free port, the default. */
  readonly port?: number;
  readonly smtp_port?: number;
  readonly smtp?: SmtpOptions;
  /** Default: the machine's clock. Signature windows, rate windows and `slow` go by it. */
  readonly clock?: SandboxClock;
  /** Default 5000; the newest are kept. */
  readonly max_messages?: number;
  /** Bots with a secret, a name for the inbox, or no rate limit. Others need no declaration. */
  readonly bots?: readonly Bot[];
}

export interface Sandbox {
  /** `http://127.0.0.1:<port>`: prefix for the platforms' own paths; `/` is the inbox. */
  readonly url: string;
  readonly port: number;
  readonly smtp_port: number;
  /** Newest first. */
  messages(filter?: Filter): SandboxMessage[];
  /** Refused requests and struck faults, newest first; the last 500. */
  refusals(): Refusal[];
  /** Requests received since the start, refused and faulted ones included; one per recipient of a mail. */
  requests(filter?: Filter): number;
  /** Forgets messages and refusals; counters, faults, bots and rate windows stay. */
  clear(): void;
  /** As `POST /_sandbox/faults`; `times` defaults to 1. Throws with words on bad input. */
  fault(order: { platform: string; token?: string; fault: string; times?: number }): void;
  clearFaults(): void;
  /** As `POST /_sandbox/bots`. Throws with words on bad input. */
  bot(bot: Bot): void;
  /** Requests that a `timeout` or `slow` fault, or a silent mail server, holds right now. */
  held(): number;
  /** Called for every message, refusal and clearing. The returned function ends it. */
  subscribe(listener: (event: LedgerEvent) => void): () => void;
  /** Cuts every connection, held ones included. */
  close(): Promise<void>;
}

/** Starts the stand-ins of all platforms. Rejects when a port is taken or the package smtp-server is missing. */
export async function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', port = 0, smtp_port = 0, smtp = {}, clock = MACHINE, max_messages = 5000 } = options;
  const standIns = await loadStandIns();
  const ledger = createLedger(max_messages);
  const faults = createFaults();
  const bots = createBots();
  const { hold, held } = createHolds();
  for (const bot of options.bots ?? []) declareBot({ bots, standIns }, bot);

  const addresses = { url: '', smtp_port: 0 };
  const page = await loadPage();
  const front = createFront({
    host,
    clock,
    routes: createRoutes(standIns),
    exchange: createExchange({ ledger, faults, bots, clock, hold }, standIns),
    live: createLive(ledger),
    page,
    control: createControl({ ledger, faults, bots, standIns, addresses: () => addresses }),
  });
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, front);
  server.maxConnections = MOST_CONNECTIONS;
  const http_port = await listen(server, port, host);
  addresses.url = `http://${host.includes(':') ? `[${host}]` : host}:${http_port}`;

  const desk = (name: string): Desk => ({
    host,
    clock,
    hold,
    arrive: (token) => {
      ledger.count(name, token);
      return faults.take(name, token);
    },
    takeCode: (codes) => faults.takeCode(name, codes),
    keep: (token, draft) => ledger.keep(name, token, draft, clock.now()),
    refuse: (token, code, reason) => ledger.refuse(name, token, code, reason, clock.now()),
  });
  const services = new Map<string, Service>();
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    server.closeAllConnections();
    await Promise.all([closed, ...[...services.values()].map(async (service) => await service.close())]);
  };
  try {
    for (const { name, serve } of standIns) {
      if (serve !== undefined) services.set(name, await serve(desk(name), { smtp, smtp_port }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  addresses.smtp_port = services.get('email')?.port ?? 0;

  return {
    ...addresses,
    port: http_port,
    messages: (filter) => ledger.messages(filter),
    refusals: () => ledger.refusals(),
    requests: (filter) => ledger.requests(filter),
    clear: () => ledger.clear(),
    fault: (order) => orderFault({ faults, standIns }, order),
    clearFaults: () => faults.clear(),
    bot: (bot) => declareBot({ bots, standIns }, bot),
    held,
    subscribe: (listener) => ledger.subscribe(listener),
    close,
  };
}

/** Longer than a client's pool keeps an idle connection, so that no reuse meets a connection just closed. */
const KEEP_ALIVE_MS = 65_000;
/** Held requests included; further connections are dropped. */
const MOST_CONNECTIONS = 4000;

const MACHINE: SandboxClock = {
  now: () => Date.now(),
  after: (ms, fn) => {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};

/** The port it got. */
async function listen(server: Server, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
