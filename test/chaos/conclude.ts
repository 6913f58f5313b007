import { type Figures, judge } from './laws.ts';
import type { Server } from './server.ts';
import type { TaskView, World } from './world.ts';

export interface Report {
  /** Empty: every guarantee has held. */
  readonly broken: readonly string[];
  readonly figures: Figures;
}

/** Questions asked at once. */
const ASKERS = 32;

/** Waits until every accepted push has ended, as any of these servers tells, and judges. */
export async function conclude(world: World, ...servers: readonly Server[]): Promise<Report> {
  const { caller, record, deaths, replicas } = world;
  const tasks = new Map<string, TaskView>();
  const ids = caller.fates.flatMap(({ task_ids }) => [...task_ids]);
  const askers = Array.from({ length: ASKERS }, async (_, n) => {
    const server = servers[n % servers.length]!;
    for (let id = ids.shift(); id !== undefined; id = ids.shift()) tasks.set(id, await world.ended(server, id));
  });
  await Promise.all(askers);
  const notices = await world.notices(servers[0]!);
  const audits = await Promise.all(servers.map(unaccountedAt));
  const { arrivals, refusals } = record;
  return judge({
    fates: caller.fates,
    tasks,
    notices,
    arrivals,
    refusals,
    deaths,
    losses: await world.losses(),
    replicas,
    unaccounted: Math.max(...audits),
    crashes: world.crashes(),
  });
}

async function unaccountedAt({ url }: Server): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^pushserver_unaccounted_tasks (\d+)$/m.exec(metrics)![1]);
}
