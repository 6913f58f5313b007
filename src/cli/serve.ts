import { type App, createApp } from '../app.ts';
import { systemClock } from '../clock.ts';
import { environment, loadConfig } from '../config.ts';
import { loadCatalogue } from '../config/channels.ts';
import { readText } from '../config/file.ts';
import { watchConfig } from '../config/watch.ts';
import { brokenLines } from './broken-lines.ts';
import { addressWords, CommandError, isAddressFault } from './fault.ts';
import { say } from './say.ts';
import { stoppedBySignal } from './stop.ts';

/**
 * Runs the server until a signal ends it.
 * @param file path of the configuration
 * @throws ConfigError when the configuration is invalid; CommandError when the address cannot be had
 */
export async function serve(file: string): Promise<void> {
  const { channels, broken } = await loadCatalogue(readText(file), { file, env: environment() });
  const load = () => loadConfig({ file, env: environment(), channels });
  const config = load();
  const app = await createApp({ config, channels, clock: systemClock });
  for (const { name, file: path, fault, remedy } of broken)
    app.log.error('channel_broken', { platform: name, file: path, error: fault.en, remedy: remedy.en });
  say(...brokenLines(broken));
  const url = await listen(app, file);
  guard(app);
  const watch = watchConfig({
    file,
    load,
    clock: systemClock,
    onChange: (next) => app.reload(next),
    onError: (error) => {
      app.events.emit('reloaded', {
        ok: false,
        message: `configuration kept as it was: ${app.redact(messageOf(error))}`,
      });
    },
  });
  process.on('SIGHUP', () => watch.reload());
  const stopped = stoppedBySignal(() => {
    say(`PushServer stops: no new pushes; up to ${config.server.shutdown_timeout} s for those in hand`);
    watch.close();
    return app.stop();
  });
  app.log.info('listening', { url });
  say(`PushServer listens on ${url}${url.startsWith('unix:') ? '' : ` (API at ${url}/docs)`}`);
  await stopped;
  say('PushServer has stopped');
  // Everything is written. What still holds the process, such as a mail server that says nothing, is not waited for.
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

/** Milliseconds after the stop in which the process should have ended by itself. */
const LINGER_MS = 1000;

async function listen(app: App, file: string): Promise<string> {
  try {
    return (await app.listen()).url;
  } catch (error) {
    // Nothing is in hand yet; what was opened must not keep the process alive.
    await app.stop().done;
    throw isAddressFault(error) ? new CommandError(addressWords(error, `server.port in ${file}`)) : error;
  }
}

/** An exception nobody caught is a bug: it is logged, and the server goes on with the pushes it has. */
function guard(app: App): void {
  process.on('uncaughtException', (error) => app.events.emit('crashed', { where: 'process', error }));
  process.on('unhandledRejection', (error) => app.events.emit('crashed', { where: 'process', error }));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
