import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Events, createEmitter } from '../../src/events.ts';
import { createAuditor } from '../../src/push/audit.ts';
import type { Audit } from '../../src/store/store.ts';
import { createTestClock } from '../kit/clock.ts';

/** An auditor of a store that says what it is told to. */
function auditing(found: () => Promise<Partial<Audit>>, { heartbeat = true, broken = false } = {}) {
  const clock = createTestClock();
  const events = createEmitter();
  const done: string[] = [];
  const audited: Events['audited'][] = [];
  const crashed: Events['crashed'][] = [];
  events.on('audited', (event) => audited.push(event));
  events.on('crashed', (event) => crashed.push(event));
  const auditor = createAuditor({
    clock,
    events,
    store: {
      audit: async (held) => {
        done.push(`audit ${held.join()}`);
        return { unowned: [], overdue: [], ...(await found()) };
      },
      recover: async (id) => void done.push(`recover ${id}`),
    },
    service: {
      held: () => ['mine'],
      fail: async (id, reason) => void done.push(`fail ${id}: ${reason}`),
    },
    heartbeat: () =>
      heartbeat
        ? async () => {
            if (broken) throw new Error('the switch answered 500');
            done.push('heartbeat');
          }
        : undefined,
  });
  return { clock, auditor, done, audited, crashed };
}

test('the books balance: the dead man’s switch hears of it', async () => {
  const { auditor, done, audited } = auditing(async () => ({}));
  await auditor.run();
  assert.deepEqual(done, ['audit mine', 'heartbeat']);
  assert.deepEqual(audited, [{ unaccounted: 0, overdue: 0 }]);
  assert.equal(auditor.unaccounted, 0);
});

test('without a switch nothing is called', async () => {
  const { auditor, done } = auditing(async () => ({}), { heartbeat: false });
  await auditor.run();
  assert.deepEqual(done, ['audit mine']);
});

test('a task of nobody’s is taken up again, three times at most, and then failed; the switch hears nothing', async () => {
  const { auditor, done } = auditing(async () => ({
    unowned: [
      { id: 'a', taken_up: 0 },
      { id: 'b', taken_up: 2 },
      { id: 'c', taken_up: 3 },
    ],
  }));
  await auditor.run();
  assert.deepEqual(done.slice(0, 3), ['audit mine', 'recover a', 'recover b']);
  assert.match(done[3]!, /^fail c: 任务无人处理，已重新接管 3 次/);
  assert.equal(done.length, 4);
  assert.equal(auditor.unaccounted, 3);
});

test('a task long past its deadline is ended, once, whoever has it; the switch hears nothing', async () => {
  const { auditor, done } = auditing(async () => ({ unowned: [{ id: 'a', taken_up: 0 }], overdue: ['a', 'b'] }));
  await auditor.run();
  assert.deepEqual(
    done.map((line) => line.replace(/:.*/, '')),
    ['audit mine', 'fail a', 'fail b'],
  );
});

test('what was found is told for three minutes: another process may have looked since', async () => {
  const { auditor, clock } = auditing(async () => ({ unowned: [{ id: 'a', taken_up: 0 }] }));
  await auditor.run();
  await clock.advance(179_000);
  assert.equal(auditor.unaccounted, 1);
  await clock.advance(2000);
  assert.equal(auditor.unaccounted, 0);
});

test('a store that does not answer, or a switch that does not, ends no audit for good', async () => {
  const down = auditing(() => Promise.reject(new Error('down')));
  await down.auditor.run();
  assert.deepEqual(down.done, ['audit mine'], 'nobody knows whether the books balance');
  assert.equal(down.crashed.length, 1);
  const broken = auditing(async () => ({}), { broken: true });
  await broken.auditor.run();
  assert.match(String(broken.crashed[0]!.error), /answered 500/);
});
