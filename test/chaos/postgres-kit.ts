import { after } from 'node:test';
import { type Postgres, startPostgres } from '../kit/postgres.ts';
import { type Cluster, type ClusterOptions, createCluster } from './cluster.ts';

/** A PostgreSQL for the tests of one file. What is killed here is its processes, never the machine: no need for fsync. */
export async function postgresFor(): Promise<Postgres> {
  const postgres = await startPostgres({ settings: { fsync: 'off', max_connections: '400' } });
  after(() => postgres.close());
  return postgres;
}

/** Servers of one test, and their database; closed after it. */
export async function clusterFor(postgres: Postgres, options?: ClusterOptions): Promise<Cluster> {
  const cluster = await createCluster(postgres, options);
  after(() => cluster.close());
  return cluster;
}
