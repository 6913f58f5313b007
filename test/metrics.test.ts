import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createEmitter, type Events } from '../src/events.ts';
import { createMetrics, type MetricStats } from '../src/metrics.ts';
import type { Notice, Outcome, Task } from '../src/model.ts';

const task = {} as Task;
const FAILED: Outcome = { ok: false, kind: 'unauthorized', message: '签名校验失败', code: '19021' };

function attempt(outcome: Outcome, ms = 20): Events['attempted'] {
  return {
    tasks: ['t'],
    alias: 'ops',
    platform: 'feishu',
    target: 'a',
    outcome,
    timed_out: false,
    ms,
    part: 1,
    parts: 1,
  };
}

function setUp(stats: Partial<MetricStats> = {}) {
  const events = createEmitter();
  const now = { queue_depth: 0, unaccounted: 0, lanes: [], ...stats };
  const metrics = createMetrics({ stats: () => now });
  metrics.listen(events);
  const lines = async () => (await metrics.render()).split('\n').filter((line) => line.startsWith('pushserver_'));
  return { events, metrics, lines };
}

describe('metrics', () => {
  test('every name of the documentation is on the page', async () => {
    const page = await setUp().metrics.render();
    for (const name of [
      'pushes_total',
      'attempts_total',
      'attempt_duration_seconds',
      'delivery_latency_seconds',
      'queue_depth',
      'lane_backlog',
      'lane_paused',
      'digested_total',
      'notices_total',
      'unaccounted_tasks',
    ]) {
      assert.match(page, new RegExp(`^# TYPE pushserver_${name} `, 'm'));
    }
    assert.match(page, /^process_resident_memory_bytes \d/m);
    assert.match(page, /^nodejs_eventloop_lag_p99_seconds /m);
  });

  test('pushes by outcome', async () => {
    const { events, lines } = setUp();
    events.emit('accepted', { task });
    events.emit('accepted', { task });
    for (const outcome of ['invalid', 'unknown_recipient', 'busy', 'replayed', 'conflict'] as const) {
      events.emit('rejected', { outcome });
    }
    const page = await lines();
    assert.ok(page.includes('pushserver_pushes_total{outcome="accepted"} 2'));
    assert.ok(page.includes('pushserver_pushes_total{outcome="unknown_recipient"} 1'));
    assert.ok(page.includes('pushserver_pushes_total{outcome="conflict"} 1'));
  });

  test('attempts by platform and reason, with their duration in seconds', async () => {
    const { events, lines } = setUp();
    events.emit('attempted', attempt({ ok: true }));
    events.emit('attempted', attempt({ ok: true }));
    events.emit('attempted', attempt(FAILED));
    const page = await lines();
    assert.ok(page.includes('pushserver_attempts_total{platform="feishu",reason="ok"} 2'));
    assert.ok(page.includes('pushserver_attempts_total{platform="feishu",reason="unauthorized"} 1'));
    assert.ok(page.includes('pushserver_attempt_duration_seconds_bucket{le="0.025",platform="feishu"} 3'));
    assert.ok(page.includes('pushserver_attempt_duration_seconds_sum{platform="feishu"} 0.06'));
  });

  test('a time-out keeps its kind', async () => {
    const { events, lines } = setUp();
    events.emit('attempted', { ...attempt({ ok: false, kind: 'unknown', message: '' }), timed_out: true });
    assert.ok((await lines()).includes('pushserver_attempts_total{platform="feishu",reason="unknown"} 1'));
  });

  test('latency, digests and notices', async () => {
    const { events, lines } = setUp();
    events.emit('delivered', { platform: 'email', ms: 1500 });
    events.emit('folded', { platform: 'wechat', target: 'ops/a', count: 7, digest_id: 'd' });
    events.emit('noticed', { notice: {} as Notice });
    const page = await lines();
    assert.ok(page.includes('pushserver_delivery_latency_seconds_sum{platform="email"} 1.5'));
    assert.ok(page.includes('pushserver_digested_total 7'));
    assert.ok(page.includes('pushserver_notices_total 1'));
  });

  test('what the audit found is unaccounted', async () => {
    const { lines } = setUp({ unaccounted: 1 });
    assert.ok((await lines()).includes('pushserver_unaccounted_tasks 1'));
  });

  test('gauges show the moment they are asked', async () => {
    const stats = {
      queue_depth: 4,
      unaccounted: 0,
      lanes: [{ platform: 'feishu', target: 'ops/a"b', backlog: 3, paused: true }],
    };
    const metrics = createMetrics({ stats: () => stats });
    const page = await metrics.render();
    assert.match(page, /^pushserver_queue_depth 4$/m);
    assert.match(page, /^pushserver_lane_backlog\{platform="feishu",target="ops\/a\\"b"\} 3$/m);
    assert.match(page, /^pushserver_lane_paused\{platform="feishu",target="ops\/a\\"b"\} 1$/m);
    stats.lanes = [];
    assert.doesNotMatch(await metrics.render(), /lane_backlog\{/);
    assert.match(metrics.contentType, /^text\/plain/);
  });

  test('thousands of lanes: the busiest one by one, the rest in one line', async () => {
    const lanes = Array.from({ length: 1500 }, (_, i) => ({
      platform: 'feishu',
      target: `ops/${i}`,
      backlog: i,
      paused: false,
    }));
    const page = (await setUp({ lanes }).lines()).filter((line) => line.startsWith('pushserver_lane_backlog'));
    assert.equal(page.length, 1001);
    assert.ok(page.includes('pushserver_lane_backlog{platform="feishu",target="ops/1499"} 1499'));
    assert.ok(page.includes(`pushserver_lane_backlog{platform="feishu",target="others"} ${(499 * 500) / 2}`));
  });

  test('two services in one process do not share their numbers', async () => {
    const a = setUp();
    const b = setUp();
    a.events.emit('accepted', { task });
    assert.ok((await a.lines()).includes('pushserver_pushes_total{outcome="accepted"} 1'));
    assert.equal(
      (await b.lines()).some((line) => line.startsWith('pushserver_pushes_total{')),
      false,
    );
  });
});
