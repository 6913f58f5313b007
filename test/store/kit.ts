import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, type TestContext } from 'node:test';
import { Client, types } from 'pg';
import type { LimitState, Notice, Result, Send, Task, Trail } from '../../src/model.ts';
import { createIds } from '../../src/push/ids.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { openPostgresStore } from '../../src/store/postgres/store.ts';
import { type SqliteStoreOptions, openSqliteStore } from '../../src/store/sqlite/store.ts';
import type { Claim, LimitBook, Room, Store } from '../../src/store/store.ts';
import { type TestClock, createTestClock } from '../kit/clock.ts';
import type { Postgres } from '../kit/postgres.ts';

/** Ages in seconds; a test may change them while the store is open. */
export interface Settings {
  task: { max_age: number; store_limit: number };
  idempotency: { max_age: number; max_keys: number };
  system: { store_limit: number };
}

/** A store, and the ways to look at it from outside. */
export interface World {
  readonly clock: TestClock;
  readonly settings: Settings;
  /** The one that is open now. */
  readonly store: Store;
  /** What `onChange` was told. */
  readonly changes: unknown[];
  /** Closes it before the end of the test. */
  close(): Promise<void>;
  /** Closes it, and opens what it has left behind. */
  reopen(): Promise<Store>;
  /** What a process finds that starts after a crash at this very moment. The store itself stays open. */
  crashed(): Promise<Store>;
  /** What is stored at this moment, asked of the database itself. */
  rows(sql: string): Promise<Record<string, unknown>[]>;
}

/** One way to keep things. */
export interface Kind {
  readonly name: 'memory' | 'sqlite' | 'postgres';
  readonly durable: boolean;
  open(t: TestContext, more?: Partial<Settings>): Promise<World>;
}

// ---- the three of them -----------------------------------------------------------------------------------------

export const memory: Kind = {
  name: 'memory',
  durable: false,
  async open(t, more) {
    const { clock, settings } = basis(more);
    const store = createMemoryStore(clock, () => settings);
    t.after(() => store.close());
    const never = () => assert.fail('a memory store leaves nothing behind');
    return {
      clock,
      settings,
      store,
      changes: [],
      close: () => store.close(),
      reopen: never,
      crashed: never,
      rows: never,
    };
  },
};

export const sqlite: Kind = { name: 'sqlite', durable: true, open: (t, more) => openFile(t, {}, more) };

/** @param options of the store, beside what every test has */
export async function openFile(
  t: TestContext,
  options: Partial<SqliteStoreOptions> = {},
  more: Partial<Settings> = {},
): Promise<World & { readonly path: string }> {
  const path = options.path ?? join(freshFolder(), 'push.db');
  const world = await openWorld(t, more, {
    where: path,
    open: (file, { clock, settings }, onChange) =>
      openSqliteStore({ clock, settings: () => settings, onChange, ...options, path: file }),
    afterCrash: () => copyOf(path, freshFolder()),
    async rows(sql) {
      const database = new DatabaseSync(copyOf(path, freshFolder()));
      try {
        return database
          .prepare(sql)
          .all()
          .map((row) => ({ ...row }));
      } finally {
        database.close();
      }
    },
  });
  return Object.assign(world, { path });
}

/** Each world has a database of its own on that server. */
export function postgres(server: Postgres): Kind & { freshUrl(): Promise<string> } {
  let model: Promise<string> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let count = 0;
  /** A database of its own, with empty tables. One after the other: the model may be copied only once at a time. */
  async function freshUrl(): Promise<string> {
    const name = await (model ??= modelOf(server));
    const url = last.then(() => server.createDatabase(`world_${++count}`, name));
    last = url.catch(() => {});
    return url;
  }
  return {
    name: 'postgres',
    durable: true,
    freshUrl,
    open: async (t, more) => openDatabase(t, await freshUrl(), LEASE, more),
  };
}

/** Seconds: nothing is taken over in a test that does not want it. */
const LEASE = 30;

export function openDatabase(t: TestContext, url: string, lease = LEASE, more: Partial<Settings> = {}): Promise<World> {
  return openWorld(t, more, {
    where: url,
    open: (address, { clock, settings }, onChange) =>
      openPostgresStore({ clock, settings: () => settings, onChange, onFault: fault, url: address, lease }),
    afterCrash: () => url,
    async rows(sql) {
      const client = new Client({ connectionString: url, options: '-c search_path=pushserver', types: NUMBERS });
      await client.connect();
      try {
        return (await client.query<Record<string, unknown>>(sql)).rows;
      } finally {
        await client.end();
      }
    },
  });
}

/** Of PostgreSQL’s catalogue: its whole numbers, which SQLite says as such, come as texts otherwise. */
const INT8 = 20;

const NUMBERS = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8 ? Number : types.getTypeParser(oid, format)) as typeof types.getTypeParser,
};

/** Bringing an empty database up to date takes longer than copying one. */
async function modelOf(server: Postgres): Promise<string> {
  const { clock, settings } = basis();
  const url = await server.createDatabase('model');
  const rest = { settings: () => settings, onChange() {}, onFault: fault, lease: LEASE };
  await (await openPostgresStore({ clock, url, ...rest })).close();
  return 'model';
}

/** In the background. A server that is stopped by the test is not one. */
function fault(error: unknown): void {
  if (
    error instanceof Error &&
    /ECONN|terminat|57P0|timeout/.test(`${error.message} ${'code' in error ? String(error.code) : ''}`)
  )
    return;
  throw error;
}

interface Way extends Pick<World, 'rows'> {
  readonly where: string;
  readonly open: (where: string, basis: Basis, onChange: (error: unknown) => void) => Promise<Store>;
  /** Where that is found which a crash at this moment leaves. */
  readonly afterCrash: () => string;
}

async function openWorld(
  t: TestContext,
  more: Partial<Settings>,
  { where, open, afterCrash, rows }: Way,
): Promise<World> {
  const given = basis(more);
  const changes: unknown[] = [];
  const opened = new Set<Store>();
  let over = false;
  const start = async (place: string) => {
    const store = await open(place, given, (error) => changes.push(error));
    opened.add(store);
    // A test that was cut off may go on where it hung.
    if (over) await store.close();
    return store;
  };
  let store = await start(where);
  t.after(async () => {
    over = true;
    await Promise.all([...opened].map((one) => one.close()));
  });
  async function close(): Promise<void> {
    opened.delete(store);
    await store.close();
  }
  return {
    ...given,
    changes,
    rows,
    close,
    get store() {
      return store;
    },
    async reopen() {
      await close();
      return (store = await start(where));
    },
    crashed: () => start(afterCrash()),
  };
}

interface Basis {
  readonly clock: TestClock;
  readonly settings: Settings;
}

function basis(more: Partial<Settings> = {}): Basis {
  return {
    // That of the database cannot be set.
    clock: createTestClock(Date.now()),
    settings: {
      task: { max_age: 60, store_limit: 10_000 },
      idempotency: { max_age: 600, max_keys: 10_000 },
      system: { store_limit: 10_000 },
      ...more,
    },
  };
}

/** Removed at the end of the file, when the stores in it have been closed. */
function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pushserver-store-'));
  folders.push(folder);
  return folder;
}

const folders: string[] = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** What a crash at this moment would leave. */
function copyOf(path: string, folder: string): string {
  const copy = join(folder, 'copy.db');
  for (const part of ['', '-wal']) if (existsSync(path + part)) copyFileSync(path + part, copy + part);
  return copy;
}

// ---- what is put into them -------------------------------------------------------------------------------------

export const LINE = 'ops/feishu/f1';

const makers = new WeakMap<TestClock, () => string>();

/** Who tells the time: the store, if there is one. */
type Times = Pick<World, 'clock'> & Partial<Pick<World, 'store'>>;

/** Pushed to two targets that both count. */
export function newTask({ clock, store }: Times, more: Partial<Task> = {}): Task {
  const nextId = makers.get(clock) ?? createIds(() => clock.now());
  makers.set(clock, nextId);
  const at = (store ?? clock).now();
  return {
    id: nextId(),
    alias: 'ops',
    recipient: '运维',
    strategy: 'all',
    platform: undefined,
    message: { title: '磁盘', body: '95 % 🔥', level: 'error', style: 'text', format: 'markdown' },
    priority: 2,
    plan: { op: 'all', branches: [send(0, 'feishu', 'f1'), send(1, 'email', 'm1')] },
    copies: [],
    line: LINE,
    created_at: at,
    deadline: at + 3600_000,
    updated_at: at,
    status: 'pending',
    results: [undefined, undefined],
    ...more,
  };
}

export const send = (leaf: number, platform: string, target: string): Send => ({ op: 'send', leaf, platform, target });

export const newClaim = (key: string, fingerprint = 'request', answer: unknown = { for: key }): Claim => ({
  key,
  fingerprint,
  answer,
});

export const result = (more: Partial<Result> = {}): Result => ({
  platform: 'feishu',
  webhook: 'f1',
  status: 'success',
  message: 'ok',
  attempts: 1,
  latency_ms: 12,
  timestamp: 1_767_225_600_000,
  paused_until: 0,
  ...more,
});

export const SENDING: Trail = { sending: true, accepted: 0, parts: 1, plain: false, tries: 0 };

/** A leaf that is out, or about to be. */
export const sending = (more: Partial<Trail> = {}): Result =>
  result({ status: 'processing', message: '', attempts: 0, trail: { ...SENDING, ...more } });

export function newNotice({ clock, store }: Times, more: Partial<Notice> = {}): Notice {
  return {
    id: randomUUID(),
    title: '推送失败',
    message: '95 %',
    type: 'error',
    strategy: 'all',
    style: 'text',
    source: 'PushServer-SystemNotification',
    task_id: randomUUID(),
    reason: '超时',
    created_at: (store ?? clock).now(),
    status: 'unread',
    ...more,
  };
}

/** The windows of a bot, as a lane would keep them. */
export interface TestLimit extends LimitBook {
  times: number[];
  paused_until: number;
  /** What it was told another process has made of it. */
  readonly adopted: LimitState[];
}

export function newLimit(key: string, times: number[] = [], paused_until = 0): TestLimit {
  const limit: TestLimit = {
    key,
    times,
    paused_until,
    adopted: [],
    state: () => ({ times: limit.times, paused_until: limit.paused_until }),
    adopt(state) {
      limit.adopted.push(state);
      limit.times = [...state.times];
      limit.paused_until = Math.max(limit.paused_until, state.paused_until);
    },
  };
  return limit;
}

// ---- what is done with them ------------------------------------------------------------------------------------

export const room = (free: number, share = free, held: Readonly<Record<string, number>> = {}): Room => ({
  free,
  share,
  held: new Map(Object.entries(held)),
});

/** Stores a task and gets it in hand, as the service does. */
export async function accept(world: World, more: Partial<Task> = {}, claim?: Claim): Promise<Task> {
  const task = newTask(world, more);
  const inserted = await world.store.insert(task, claim, true);
  assert.equal(inserted.kind, 'inserted');
  if (inserted.kind === 'inserted' && inserted.held) return task;
  const { tasks } = await world.store.take(room(100));
  const taken = tasks.find(({ id }) => id === task.id);
  assert.ok(taken, 'it was waiting to be taken');
  return taken;
}

/** As `accept`, many at once. */
export async function acceptAll(world: World, count: number, more: Partial<Task> = {}): Promise<Task[]> {
  const fresh = Array.from({ length: count }, () => newTask(world, more));
  const inserted = await Promise.all(fresh.map((task) => world.store.insert(task, undefined, true)));
  if (inserted.every((one) => one.kind === 'inserted' && one.held)) return fresh;
  const tasks: Task[] = [];
  for (let isMore = true; isMore;) {
    const taken = await world.store.take(room(count));
    tasks.push(...taken.tasks);
    isMore = taken.more;
  }
  assert.equal(tasks.length, count);
  return tasks;
}

/** Ends a task as the service does. */
export async function end(
  { store }: Pick<World, 'store'>,
  task: Task,
  status: 'completed' | 'failed' = 'completed',
  notice?: Notice,
): Promise<void> {
  task.status = status;
  task.outcome = status === 'completed' ? 'success' : 'failed';
  if (status === 'failed') task.error = '全部失败';
  task.completed_at = task.updated_at = store.now();
  await store.finish(task, notice);
}

/** Resolves when all that has happened so far is written. */
export async function written(store: Store): Promise<void> {
  assert.equal(await store.begin({ leaves: [], limits: [] }), 'go');
}

/** Everything that waits, in the order in which it is taken. */
export async function takeAll(store: Store): Promise<Task[]> {
  const tasks: Task[] = [];
  for (;;) {
    const taken = await store.take(room(100));
    tasks.push(...taken.tasks);
    if (!taken.more) return tasks;
  }
}

export const idsOf = (tasks: readonly { readonly id: string }[]): string[] => tasks.map(({ id }) => id);
