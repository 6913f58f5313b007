import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { startHttp } from './kit.ts';
import { noticeOf } from './samples.ts';

const PATH = '/api/v1/notifications';

async function withThree(t: TestContext) {
  const rig = await startHttp(t);
  await rig.store.addNotice(noticeOf({ id: 'n1', type: 'info' }));
  await rig.store.addNotice(noticeOf({ id: 'n2', type: 'error' }));
  await rig.store.addNotice(noticeOf({ id: 'n3', type: 'error' }));
  await rig.store.markRead('n1');
  return rig;
}

describe('the list of notifications', () => {
  test('newest first, in the shape of the original API', async (t) => {
    const { ask } = await withThree(t);
    const { body } = await ask('GET', PATH);
    assert.equal(body.message, '获取系统通知成功');
    const { notifications, pagination } = body.data as { notifications: { id: string }[]; pagination: unknown };
    assert.deepEqual(
      notifications.map((one) => one.id),
      ['n3', 'n2', 'n1'],
    );
    assert.deepEqual(pagination, { total: 3, limit: 50, offset: 0, count: 3 });
    assert.deepEqual(notifications[0], {
      id: 'n3',
      title: '标题',
      message: '内容',
      type: 'error',
      strategy: 'all',
      style: 'text',
      source: 'PushServer-SystemNotification',
      task_id: 'task-1',
      reason: '所有推送目标均失败',
      created_at: '2025-08-04T09:07:48Z',
      status: 'unread',
    });
  });

  const pages: readonly [string, { total: number; limit: number; offset: number; count: number }][] = [
    ['?status=unread', { total: 2, limit: 50, offset: 0, count: 2 }],
    ['?status=read', { total: 1, limit: 50, offset: 0, count: 1 }],
    ['?status=all&limit=2&offset=1', { total: 3, limit: 2, offset: 1, count: 2 }],
    ['?status=&limit=&offset=', { total: 3, limit: 50, offset: 0, count: 3 }],
    ['?limit=1000', { total: 3, limit: 1000, offset: 0, count: 3 }],
    ['?limit=1001', { total: 3, limit: 50, offset: 0, count: 3 }],
    ['?limit=0', { total: 3, limit: 50, offset: 0, count: 3 }],
    ['?limit=-1', { total: 3, limit: 50, offset: 0, count: 3 }],
    ['?limit=2.5', { total: 3, limit: 50, offset: 0, count: 3 }],
    ['?limit=many&offset=none', { total: 3, limit: 50, offset: 0, count: 3 }],
    ['?offset=-5', { total: 3, limit: 50, offset: 0, count: 3 }],
    ['?offset=9', { total: 3, limit: 50, offset: 9, count: 0 }],
  ];
  for (const [query, expected] of pages) {
    test(query, async (t) => {
      const { ask } = await withThree(t);
      assert.deepEqual((await ask('GET', `${PATH}${query}`)).body.data['pagination'], expected);
    });
  }

  test('a status that is none is a fault', async (t) => {
    const { ask } = await withThree(t);
    const { status, body } = await ask('GET', `${PATH}?status=new`);
    assert.equal(status, 400);
    assert.equal(body.data['error'], 'status必须是 unread、read、all 之一');
  });
});

describe('one notification', () => {
  test('is shown, marked and deleted', async (t) => {
    const { ask } = await withThree(t);
    assert.equal((await ask('GET', `${PATH}/n2`)).body.data['status'], 'unread');
    const marked = await ask('PUT', `${PATH}/n2/read`);
    assert.deepEqual(marked.body, { code: 200, message: '通知已标记为已读', data: { notification_id: 'n2' } });
    assert.equal((await ask('GET', `${PATH}/n2`)).body.data['status'], 'read');
    const removed = await ask('DELETE', `${PATH}/n2`);
    assert.deepEqual(removed.body, { code: 200, message: '通知已删除', data: { notification_id: 'n2' } });
    assert.equal((await ask('GET', `${PATH}/n2`)).status, 404);
  });

  for (const [method, path] of [
    ['GET', `${PATH}/none`],
    ['PUT', `${PATH}/none/read`],
    ['DELETE', `${PATH}/none`],
  ] as const) {
    test(`${method} of an unknown one`, async (t) => {
      const { ask } = await withThree(t);
      const { status, body } = await ask(method, path);
      assert.equal(status, 404);
      assert.deepEqual(body, { code: 404, message: '通知不存在', data: { notification_id: 'none' } });
    });
  }
});

describe('all notifications', () => {
  test('read-all counts those that were unread', async (t) => {
    const { ask } = await withThree(t);
    assert.equal((await ask('PUT', `${PATH}/read-all`)).body.data['marked_count'], 2);
    assert.equal((await ask('PUT', `${PATH}/read-all`)).body.data['marked_count'], 0);
  });

  test('clear counts all', async (t) => {
    const { ask } = await withThree(t);
    assert.equal((await ask('DELETE', PATH)).body.data['cleared_count'], 3);
    assert.deepEqual((await ask('GET', PATH)).body.data['notifications'], []);
  });

  test('statistics', async (t) => {
    const { ask } = await withThree(t);
    const { body } = await ask('GET', `${PATH}/statistics`);
    assert.equal(body.message, '获取通知统计成功');
    const { total, unread, read, by_type } = body.data['statistics'] as Record<string, unknown>;
    assert.deepEqual({ total, unread, read }, { total: 3, unread: 2, read: 1 });
    assert.equal((by_type as Record<string, number>)['error'], 2);
    assert.equal((by_type as Record<string, number>)['info'], 1);
  });
});
