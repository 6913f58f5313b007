import { type App, createApp } from '../app.ts';
import { loadChannels } from '../channel/registry.ts';
import { systemClock } from '../clock.ts';
import { environment, loadConfig } from '../config.ts';
import { watchConfig } from '../config/watch.ts';

/** Milliseconds in which a second signal is taken for the first one forwarded twice (npm does that). */
const SAME_SIGNAL_MS = 2000;

/**
 * Runs the server until a signal ends it.
 * @param file path of the configuration
 * @throws ConfigError when the configuration is invalid; the system's error when the address cannot be had
 */
export async function serve(file: string): Promise<void> {
  const channels = await loadChannels();
  const load = () => loadConfig({ file, env: environment(), channels });
  const app = createApp({ config: load(), channels, clock: systemClock });
  const watch = watchConfig({
    file,
    load,
    clock: systemClock,
    onChange: (config) => app.reload(config),
    onError: (error) => {
      app.events.emit('reloaded', {
        ok: false,
        message: `configuration kept as it was: ${app.redact(messageOf(error))}`,
      });
    },
  });
  process.on('SIGHUP', () => watch.reload());
  guard(app);
  const { url } = await app.listen();
  app.log.info('listening', { url });
  process.stdout.write(`PushServer listens on ${url} (API at ${url}/docs)\n`);
  await stopped(app);
  watch.close();
}

/** An exception nobody caught is a bug: it is logged, and the server goes on with the pushes it has. */
function guard(app: App): void {
  process.on('uncaughtException', (error) => app.events.emit('crashed', { where: 'process', error }));
  process.on('unhandledRejection', (error) => app.events.emit('crashed', { where: 'process', error }));
}

/** Resolves when a signal has come and everything in hand has ended. */
function stopped(app: App): Promise<void> {
  return new Promise((resolve) => {
    let first = 0;
    let hurry = () => {};
    const onSignal = () => {
      if (first === 0) {
        first = performance.now();
        const stop = app.stop();
        hurry = () => stop.hurry();
        void stop.done.then(resolve);
      } else if (performance.now() - first > SAME_SIGNAL_MS) {
        hurry();
      }
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
