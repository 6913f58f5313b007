import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Result } from '../../src/model.ts';
import { taskView } from '../../src/push/view.ts';
import { taskOf } from '../http/samples.ts';

const failed: Result = {
  platform: 'email',
  webhook: '运维邮箱',
  status: 'timeout',
  message: '超时',
  reason: 'unknown',
  attempts: 1,
  latency_ms: 5000,
  paused_until: 0,
  timestamp: Date.UTC(2025, 0, 4, 1, 30, 5, 999),
};
const sent: Result = {
  platform: 'feishu',
  webhook: '告警机器人',
  status: 'success',
  message: '消息发送成功',
  attempts: 1,
  latency_ms: 9,
  paused_until: 0,
  timestamp: 0,
};
const copy: Result = { ...sent, platform: 'system', webhook: 'console', counts: false };

const NOW = Date.UTC(2025, 0, 4, 1, 31);

describe('a task as people read it', () => {
  test('waiting: every key that has a value, and null for the outcome to come', () => {
    assert.deepEqual(taskView(taskOf({ status: 'pending' }), NOW), {
      task_id: 'task-1',
      status: 'pending',
      outcome: null,
      recipient: '运维告警组',
      strategy: 'failover',
      style: 'card',
      type: 'warning',
      title: '标题',
      created_at: '2025-01-04T01:30:00Z',
      updated_at: '2025-01-04T01:30:05Z',
      deadline: '2025-01-04T01:45:00Z',
      progress: { total: 2, success: 0, failed: 0, pending: 2 },
      results: [],
    });
  });

  test('in hand: what has been tried counts', () => {
    const view = taskView(taskOf({ results: [failed, { ...sent, status: 'processing' }] }), NOW);
    assert.deepEqual(view.progress, { total: 2, success: 0, failed: 1, pending: 1 });
    assert.equal(view.results[0]!.timestamp, '2025-01-04T01:30:05Z');
  });

  test('finished: results in plan order without holes, copies last and uncounted, nothing pending', () => {
    const view = taskView(
      taskOf({
        status: 'completed',
        outcome: 'success',
        completed_at: 0,
        platform: 'feishu',
        results: [undefined, sent, copy],
      }),
      NOW,
    );
    assert.deepEqual(view.progress, { total: 2, success: 1, failed: 0, pending: 0 });
    assert.deepEqual(
      view.results.map((result) => [result.platform, result.counts]),
      [
        ['feishu', undefined],
        ['system', false],
      ],
    );
    assert.equal(view.platform, 'feishu');
    assert.equal(view.completed_at, '1970-01-01T00:00:00Z');
  });

  test('without a plan there is nothing to count', () => {
    const view = taskView(
      taskOf({ plan: undefined, status: 'failed', outcome: 'failed', error: '没有启用的目标' }),
      NOW,
    );
    assert.deepEqual(view.progress, { total: 0, success: 0, failed: 0, pending: 0 });
    assert.equal(view.error, '没有启用的目标');
  });

  test('paused: until when, for as long as that is to come; a result that is final keeps it', () => {
    const waiting: Result = { ...sent, status: 'processing', message: '等待发送', paused_until: NOW + 1000 };
    const shown = (result: Result, now: number) => {
      const [view] = taskView(taskOf({ results: [result] }), now).results;
      return [view!.message, view!.paused_until];
    };
    assert.deepEqual(shown(waiting, NOW), ['通道限流，暂停至 2025-01-04T01:31:01Z', '2025-01-04T01:31:01Z']);
    assert.deepEqual(shown(waiting, NOW + 1000), ['等待发送', undefined]);
    const final: Result = { ...failed, paused_until: NOW + 1000 };
    assert.deepEqual(shown(final, NOW + 1000), ['超时', '2025-01-04T01:31:01Z']);
  });
});
