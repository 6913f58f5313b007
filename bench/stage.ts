import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, startChild } from './child.ts';
import type { Drip, Flood, Look } from './child/load.ts';
import { type Alias, CONCURRENCY, CROWD, type Circumstances, configuration, pathOf } from './configuration.ts';
import { type Database, createDatabase } from './postgres.ts';

/** Which server is on: ours, or a floor that answers at once, that posts as well, or that answers when it has inserted. */
export type Cast = 'ours' | 'floor' | 'floor without post' | 'floor with insert';

/** How busy each process was, and everything else on the machine together, in cores. */
export interface Busy {
  /** All replicas together. */
  readonly server: number;
  readonly sink: number;
  readonly load: number;
  /** PostgreSQL, where it takes part. */
  readonly database?: number;
  readonly others: number;
}

/** Servers with a load generator before and a sink behind them, each in its own process. */
export interface Stage {
  readonly server: Pick<Child, 'ask' | 'usage'>;
  /** The server and its replicas. */
  readonly replicas: readonly Pick<Child, 'ask' | 'kill'>[];
  readonly sink: Pick<Child, 'ask'>;
  readonly database: Database | undefined;
  /**
   * Pushes so many, 64 at once, and resolves when all are answered. Each push has a number of its own. The crowd and the
   * replicas are taken in turn.
   */
  push(count: number, to?: Alias | 'crowd'): Promise<{ seconds: number }>;
  /** Pushes at a steady rate, to the two aliases in turn; milliseconds to each answer. */
  drip(count: number, per_second: number): Promise<number[]>;
  /** Gets these paths in turn, one after the other; milliseconds to each answer. */
  look(count: number, paths: readonly string[]): Promise<number[]>;
  /** Resolves when the sink has counted every push so far, but for those that went to a throttled bot. */
  arrived(): Promise<void>;
  /** Has the bot of an alias refused from now on, and pushes once so that its lane pauses. */
  pause(alias: Alias): Promise<void>;
  /** Runs `act` and tells how long it took and how busy everybody was. */
  timed(act: () => Promise<unknown>): Promise<{ seconds: number; busy: Busy }>;
}

/** Seconds in which the slowest imaginable server would have taken so many pushes. */
const patienceFor = (count: number) => 30 + count / 500;

/** Seconds for a server to start; a file of a gigabyte is checked first. */
const START = 60;

export interface StageOptions extends Pick<Circumstances, 'waiting' | 'crowd'> {
  readonly cast: Cast;
  /** Of our server; default: memory. */
  readonly store?: 'memory' | 'sqlite' | 'postgres';
  /** A file that is there already, instead of a new one. */
  readonly path?: string;
  /** Default: 1. */
  readonly replicas?: number;
  /** A folder for CPU profiles of the server. */
  readonly profile?: string | undefined;
}

/** Runs `act` on a fresh stage, and clears it away whatever happens. */
export async function onStage<T>(options: StageOptions, act: (stage: Stage) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'pushserver-bench-'));
  const children: Child[] = [];
  const start = (name: string, args?: readonly string[], flags?: readonly string[]) => {
    const child = startChild(name, args, flags);
    // The servers are to go first: they must not see their sink go away.
    children.unshift(child);
    return child;
  };
  let database: Database | undefined;
  try {
    if (options.store === 'postgres' || options.cast === 'floor with insert') database = await createDatabase();
    const sink = start('sink');
    const load = start('load');
    const { url } = await sink.ask<{ url: string }>('listen');
    const servers: Child[] = [];
    const urls: string[] = [];
    for (let i = 0; i < (options.replicas ?? 1); i++) {
      const [name, args] = partOf(options, join(folder, String(i)), url, database);
      const server = start(name, args, flagsOf(options));
      servers.push(server);
      urls.push((await server.ask<{ url: string }>('listen', undefined, START)).url);
    }
    return await act(createStage(servers, sink, load, urls, database));
  } finally {
    for (const child of children) await child.end();
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function createStage(
  servers: readonly Child[],
  sink: Child,
  load: Child,
  urls: readonly string[],
  database: Database | undefined,
): Stage {
  const [server] = servers as [Child];
  const [url] = urls as [string];
  /** Number of the next push; how many will arrive; whose bot is throttled. */
  let next = 0;
  let expected = 0;
  let throttled: string | undefined;

  async function push(
    count: number,
    to: Alias | 'crowd' = 'bench',
    connections = CONCURRENCY,
  ): Promise<{ seconds: number }> {
    const flood: Flood = { urls, aliases: to === 'crowd' ? CROWD : [to], from: next, count, connections };
    next += count;
    if (to !== throttled) expected += count;
    const { ms } = await load.ask<{ ms: number }>('flood', flood, patienceFor(count));
    return { seconds: ms / 1000 };
  }

  return {
    server,
    replicas: servers,
    sink,
    database,
    push,
    async drip(count, per_second) {
      const aliases: Alias[] = ['bench', 'other'];
      const drip: Drip = { url, aliases, from: next, count, per_second };
      next += count;
      expected += throttled === undefined ? count : count / 2;
      const { latencies } = await load.ask<{ latencies: number[] }>('drip', drip, patienceFor(count));
      return latencies;
    },
    async look(count, paths) {
      const { latencies } = await load.ask<{ latencies: number[] }>(
        'look',
        { url, paths, count } satisfies Look,
        patienceFor(count),
      );
      return latencies;
    },
    async arrived() {
      try {
        await sink.ask('arrived', expected, patienceFor(expected));
      } catch (error) {
        const { different, refused } = await sink.ask<{ different: number; refused: number }>('counts');
        const told = `${different} of ${expected} messages have reached the sink, which refused ${refused}`;
        const why = error instanceof Error ? error.message : String(error);
        const words = servers.map((one) => one.words()).join(' ');
        throw new Error(`${told}: ${why} ${words}`.trim(), { cause: error });
      }
    },
    async pause(alias) {
      throttled = alias;
      await sink.ask('throttle', pathOf(alias));
      await push(1, alias, 1);
      await sink.ask('refused', 1);
    },
    async timed(act) {
      const all = [sink, load, ...servers];
      const cpu = async () => (await Promise.all(all.map((child) => child.usage()))).map((usage) => usage.cpu_ms);
      const before = await cpu();
      const stored = database?.cpuMs() ?? 0;
      const machine = machineMs();
      const began = performance.now();
      await act();
      const ms = performance.now() - began;
      const whole = (machineMs() - machine) / ms;
      const ofDatabase = ((database?.cpuMs() ?? 0) - stored) / ms;
      const after = await cpu();
      const [ofSink = 0, ofLoad = 0, ...ofServers] = after.map((used, i) => (used - before[i]!) / ms);
      const ofServer = ofServers.reduce((sum, share) => sum + share, 0);
      const others = Math.max(0, whole - ofServer - ofSink - ofLoad - ofDatabase);
      return {
        seconds: ms / 1000,
        busy: { server: ofServer, sink: ofSink, load: ofLoad, ...(database && { database: ofDatabase }), others },
      };
    },
  };
}

/** Milliseconds that all cores together have worked since the machine was started. */
function machineMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}

/** The process to start, and its arguments. */
function partOf(
  { cast, store = 'memory', path, waiting, crowd }: StageOptions,
  folder: string,
  sink: string,
  database: Database | undefined,
): [name: string, args: string[]] {
  if (cast === 'floor without post') return ['floor', []];
  if (cast === 'floor') return ['floor', [sink + pathOf('bench')]];
  if (cast === 'floor with insert') return ['floor', [database!.url]];
  const choice = {
    memory: { driver: 'memory' },
    sqlite: { driver: 'sqlite', path: path ?? join(folder, 'pushserver.db') },
    postgres: { driver: 'postgres', url: database?.url ?? '' },
  } as const;
  const file = join(folder, 'config.yaml');
  mkdirSync(folder);
  writeFileSync(file, configuration({ folder, sink, store: choice[store], waiting, crowd }));
  return ['server', [file, join(folder, 'notifications')]];
}

function flagsOf({ profile }: StageOptions): string[] {
  return ['--expose-gc', ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`])];
}
