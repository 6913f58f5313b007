/** The server under test, in a process of its own: what `serve` runs, with somebody to ask it for its memory. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createApp } from '../../src/app.ts';
import { loadChannels } from '../../src/channel/registry.ts';
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config.ts';
import { answer } from './answer.ts';

const [file = '', notifications = ''] = process.argv.slice(2);
const channels = await loadChannels();
const app = await createApp({
  config: loadConfig({ file, env: {}, channels }),
  channels,
  clock: systemClock,
  notifications,
});
app.events.on('crashed', ({ where, error }) => process.stderr.write(`crashed in ${where}: ${String(error)}\n`));

/** Milliseconds between two looks at the clock; the time between two of them is that and the delay. */
const RESOLUTION = 1;
const delays = monitorEventLoopDelay({ resolution: RESOLUTION });

answer({
  listen: () => app.listen(),
  in_hand: () => app.service.stats().in_hand,
  watch: () => {
    delays.reset();
    delays.enable();
  },
  /** Milliseconds by which the event loop was late, since `watch`, by the percentages asked for. */
  delays: (percentages: readonly number[]) => {
    delays.disable();
    return percentages.map((percentage) => delays.percentile(percentage) / 1e6 - RESOLUTION);
  },
});
