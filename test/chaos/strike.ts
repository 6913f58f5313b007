import { BOTS, RECIPIENTS } from './bots.ts';
import { platformsOf } from './configuration.ts';
import type { Fault } from './faults.ts';
import type { Server } from './server.ts';
import type { World } from './world.ts';

/**
 * Lets a fault happen while the server works.
 * @param load resolves when nothing more is pushed: a fault that has not happened by then happens now
 */
export async function strike(world: World, server: Server, fault: Fault, load: Promise<unknown>): Promise<void> {
  const { caller, record, sandbox } = world;
  const over = Promise.race([load, server.ended]);
  const tallies = {
    accepted: caller.accepted,
    arrived: record.arrived,
    struck: record.struck,
    refused: caller.refused,
  };
  const before = Object.fromEntries(Object.entries(tallies).map(([name, { count }]) => [name, count]));
  const until = (name: keyof typeof tallies, nth: number) =>
    Promise.race([tallies[name].reaches(before[name]! + nth), over]);

  switch (fault.kind) {
    case 'point':
      return;
    case 'kill':
      await until(fault.on, fault.nth);
      return server.signal('SIGKILL');
    case 'terminate':
      await until(fault.on, fault.nth);
      return server.signal('SIGTERM');
    case 'blackhole':
      sandbox.fault({ platform: BOTS.dark.platform, token: BOTS.dark.name, fault: 'timeout', times: fault.times });
      await until('struck', fault.nth);
      return server.signal('SIGKILL');
    case 'reload': {
      await until('accepted', fault.nth);
      world.configure(fault.without ? WITHOUT(sandbox.url) : {});
      const reloaded = server.says(/configuration reloaded/);
      server.signal('SIGHUP');
      if (fault.kill) server.signal('SIGKILL');
      return reloaded.catch(() => {});
    }
    case 'full':
      await until('accepted', fault.nth);
      if (server.isOver) return;
      await server.order('full');
      await until('refused', 1);
      if (fault.kill) server.signal('SIGKILL');
      else await server.order('free');
  }
}

/** One of two targets is gone; digests are shorter. */
const WITHOUT = (sandbox: string) => ({
  digest: { threshold: 3, max_items: 5 },
  recipients: Object.fromEntries(
    RECIPIENTS.filter(({ alias }) => alias === 'both').map(({ alias, bots }) => [
      alias,
      { platforms: platformsOf(sandbox, bots.slice(0, 1)) },
    ]),
  ),
});
