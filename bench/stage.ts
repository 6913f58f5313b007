import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, startChild } from './child.ts';
import type { Drip, Flood } from './child/load.ts';
import { type Alias, BOTS, CONCURRENCY, configuration } from './configuration.ts';

/** Which server is on: ours, the floor that answers and posts, or the floor that only answers. */
export type Cast = 'ours' | 'floor' | 'floor without post';

/** How busy each process was, and everything else on the machine together, in cores. */
export interface Busy {
  readonly server: number;
  readonly sink: number;
  readonly load: number;
  readonly others: number;
}

/** A server with a load generator before and a sink behind it, each in its own process. */
export interface Stage {
  readonly server: Pick<Child, 'ask' | 'usage'>;
  /** Pushes so many, 64 at once, and resolves when all are answered. Each push has a number of its own. */
  push(count: number, alias?: Alias): Promise<{ seconds: number }>;
  /** Pushes at a steady rate, to the two aliases in turn; milliseconds to each answer. */
  drip(count: number, per_second: number): Promise<number[]>;
  /** Resolves when the sink has counted every push so far, but for those that went to a throttled bot. */
  arrived(): Promise<void>;
  /** Has the bot of an alias refused from now on, and pushes once so that its lane pauses. */
  pause(alias: Alias): Promise<void>;
  /** Runs `act` and tells how long it took and how busy everybody was. */
  timed(act: () => Promise<unknown>): Promise<{ seconds: number; busy: Busy }>;
}

/** Seconds in which the slowest imaginable server would have taken so many pushes. */
const patienceFor = (count: number) => 30 + count / 500;

export interface StageOptions {
  readonly cast: Cast;
  /** Most pushes that will wait for one recipient. */
  readonly waiting: number;
  /** A folder for CPU profiles of the server. */
  readonly profile?: string | undefined;
}

/** Runs `act` on a fresh stage, and clears it away whatever happens. */
export async function onStage<T>(options: StageOptions, act: (stage: Stage) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'pushserver-bench-'));
  const children: Child[] = [];
  const start = (name: string, args?: readonly string[], flags?: readonly string[]) => {
    const child = startChild(name, args, flags);
    // The server is to go first: it must not see its sink go away.
    children.unshift(child);
    return child;
  };
  try {
    const sink = start('sink');
    const load = start('load');
    const { url } = await sink.ask<{ url: string }>('listen');
    const [name, args] = partOf(options, folder, url);
    const server = start(name, args, flagsOf(options));
    return await act(createStage(server, sink, load, (await server.ask<{ url: string }>('listen')).url));
  } finally {
    for (const child of children) await child.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

function createStage(server: Child, sink: Child, load: Child, url: string): Stage {
  /** Number of the next push; how many will arrive; whose bot is throttled. */
  let next = 0;
  let expected = 0;
  let throttled: Alias | undefined;

  async function push(count: number, alias: Alias = 'bench', connections = CONCURRENCY): Promise<{ seconds: number }> {
    const flood: Flood = { url, alias, from: next, count, connections };
    next += count;
    if (alias !== throttled) expected += count;
    const { ms } = await load.ask<{ ms: number }>('flood', flood, patienceFor(count));
    return { seconds: ms / 1000 };
  }

  return {
    server,
    push,
    async drip(count, per_second) {
      const aliases: Alias[] = ['bench', 'other'];
      const drip: Drip = { url, aliases, from: next, count, per_second };
      next += count;
      expected += throttled === undefined ? count : count / 2;
      const { latencies } = await load.ask<{ latencies: number[] }>('drip', drip, patienceFor(count));
      return latencies;
    },
    async arrived() {
      try {
        await sink.ask('arrived', expected, patienceFor(expected));
      } catch (error) {
        const { different, refused } = await sink.ask<{ different: number; refused: number }>('counts');
        const told = `${different} of ${expected} messages have reached the sink, which refused ${refused}`;
        const why = error instanceof Error ? error.message : String(error);
        throw new Error(`${told}: ${why} ${server.words()}`.trim(), { cause: error });
      }
    },
    async pause(alias) {
      throttled = alias;
      await sink.ask('throttle', BOTS[alias]);
      await push(1, alias, 1);
      await sink.ask('refused', 1);
    },
    async timed(act) {
      const all = [server, sink, load];
      const before = await Promise.all(all.map((child) => child.usage()));
      const machine = machineMs();
      const began = performance.now();
      await act();
      const ms = performance.now() - began;
      const whole = (machineMs() - machine) / ms;
      const after = await Promise.all(all.map((child) => child.usage()));
      const shares = after.map((usage, i) => (usage.cpu_ms - before[i]!.cpu_ms) / ms);
      const [ofServer = 0, ofSink = 0, ofLoad = 0] = shares;
      const others = Math.max(0, whole - ofServer - ofSink - ofLoad);
      return { seconds: ms / 1000, busy: { server: ofServer, sink: ofSink, load: ofLoad, others } };
    },
  };
}

/** Milliseconds that all cores together have worked since the machine was started. */
function machineMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}

/** The process to start, and its arguments. */
function partOf({ cast, waiting }: StageOptions, folder: string, sink: string): [name: string, args: string[]] {
  if (cast !== 'ours') return ['floor', cast === 'floor' ? [sink + BOTS.bench] : []];
  const file = join(folder, 'config.yaml');
  writeFileSync(file, configuration({ folder, sink, waiting }));
  return ['server', [file, join(folder, 'notifications')]];
}

function flagsOf({ profile }: StageOptions): string[] {
  return ['--expose-gc', ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`])];
}
