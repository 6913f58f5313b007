import { mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Sandbox, createSandbox } from '../../src/sandbox/sandbox.ts';
import { BOTS } from './bots.ts';
import { type Caller, createCaller } from './caller.ts';
import { type Changes, type StoreSection, configurationOf } from './configuration.ts';
import { type Record, keepRecord } from './record.ts';
import { type Server, type StartOptions, startServer } from './server.ts';
import { type InFlight, inFlightIn } from './stored.ts';

/** The end of a server, as the harness has seen it. */
export interface Death {
  /** Monotonic milliseconds: whatever arrived before that was sent by the dead. */
  readonly at: number;
  readonly inFlight: readonly InFlight[];
}

/** Attempts that were in flight when their server died, or when another one took their tasks over. */
export interface Loss {
  /** Monotonic milliseconds: no repetition arrives before that. */
  readonly from: number;
  /** Until then the one who has lost them may still be heard. */
  readonly until: number;
  readonly inFlight: readonly InFlight[];
}

/** One task, as the API tells it. */
export interface TaskView {
  readonly task_id: string;
  readonly status: string;
  readonly outcome: string | null;
  readonly title: string;
  readonly error?: string;
  readonly results: readonly {
    readonly platform: string;
    readonly webhook: string;
    readonly status: string;
    readonly reason?: string;
    readonly message: string;
    readonly attempts: number;
    readonly digest_id?: string;
  }[];
}

/** The sandbox, a store, and callers; servers come and go. */
export interface World {
  readonly folder: string;
  readonly sandbox: Sandbox;
  readonly record: Record;
  readonly caller: Caller;
  readonly deaths: readonly Death[];
  /** Most servers that were alive at once. */
  readonly replicas: number;
  losses(): Promise<readonly Loss[]>;
  /** Lines of the servers' logs about exceptions that nobody had expected. */
  crashes(): string[];
  /** Starts a server on the store. */
  start(point?: StartOptions['point']): Promise<Server>;
  /** To be called for each server that has ended: notes what it had in flight. */
  bury(server: Server): Promise<Death>;
  /** Writes the configuration anew. */
  configure(changes: Changes): void;
  /** Platforms answer again. */
  clearFaults(): void;
  /** The task once it has ended. */
  ended(server: Server, id: string): Promise<TaskView>;
  /** Resolves as soon as a living server tells that this target of the task was reached. */
  reached(server: Server, id: string, target: string): Promise<void>;
  /** Resolves when it can accept pushes. */
  ready(server: Server): Promise<void>;
  /** Ids of the tasks that have a notice, with how many each: as a living server tells. */
  notices(server: Server): Promise<Map<string, number>>;
  /** Resolves as soon as there is a notice file. */
  noticeFile(): Promise<void>;
  /** @param keep leaves the folder */
  close(keep?: boolean): Promise<void>;
}

export interface WorldOptions {
  readonly changes?: Changes;
  /** Default: a file of SQLite in the folder. */
  readonly store?: StoreSection;
  /** What servers have lost, when the store is no file of SQLite that the dead leave behind. */
  readonly losses?: () => Promise<Loss[]>;
}

export async function createWorld({ changes = {}, store, losses }: WorldOptions = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'pushserver-chaos-'));
  const sandbox = await createSandbox({
    max_messages: 1e6,
    bots: Object.values(BOTS).flatMap(({ platform, name, ...bot }) =>
      'unlimited' in bot ? [{ platform, token: name, unlimited: true }] : [],
    ),
  });
  const close404 = () => sandbox.fault({ platform: 'webhook', token: BOTS.closed.name, fault: 'http:404', times: 1e6 });
  close404();
  const record = keepRecord(sandbox);
  const file = join(folder, 'config.yaml');
  const path = join(folder, 'store.db');
  const section = store ?? { driver: 'sqlite', path };
  const deaths: Death[] = [];
  const servers: Server[] = [];
  const closed = new AbortController();
  let replicas = 0;

  const world: World = {
    folder,
    sandbox,
    record,
    caller: createCaller(),
    deaths,
    get replicas() {
      return replicas;
    },
    async losses() {
      return (await losses?.()) ?? deaths.map(({ at, inFlight }) => ({ from: at, until: at, inFlight }));
    },
    crashes: () =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.log'))
        .flatMap((name) => readFileSync(join(folder, name), 'utf8').match(/^.* crashed where=process .*$/gm) ?? []),
    async start(point) {
      const server = await startServer({ file, folder, point });
      servers.push(server);
      replicas = Math.max(replicas, servers.filter(({ isOver }) => !isOver).length);
      return server;
    },
    async bury(server) {
      await server.ended;
      await heard(sandbox);
      const at = performance.now();
      const death = { at, inFlight: losses === undefined ? inFlightIn(path) : [] };
      deaths.push(death);
      return death;
    },
    configure(more) {
      // Swapped in one step, so that nothing half written can be read.
      writeFileSync(`${file}.next`, configurationOf(sandbox.url, section, { ...changes, ...more }));
      renameSync(`${file}.next`, file);
    },
    clearFaults() {
      sandbox.clearFaults();
      close404();
    },
    async reached(server, id, target) {
      let task: TaskView;
      do task = await ask(server, id, 0);
      while (!task.results.some(({ webhook, status }) => webhook === target && status === 'success'));
    },
    async ready({ url }) {
      while (!(await fetch(`${url}/ready`)).ok) await delay(LOOK);
    },
    async ended(server, id) {
      for (;;) {
        const data = await ask(server, id, 30);
        if (data.status === 'completed' || data.status === 'failed') return data;
      }
    },
    async notices(server) {
      const found = new Map<string, number>();
      for (let offset = 0; ; offset += PAGE) {
        const reply = await fetch(`${server.url}/api/v1/notifications?limit=${PAGE}&offset=${offset}`);
        const { data } = (await reply.json()) as { data: { notifications: { task_id: string }[] } };
        for (const { task_id } of data.notifications) found.set(task_id, (found.get(task_id) ?? 0) + 1);
        if (data.notifications.length < PAGE) return found;
      }
    },
    noticeFile: () =>
      new Promise((resolve) => {
        const notices = join(folder, 'notifications');
        mkdirSync(notices, { recursive: true });
        const look = () => {
          if (readdirSync(notices).length === 0) return;
          watcher.close();
          resolve();
        };
        const watcher = watch(notices, { persistent: false, signal: closed.signal }, look);
        look();
      }),
    async close(keep = false) {
      closed.abort();
      await Promise.all(servers.map((server) => server.kill()));
      await sandbox.close();
      if (!keep) rmSync(folder, { recursive: true, force: true });
    },
  };
  world.configure({});
  return world;
}

/** Milliseconds between two questions that are answered 503. */
const LOOK = 50;

async function ask({ url }: Server, id: string, wait: number): Promise<TaskView> {
  let reply: Response;
  while ((reply = await fetch(`${url}/api/v1/task/${id}?wait=${wait}`)).status === 503) await delay(LOOK);
  const { data } = (await reply.json()) as { data: TaskView };
  if (reply.status !== 200) throw new Error(`task ${id} was answered ${reply.status}`);
  return data;
}

const PAGE = 1000;

/**
 * What a dead server has sent may lie in sockets that the sandbox has not read yet, or not even accepted. It is before
 * what comes on a new connection.
 */
async function heard(sandbox: Sandbox): Promise<void> {
  for (let turn = 0; turn < 2; turn++)
    await new Promise<void>((resolve, reject) => {
      const question = get(`${sandbox.url}/_sandbox/bots`, { agent: false }, (answer) => {
        answer.resume().once('end', resolve);
      });
      question.once('error', reject);
    });
}
