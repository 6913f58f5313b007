import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import type { Outage } from './cluster-faults.ts';
import type { Server } from './server.ts';
import { replicatedAtOnce } from './standby.ts';

/**
 * Lets an outage happen while the servers work, and ends it.
 * @param victim the server that is frozen, if it is that
 * @param load resolves when nothing more is pushed: what has not happened by then happens now
 */
export async function strikeAll(
  cluster: Cluster,
  victim: Server,
  outage: Outage,
  load: Promise<unknown>,
): Promise<void> {
  const { accepted } = cluster.world.caller;
  // Connected before the load, which must not wait for a copy of the data.
  const standby = outage.kind === 'failover' ? await cluster.postgres.createStandby() : undefined;
  if (standby) await replicatedAtOnce(cluster.postgres);
  await Promise.race([accepted.reaches(accepted.count + outage.nth), load]);
  const { postgres, relay } = cluster;
  switch (outage.kind) {
    case 'freeze':
      victim.signal('SIGSTOP');
      await delay(outage.seconds * 1000);
      return victim.signal('SIGCONT');
    case 'restart':
      return postgres.restart(outage.mode);
    case 'unreachable':
      await postgres.stop();
      await delay(outage.seconds * 1000);
      return postgres.start();
    case 'silent':
      await postgres.freeze();
      await delay(outage.seconds * 1000);
      return postgres.thaw();
    case 'half-open':
      return relay?.silence();
    case 'failover':
      await postgres.kill();
      await standby!.promote(postgres.port);
      await postgres.close();
      cluster.postgres = standby!;
  }
}
