/**
 * The server as `pushserver serve` builds it, with a way to die, or to stand still, at a named point (see point.ts) and ears for orders from
 * the process that started it: `full` and `free` for the disk, `jump MS` for the wall clock.
 */
import { fileURLToPath } from 'node:url';
import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';
import { type App, createApp } from '../../src/app.ts';
import { loadChannels } from '../../src/channel/registry.ts';
import { stoppedBySignal } from '../../src/cli/stop.ts';
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config.ts';
import { type Http, createHttp } from '../../src/delivery/http-client.ts';
import { POINT_VARIABLE, type Point, type PointName } from './point.ts';

const file = process.argv[2]!;
const point = JSON.parse(process.env[POINT_VARIABLE] ?? 'null') as Point | null;
let left = point?.nth ?? 0;
let shift = 0;
const disk = new BroadcastChannel('disk');
disk.unref();

lendDisk();
const channels = await loadChannels();
const config = loadConfig({ file, env: {}, channels });
const app = await createApp({
  config,
  channels,
  clock: { ...systemClock, now: () => Date.now() + shift },
  http: mortal(createHttp()),
});
watch(app);
const { url } = await app.listen();
const stopped = stoppedBySignal(() => app.stop());
process.on('message', (order: string) => {
  const [word, value] = order.split(' ');
  if (word === 'jump') shift += Number(value);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- no window
  else disk.postMessage(word);
  process.send!(order);
});
// It must not outlive who started it.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.stdout.write(`PushServer listens on ${url} \n`);
await stopped;
process.exit();

/** Passes a point, or dies there, or stands still there until it is told to go on. */
function pass(name: PointName): void {
  if (point?.at !== name || --left !== 0) return;
  process.kill(process.pid, point.frozen ? 'SIGSTOP' : 'SIGKILL');
}

function mortal(http: Http): Http {
  return {
    ...http,
    async request(request, ...rest) {
      const counts = point?.match === undefined || (request.body ?? '').includes(point.match);
      if (counts) pass('leaving');
      const reply = await http.request(request, ...rest);
      if (counts) pass('answered');
      return reply;
    },
  };
}

function watch({ store, events }: App): void {
  const insert = store.insert.bind(store);
  const begin = store.begin.bind(store);
  const finish = store.finish.bind(store);
  Object.assign(store, {
    insert: (...args: Parameters<typeof insert>) => {
      pass('storing');
      const inserted = insert(...args);
      setImmediate(() => pass('committing'));
      return inserted;
    },
    begin: (departure: Parameters<typeof begin>[0]) => {
      pass('departing');
      return begin(departure);
    },
    finish: async (...[task, notice]: Parameters<typeof finish>) => {
      pass('finishing');
      await finish(task, notice);
      if (notice) pass('noticed');
    },
  });
  events.on('accepted', () => pass('accepted'));
}

/** Has the thread of the SQLite file begin in disk.ts, which can fill the disk. */
function lendDisk(): void {
  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor(script: string | URL, options: threads.WorkerOptions) {
      const isStore = String(script).endsWith('/sqlite/worker.ts');
      super(isStore ? fileURLToPath(new URL('disk.ts', import.meta.url)) : script, options);
    }
  };
  syncBuiltinESMExports();
}
