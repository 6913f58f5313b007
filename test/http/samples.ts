import type { Notice, Task } from '../../src/model.ts';

export const VALID = { recipient_alias: 'ops_alert', content: { title: '标题', msg: '内容' } };

export function taskOf(change: Partial<Task> = {}): Task {
  return {
    id: 'task-1',
    alias: 'ops_alert',
    recipient: '运维告警组',
    strategy: 'failover',
    message: { title: '标题', body: '内容', level: 'warning', style: 'card', format: 'text' },
    priority: 5,
    plan: {
      op: 'first',
      branches: [
        { op: 'send', leaf: 0, platform: 'email', target: '运维邮箱' },
        { op: 'send', leaf: 1, platform: 'feishu', target: '告警机器人' },
      ],
    },
    copies: [],
    line: 'ops_alert/feishu/feishu#1',
    created_at: Date.UTC(2025, 0, 4, 1, 30),
    deadline: Date.UTC(2025, 0, 4, 1, 45),
    updated_at: Date.UTC(2025, 0, 4, 1, 30, 5, 678),
    status: 'processing',
    results: [],
    ...change,
  };
}

export function noticeOf(change: Partial<Notice> = {}): Notice {
  return {
    id: 'notify_20250804090748_000001',
    title: '标题',
    message: '内容',
    type: 'error',
    strategy: 'all',
    style: 'text',
    source: 'PushServer-SystemNotification',
    task_id: 'task-1',
    reason: '所有推送目标均失败',
    created_at: Date.UTC(2025, 7, 4, 9, 7, 48),
    status: 'unread',
    ...change,
  };
}
