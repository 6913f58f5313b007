import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import type { Notice } from '../../src/model.ts';
import type { Departure, Leave, Store } from '../../src/store/store.ts';
import { createAlerts } from '../../src/system/alerts.ts';
import { createTestClock } from '../kit/clock.ts';
import { createRig } from '../kit/rig.ts';
import { newNotice, newTask } from '../store/kit.ts';

type Options = Parameters<typeof createRig>[0];
const BOUND = { timeout: 10_000 };
const ONE: Options = { recipients: { ops: { feishu: ['f1'] } } };

function durable(options: Options, begin: (departure: Departure) => Leave | Promise<Leave>, more: Partial<Store> = {}) {
  return createRig({
    ...options,
    store: (): Partial<Store> => ({
      durable: true,
      begin,
      async take() {
        return { tasks: [], more: false };
      },
      listen() {},
      ...more,
    }),
  });
}

test(
  'a member of a digest whose deadline passes while the departure is recorded is not sent after it was told as failed',
  BOUND,
  async () => {
    const { promise, resolve } = Promise.withResolvers<Leave>();
    const rig = durable({ ...ONE, rate: { per_second: 1 } }, ({ leaves }) => (leaves.length > 1 ? promise : 'go'));
    const tasks = await Promise.all(
      Array.from({ length: 9 }, (_, i) =>
        rig.push('ops', 'failover', { title: `title${i}`, ...(i === 3 && { expires_in: 10 }) }),
      ),
    );
    const short = tasks[3]!;
    await rig.finished(short);
    assert.equal(short.status, 'failed');
    assert.equal(rig.raised.length, 1);
    resolve('go');
    await rig.clock.advance(20_000);
    const text = rig.sent.map(({ message }) => message.title + message.body).join();
    assert.ok(!text.includes('title3'), 'sent, although its notice says that it was never sent');
  },
);

test('what other processes are told of a send is not earlier than the send', BOUND, async () => {
  const told: number[] = [];
  // The first commit takes 900 ms.
  const rig = durable(
    { ...ONE, rate: { per_second: 1 } },
    async ({ limits }): Promise<Leave> => {
      const now = rig.clock.now();
      told.push(limits[0]!.state(now).times.at(-1)! - now + rig.clock.monotonic());
      if (told.length === 1) await new Promise<void>((resolve) => void rig.clock.after(900, resolve));
      return 'go';
    },
    { shared: true, lead: 50 },
  );
  await rig.finished(await rig.push('ops', 'failover'));
  // Another process may use the window again 1000 ms after what it was told.
  assert.equal(rig.sent.length, 1);
  assert.ok(told.at(-1)! >= rig.sent[0]!.at, `told ${told.join()}, sent ${rig.sent[0]!.at}`);
});

test(
  'a lane whose account another process has used keeps no slot of its own for what did not leave',
  BOUND,
  async () => {
    let times = 0;
    const rig = durable(
      { ...ONE, rate: { per_minute: 4 }, account: { rate: { per_minute: 100 }, of: { f1: 'A' } } },
      ({ limits }) => {
        if (++times > 4) return 'go';
        const now = rig.clock.now();
        limits.find(({ key }) => key === 'A')!.adopt({ times: [now], paused_until: 0 }, now);
        return 'full';
      },
    );
    await rig.finished(await rig.push('ops', 'failover'));
    assert.ok(rig.sent[0]!.at < 10_000, `sent after ${rig.sent[0]!.at} ms, though nothing had left before`);
  },
);

test('a target that a reload has removed while the departure waited for the store is not sent to', BOUND, async () => {
  const { promise, resolve } = Promise.withResolvers<Leave>();
  const rig = durable({ recipients: { ops: { feishu: ['f1'], dingtalk: ['d1'] } } }, () => promise);
  const task = await rig.push('ops', 'failover');
  await rig.clock.advance(0);
  const recipient = rig.recipients.get('ops')!;
  rig.recipients.set('ops', {
    ...recipient,
    groups: recipient.groups.filter(({ platform }) => platform !== 'feishu'),
  });
  rig.delivery.reload();
  resolve('go');
  await rig.finished(task);
  assert.deepEqual(
    rig.sent.map(({ bot }) => bot),
    ['d1'],
  );
});

test('nor does that stop the event loop', BOUND, async () => {
  let asked = 0;
  let over = false;
  const rig = durable(ONE, () => {
    if (++asked > 50_000 || over) throw new Error('a hot loop');
    return 'lost';
  });
  const pushed = rig.push('ops', 'failover');
  setImmediate(() => (over = true));
  await pushed;
  await turn();
  assert.ok(asked < 50_000, 'no turn of the event loop in 50,000 rounds');
});

test('a notice whose sinks are still at it is not written to all of them again by the next audit', BOUND, async () => {
  const clock = createTestClock();
  const posted: string[] = [];
  let printed = '';
  const stored: Notice[] = [];
  const alerts = createAlerts({
    store: { now: () => 0, epoch: 1, addNotice: async () => {}, announced() {}, unannounced: async () => stored },
    events: { emit() {} },
    clock,
    settings: () => ({
      enabled: true,
      file_limit: 10,
      notifications: [
        { type: 'console', name: 'c' },
        { type: 'http', name: 'h', url: 'http://127.0.0.1/' },
      ],
    }),
    sinks: {
      stdout: { write: (text: string) => ((printed += text), true) },
      folder: '/nonexistent',
      syslog() {},
      post: (_url, body) => {
        posted.push(body);
        return new Promise(() => {});
      },
    },
    stderr() {},
  });
  const task = newTask({ clock });
  await alerts.raise(task, async (notice) => {
    stored.push(notice);
    return true;
  });
  // It waits in the line of an address that answers slowly: up to 1000 notices, ten at once, five seconds each.
  await alerts.resume(60_000);
  await turn();
  assert.equal(posted.length, 1);
  void printed;
  void newNotice;
});
