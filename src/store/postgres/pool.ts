import { type ClientConfig, Pool, types } from 'pg';

/** The schema of the tables. */
export const SCHEMA = 'pushserver';

/** Milliseconds. A server that says nothing for so long is not there: a half-open connection shows itself in no other way. */
const SILENCE = 5000;

/** Milliseconds after which the server ends a transaction whose process says nothing: its locks would hold up the others. */
const IDLE = 3000;

/** Connections of a pool, opened when they are needed: with those of pg-boss a process has fifteen at most. */
const CONNECTIONS = 5;

/** Connection settings for everything that goes to the tables. */
export function connection(url: string): ClientConfig {
  return {
    connectionString: url,
    application_name: 'pushserver',
    connectionTimeoutMillis: SILENCE,
    query_timeout: SILENCE,
    keepAlive: true,
    pipeline: true,
    options: `-c search_path=${SCHEMA} -c idle_in_transaction_session_timeout=${IDLE} -c statement_timeout=${2 * SILENCE}`,
    types: { getTypeParser: parserOf },
  };
}

export function createPool(url: string): Pool {
  const pool = new Pool({ ...connection(url), max: CONNECTIONS });
  // Of a connection that nobody uses; whoever needs one next hears of it.
  pool.on('error', () => {});
  // Nor of one in use: its statement is told, and an error that nobody listens to would end the process.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** All whole numbers of ours fit into a number: times in milliseconds, and counts. */
const NUMBERS: ReadonlySet<number> = new Set([types.builtins.INT8, types.builtins.NUMERIC]);

const parserOf: typeof types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  NUMBERS.has(oid) && format !== 'binary' ? Number : types.getTypeParser(oid, format);
