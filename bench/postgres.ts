import { readFileSync, readdirSync } from 'node:fs';
import { type Postgres, startPostgres } from '../test/kit/postgres.ts';

/** A database of its own on the one server of the bench, whose settings are PostgreSQL's: what is committed is on the disk. */
export interface Database {
  readonly url: string;
  /** Milliseconds of processor time that the server with all its processes has used so far; 0 where there is no /proc. */
  cpuMs(): number;
  drop(): Promise<void>;
}

let server: Promise<Postgres> | undefined;
let made = 0;

/** @param template of which it is to be a copy; nobody may be connected to that one */
export async function createDatabase(template?: Database): Promise<Database> {
  const postgres = await (server ??= startPostgres());
  const name = `bench_${++made}`;
  const url = await postgres.createDatabase(name, template && new URL(template.url).pathname.slice(1));
  const [settings] = await postgres.query('show data_directory');
  const [pid] = readFileSync(`${String(settings!['data_directory'])}/postmaster.pid`, 'utf8').split('\n');
  return {
    url,
    cpuMs: () => cpuMsOf(pid!),
    drop: async () => void (await postgres.query(`drop database ${name} with (force)`)),
  };
}

export async function closePostgres(): Promise<void> {
  // One that could not be started has been reported by whoever asked for it.
  await server?.then(
    (postgres) => postgres.close(),
    () => {},
  );
}

/** Milliseconds in one tick of /proc: always a hundredth of a second for programs. */
const TICK_MS = 10;

/** Of a process, of its children that live, and of those that have ended. */
function cpuMsOf(parent: string): number {
  let ticks = 0;
  for (const pid of pidsOfAll()) {
    const fields = statOf(pid);
    const [, ppid] = fields;
    if (pid !== parent && ppid !== parent) continue;
    // utime, stime, cutime and cstime: fields 14 to 17 of proc_pid_stat(5).
    const [user, system, ofEndedUser, ofEndedSystem] = fields.slice(11, 15).map(Number) as [
      number,
      number,
      number,
      number,
    ];
    ticks += user + system + (pid === parent ? ofEndedUser + ofEndedSystem : 0);
  }
  return ticks * TICK_MS;
}

function pidsOfAll(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** The fields from the third one, the state, on: the name before it may contain anything. */
function statOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
  } catch {
    // It has ended since the folder was read.
    return [];
  }
}
