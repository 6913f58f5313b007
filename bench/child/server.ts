/** The server under test, in a process of its own: what `serve` runs, with somebody to ask it for its memory. */
import { createApp } from '../../src/app.ts';
import { loadChannels } from '../../src/channel/registry.ts';
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config.ts';
import { answer } from './answer.ts';

const [file = '', notifications = ''] = process.argv.slice(2);
const channels = await loadChannels();
const app = await createApp({ config: loadConfig({ file, env: {}, channels }), channels, clock: systemClock, notifications });
app.events.on('crashed', ({ where, error }) => process.stderr.write(`crashed in ${where}: ${String(error)}\n`));

answer({
  listen: () => app.listen(),
  in_hand: () => app.service.stats().in_hand,
});
