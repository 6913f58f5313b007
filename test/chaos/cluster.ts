import type { Postgres } from '../kit/postgres.ts';
import type { Changes } from './configuration.ts';
import { type Relay, startRelay } from './relay.ts';
import { type TakeOvers, rowsOf, watchTakeOvers } from './take-overs.ts';
import { type World, createWorld } from './world.ts';

/** A world whose servers share a database. */
export interface Cluster {
  readonly world: World;
  /** Another one after a failover. */
  postgres: Postgres;
  readonly takeOvers: TakeOvers;
  /** Between the servers and the database, if that was asked for. */
  readonly relay: Relay | undefined;
  readonly rows: <Row>(sql: string) => Promise<Row[]>;
  close(keep?: boolean): Promise<void>;
}

export interface ClusterOptions {
  readonly changes?: Changes;
  /** Seconds, default 1. */
  readonly lease?: number;
  readonly withRelay?: boolean;
}

let databases = 0;

/** Makes a database of its own on this server. */
export async function createCluster(
  postgres: Postgres,
  { changes, lease = 1, withRelay = false }: ClusterOptions = {},
): Promise<Cluster> {
  const url = await postgres.createDatabase(`chaos_${++databases}`);
  const takeOvers = await watchTakeOvers(url);
  const relay = withRelay ? await startRelay(postgres.port) : undefined;
  const way = new URL(url);
  if (relay) way.port = String(relay.port);
  const world = await createWorld({
    ...(changes && { changes }),
    store: { driver: 'postgres', url: way.href, lease },
    losses: () => takeOvers.losses(),
  });
  return {
    world,
    postgres,
    takeOvers,
    relay,
    rows: (sql) => rowsOf(url, sql),
    async close(keep) {
      await world.close(keep);
      relay?.close();
    },
  };
}
