import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ChannelIo, FailureError } from '../../src/channel/channel.ts';
import { createHttp } from '../../src/delivery/http-client.ts';
import type { Failure } from '../../src/model.ts';
import { OK, type Reply, createRig, fail, told } from '../kit/rig.ts';

const ONE = { ops: { feishu: ['f1'] } };

/** From a driver in plain JavaScript. */
const BAD = { ok: false, kind: 'invalid' } as Partial<Failure> as Failure;

test('an attempt is told of once, however it ends and whatever comes after that', async () => {
  const rig = createRig({ recipients: ONE, settings: { retry: { attempts: 1 } } });
  const after = (ms: number, reply: Reply) =>
    new Promise<Awaited<Reply>>((resolve) => rig.clock.after(ms, () => resolve(reply)));
  const scripts: [(io: ChannelIo) => Reply, string][] = [
    [() => OK, 'ok'],
    [() => Promise.reject(new Error('bug')), 'unknown'],
    [() => after(12_000, OK), 'unknown, timed out'],
    [() => after(12_000, fail('invalid')), 'unknown, timed out'],
    [() => new Promise(() => {}), 'unknown, timed out'],
    [(io) => (io.accepted({ ok: true }), after(12_000, fail('unavailable'))), 'ok'],
    [(io) => (io.sent?.(false), after(12_000, OK)), 'unavailable, timed out'],
    [(io) => (rig.clock.after(11_000, () => io.accepted({ ok: true })), after(12_000, OK)), 'unknown, timed out'],
  ];
  rig.script('f1', (n, io) => scripts[n - 1]![0](io));
  const ends: string[] = [];
  rig.events.on('attempted', ({ outcome, timed_out }) => {
    ends.push(`${outcome.ok ? 'ok' : outcome.kind}${timed_out ? ', timed out' : ''}`);
  });
  for (const _ of scripts) {
    await rig.push('ops', 'all');
    await rig.clock.advance(60_000);
  }
  assert.deepEqual(
    ends,
    scripts.map(([, end]) => end),
  );
});

test('what a driver throws in the place of a failure, and is none, is a bug of the driver: the attempt ends at once', async () => {
  const rig = createRig({ recipients: ONE });
  const crashed: string[] = [];
  rig.events.on('crashed', ({ where }) => crashed.push(where));
  rig.script('f1', () => Promise.reject(new FailureError(BAD)));
  const task = await rig.push('ops', 'all');
  await rig.clock.advance(0);
  assert.deepEqual(told(task), ['f1 failed unknown']);
  assert.deepEqual(crashed, ['driver feishu']);
});

test('what a driver throws while it renders is cleaned like an answer, and ends the message in any case', async () => {
  for (const [thrown, expected] of [
    [fail('invalid', { message: 'no such person: 13812345678' }), 'no such person: 138******78'],
    [BAD, '服务器内部错误'],
  ] as const) {
    const max = (): never => {
      throw new FailureError(thrown);
    };
    const size = Object.defineProperty({ of: 'text', max: 1, unit: 'chars' as const }, 'max', { get: max });
    const rig = createRig({ recipients: ONE, limits: { size: [size] } });
    const task = await rig.push('ops', 'all');
    await rig.clock.advance(0);
    assert.equal(task.results[0]!.message, expected);
  }
});

test('an address that is none is for the operator to mend, with and without a network of its own', async (t) => {
  const http = createHttp();
  t.after(() => http.close());
  const rig = createRig({ recipients: ONE, http });
  rig.script('f1', async (_n, io) => (await io.http({ method: 'GET', url: 'https://' }), OK));
  const crashed: string[] = [];
  rig.events.on('crashed', ({ where }) => crashed.push(where));
  const ending = async () => {
    const task = await rig.push('ops', 'all');
    await rig.finished(task);
    const { reason, code } = task.results[0]!;
    return [reason, code];
  };
  assert.deepEqual(await ending(), ['invalid', 'INVALID_URL']);
  Object.assign(rig.recipients.get('ops')!.groups[0]!.targets[0]!, { network: { tls: { insecure: true } } });
  assert.deepEqual(await ending(), ['invalid', 'INVALID_URL']);
  assert.deepEqual(crashed, []);
});
