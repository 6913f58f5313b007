import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  /** What is in flight in the store, when it is no file of SQLite. */
  readonly inFlight?: () => Promise<InFlight[]>;
}

export async function createWorld({ changes = {}, store, inFlight }: WorldOptions = {}): Promise<World> {
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

  const world: World = {
    folder,
    sandbox,
    record,
    caller: createCaller(),
    deaths,
    async start(point) {
      const server = await startServer({ file, folder, point });
      servers.push(server);
      return server;
    },
    async bury(server) {
      await server.ended;
      await heard(sandbox);
      const at = performance.now();
      const death = { at, inFlight: inFlight === undefined ? inFlightIn(path) : await inFlight() };
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

async function ask({ url }: Server, id: string, wait: number): Promise<TaskView> {
  const reply = await fetch(`${url}/api/v1/task/${id}?wait=${wait}`);
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
