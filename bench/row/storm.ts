import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../../src/app.ts';
import { loadChannels } from '../../src/channel/registry.ts';
import { parseConfig } from '../../src/config.ts';
import type { Http } from '../../src/delivery/http-client.ts';
import { type TestClock, createTestClock } from '../../test/kit/clock.ts';
import { TITLE, TITLE_DIGITS, bodyOf } from '../push-body.ts';
import type { Row } from '../row.ts';

const PUSHES = 2000;
const SPAN_MS = 10_000;
const PER_MINUTE = 20;

/** What a strict platform saw. */
interface Seen {
  requests: number;
  throttled: number;
  /** The numbers in the titles of each message that it took. */
  readonly messages: number[][];
}

/** Faults, of which there must be none: throttle answers, an alarm that is not the next out, pushes lost or doubled. */
export const storm: Row = {
  name: 'storm',
  measure: 'storm: 2,000 pushes in 10 s at 20 a minute, faults',
  bar: { most: 0 },
  aim: { most: 0 },
  judged: 'ours',
  write: (value) => value.toFixed(0),
  // The clock is simulated: every run is the same.
  async run({ tell }) {
    const told = await weather();
    tell(JSON.stringify(told));
    const faults = told.throttled + (told.error_is_next ? 0 : 1) + Math.abs(PUSHES + 1 - told.accounted) + told.doubled;
    return { ours: faults, runs: { floor: [], ours: [faults] }, details: told };
  },
};

async function weather() {
  const folder = mkdtempSync(join(tmpdir(), 'pushserver-bench-'));
  const clock = createTestClock();
  const seen: Seen = { requests: 0, throttled: 0, messages: [] };
  const channels = await loadChannels();
  const config = parseConfig(CONFIG(folder), { file: 'storm.yaml', env: {}, channels });
  const quiet = { write: () => true };
  const app = await createApp({
    config,
    channels,
    clock,
    notifications: join(folder, 'notifications'),
    stdout: quiet,
    stderr: quiet,
    http: platform(clock, seen),
  });
  try {
    const ids: string[] = [];
    const push = async (number: number, type: string) => {
      const reply = await app.service.push(JSON.parse(bodyOf('bench', number, type)), '');
      if (reply.kind !== 'accepted') throw new Error(`push ${number} was answered '${reply.kind}'`);
      ids.push(reply.answer.task_id);
    };
    for (let number = 0; number < PUSHES; number++) {
      await push(number, 'info');
      await clock.advance(SPAN_MS / PUSHES);
    }
    const before = seen.messages.length;
    await push(PUSHES, 'error');
    const minute = clock.elapsed;
    await clock.until(() => seen.messages.length > before, 120_000);
    const next = seen.messages[before]!;
    const error_after_ms = clock.elapsed - minute;
    await clock.until(() => app.service.stats().in_hand === 0, config.queue.deadline * 1000 + 60_000);
    const tasks = await Promise.all(ids.map((id) => app.store.get(id)));
    const delivered = seen.messages.flat();
    const different = new Set(delivered);
    return {
      requests: seen.requests,
      throttled: seen.throttled,
      error_is_next: next.length === 1 && next[0] === PUSHES,
      error_after_ms,
      accounted: tasks.filter((task, i) => task?.status === 'completed' && different.has(i)).length,
      doubled: delivered.length - different.size,
      simulated_seconds: Math.round(clock.elapsed / 1000),
    };
  } finally {
    await app.log.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A WeCom bot: 20 requests within any 60 s; what is beyond is refused with the platform's code and not shown. */
function platform(clock: Pick<TestClock, 'monotonic'>, seen: Seen): Http {
  const passed: number[] = [];
  return {
    async request({ body = '' }) {
      const now = clock.monotonic();
      seen.requests++;
      const oldest = passed.at(-PER_MINUTE);
      if (oldest !== undefined && oldest > now - 60_000) {
        seen.throttled++;
        return { status: 200, headers: {}, body: '{"errcode":45009,"errmsg":"reach max api daily quota limit"}' };
      }
      passed.push(now);
      seen.messages.push([...body.matchAll(NUMBER)].map(([, number]) => Number(number)));
      return { status: 200, headers: {}, body: '{"errcode":0,"errmsg":"ok"}' };
    },
    close: () => Promise.resolve(),
  };
}

const NUMBER = new RegExp(`${TITLE}(\\d{${TITLE_DIGITS}})`, 'g');

const CONFIG = (folder: string) => `
log: {file_path: ${JSON.stringify(`${folder}/app.log`)}}
recipients:
  bench:
    platforms:
      wechat:
        webhooks:
          - {url: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=bench", rate_limit: {per_minute: ${PER_MINUTE}}}
`;
