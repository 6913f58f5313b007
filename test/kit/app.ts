import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { type App, createApp } from '../../src/app.ts';
import { loadChannels } from '../../src/channel/registry.ts';
import { systemClock } from '../../src/clock.ts';
import { parseConfig } from '../../src/config.ts';
import { type Http, createHttp } from '../../src/delivery/http-client.ts';
import { type Sandbox, type SandboxOptions, createSandbox } from '../../src/sandbox/sandbox.ts';
import { type TestClock, createTestClock } from './clock.ts';

/** The answer of the API, and what is in its `data`, as far as tests read it. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: { readonly code: number; readonly message: string; readonly data: Data };
}

// oxlint-disable-next-line typescript/no-explicit-any -- answers are read field by field, and a wrong one fails there
export type Data = any;

export interface TestApp {
  readonly app: App;
  readonly url: string;
  readonly sandbox: Sandbox;
  readonly clock: TestClock;
  api(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Pushes; returns the answer's data. Fails unless it was accepted. */
  push(alias: string, more?: Record<string, unknown>): Promise<Data>;
  /** The task once it is terminal: time passes on the test clock until then. */
  finished(id: string): Promise<Data>;
  /** Pushes and waits for the end. */
  deliver(alias: string, more?: Record<string, unknown>): Promise<Data>;
  notices(): Promise<Data[]>;
  /** Everything that was written to disk: the log, and the notice files. */
  logs(): Promise<string>;
  noticeFiles(): string[];
  /** What the console sink printed. */
  printed(): string;
  /** Takes another configuration over, as a changed file would. */
  reload(yaml: string): void;
  stop(): Promise<void>;
}

/** Turns of the event loop after which a request that should have been answered counts as lost. */
const PATIENCE = 200_000;

/**
 * The whole server on free loopback ports, with the sandbox as its world. Both live on one test clock, so minutes of
 * rate limits pass in milliseconds; between two timers every request in flight is answered.
 * @param yaml configuration; `$S` stands for the sandbox's URL, `$M` for its SMTP port
 * @param real run on the machine's clock instead (for SMTP, whose timeouts are the library's own)
 */
export async function createTestApp(
  yaml: string,
  options: { sandbox?: SandboxOptions; real?: boolean; env?: Record<string, string> } = {},
): Promise<TestApp> {
  const folder = mkdtempSync(join(tmpdir(), 'pushserver-test-'));
  let sandbox: Sandbox | undefined;
  let open = 0;
  const settle = async () => {
    for (let turns = 0, quiet = 0; quiet < 8; turns++) {
      await turn();
      quiet = open <= sandbox!.held() ? quiet + 1 : 0;
      if (turns > PATIENCE) throw new Error(`${open} requests were never answered`);
    }
  };
  const clock = createTestClock(Date.UTC(2026, 0, 1), settle);
  sandbox = await createSandbox({ ...options.sandbox, ...(options.real ? {} : { clock }) });
  const world = sandbox;

  const channels = await loadChannels();
  const configOf = (text: string) =>
    parseConfig(
      `server: {port: 0}\nlog: {file_path: ${JSON.stringify(join(folder, 'log/app.log'))}, level: debug}\n${text
        .replaceAll('$S', world.url)
        .replaceAll('$M', String(world.smtp_port))}`,
      { file: join(folder, 'config.yaml'), env: options.env ?? {}, channels },
    );
  let printed = '';
  const terminal = new Writable({
    write(chunk, _encoding, done) {
      printed += String(chunk);
      done();
    },
  }) as unknown as NodeJS.WriteStream;
  const app = await createApp({
    config: configOf(yaml),
    channels,
    clock: options.real ? systemClock : clock,
    notifications: join(folder, 'notifications'),
    stdout: terminal,
    stderr: terminal,
    http: counted(createHttp(), (change) => (open += change)),
  });
  const { url } = await app.listen();
  let stopped: Promise<void> | undefined;

  const test: TestApp = {
    app,
    url,
    sandbox: world,
    clock,
    async api(method, path, body, headers = {}) {
      const reply = await fetch(url + path, {
        method,
        headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      return { status: reply.status, headers: reply.headers, body: (await reply.json()) as Answer['body'] };
    },
    async push(alias, more = {}) {
      const { title = '标题', msg = '内容', content = {}, ...rest } = more;
      const body = { recipient_alias: alias, content: { title, msg, ...(content as object) }, ...rest };
      const answer = await test.api('POST', '/api/v1/push', body);
      if (answer.status !== 200) throw new Error(`not accepted: ${JSON.stringify(answer.body)}`);
      return answer.body.data;
    },
    async finished(id) {
      if (options.real) return (await test.api('GET', `/api/v1/task/${id}?wait=30`)).body.data;
      const task = (await app.store.get(id))!;
      await clock.until(() => task.completed_at !== undefined);
      return (await test.api('GET', `/api/v1/task/${id}`)).body.data;
    },
    deliver: async (alias, more) => test.finished((await test.push(alias, more)).task_id),
    notices: async () => (await test.api('GET', '/api/v1/notifications?limit=1000')).body.data.notifications,
    async logs() {
      await app.alerts.idle();
      await app.log.flush();
      return ['log', 'notifications'].map((name) => contents(join(folder, name))).join('\n');
    },
    noticeFiles: () => list(join(folder, 'notifications')),
    printed: () => printed,
    reload: (text) => app.reload(configOf(text)),
    stop: () => (stopped ??= stop()),
  };

  async function stop(): Promise<void> {
    const { done, hurry } = app.stop();
    hurry();
    await done;
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  }
  after(() => test.stop());
  return test;
}

function counted(http: Http, change: (by: 1 | -1) => void): Http {
  return {
    ...http,
    async request(...args) {
      change(1);
      try {
        return await http.request(...args);
      } finally {
        change(-1);
      }
    },
  };
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function contents(folder: string): string {
  return list(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
}
