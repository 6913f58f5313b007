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

/** Waits until every accepted push has ended, and judges. */
export async function conclude(world: World, server: Server, replicas: number): Promise<Report> {
  const { caller, record, deaths } = world;
  const tasks = new Map<string, TaskView>();
  const ids = caller.fates.flatMap(({ task_ids }) => [...task_ids]);
  const askers = Array.from({ length: ASKERS }, async () => {
    for (let id = ids.shift(); id !== undefined; id = ids.shift()) tasks.set(id, await world.ended(server, id));
  });
  await Promise.all(askers);
  const notices = await world.notices(server);
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  const unaccounted = Number(/^pushserver_unaccounted_tasks (\d+)$/m.exec(metrics)![1]);
  const { arrivals, refusals } = record;
  return judge({ fates: caller.fates, tasks, notices, arrivals, refusals, deaths, replicas, unaccounted });
}
