import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createTestClock } from '../kit/clock.ts';
import { startHttp } from './kit.ts';
import { taskOf } from './samples.ts';

const TASK = '/api/v1/task/task-1';

describe('GET /api/v1/task/:task_id', () => {
  test('a task', async (t) => {
    const { ask, store } = await startHttp(t);
    await store.insert(taskOf());
    const { status, body } = await ask('GET', TASK);
    assert.equal(status, 200);
    assert.equal(body.message, '任务查询成功');
    assert.equal(body.data['task_id'], 'task-1');
  });

  for (const id of ['invalid-task-id', '__proto__', '%E4%BB%BB', '%00', '%']) {
    test(`unknown: ${id}`, async (t) => {
      const { ask } = await startHttp(t);
      const { status, body } = await ask('GET', `/api/v1/task/${id}`);
      assert.equal(status, 404);
      const task_id = id === '%' ? '%' : decodeURIComponent(id);
      assert.deepEqual(body, { code: 404, message: '任务不存在', data: { task_id } });
    });
  }

  test('HEAD is GET without the body', async (t) => {
    const { ask, store } = await startHttp(t);
    await store.insert(taskOf());
    const whole = await ask('GET', TASK);
    const head = await ask('HEAD', TASK);
    assert.equal(head.status, 200);
    assert.equal(head.text, '');
    assert.equal(head.headers['content-length'], whole.headers['content-length']);
  });

  for (const [query, ms] of [
    ['', 0],
    ['?wait=', 0],
    ['?wait=0', 0],
    ['?wait=0.5', 500],
    ['?wait=20', 20_000],
    ['?wait=30', 30_000],
    ['?wait=1e9', 30_000],
    ['?wait=2&wait=9', 2_000],
  ] as const) {
    test(`waits ${ms} ms for ${query || 'nothing'}`, async (t) => {
      const asked: [string, number][] = [];
      const wait = async (id: string, most: number) => (asked.push([id, most]), taskOf());
      const { ask } = await startHttp(t, { service: { wait } });
      assert.equal((await ask('GET', `${TASK}${query}`)).status, 200);
      assert.deepEqual(asked, [['task-1', ms]]);
    });
  }

  for (const wait of ['-1', 'soon', 'Infinity', 'NaN']) {
    test(`wait=${wait} is a fault`, async (t) => {
      const { ask } = await startHttp(t);
      const { status, body } = await ask('GET', `${TASK}?wait=${wait}`);
      assert.equal(status, 400);
      assert.match(String(body.data['error']), /^wait/);
    });
  }

  test('a wait in flight is answered when the server closes', async (t) => {
    let began = () => {};
    const begun = new Promise<void>((resolve) => (began = resolve));
    const wait = (_id: string, ms: number) =>
      ms === 0 ? Promise.resolve(taskOf()) : (began(), new Promise<never>(() => {}));
    const { ask, http } = await startHttp(t, { service: { wait } });
    const answer = ask('GET', `${TASK}?wait=30`);
    await begun;
    await http.close();
    const { status, body, headers } = await answer;
    assert.equal(status, 200);
    assert.equal(body.data['status'], 'processing');
    assert.equal(headers['connection'], 'close');
  });
});

describe('GET /api/v1/tasks', () => {
  async function three(t: Parameters<typeof startHttp>[0]) {
    const rig = await startHttp(t, { clock: createTestClock() });
    await rig.store.insert(taskOf({ id: 'task-1' }));
    await rig.store.insert(taskOf({ id: 'task-2', alias: 'other', status: 'completed' }));
    await rig.store.insert(taskOf({ id: 'task-3', platform: 'dingtalk', status: 'failed' }));
    const ids = async (query: string) => {
      const { status, body } = await rig.ask('GET', `/api/v1/tasks${query}`);
      assert.equal(status, 200);
      const data = body.data as { tasks: { task_id: string }[]; next_cursor: string | null };
      return [data.tasks.map((task) => task.task_id), data.next_cursor];
    };
    return { ...rig, ids };
  }

  test('newest first, page by page', async (t) => {
    const { ids } = await three(t);
    assert.deepEqual(await ids(''), [['task-3', 'task-2', 'task-1'], null]);
    assert.deepEqual(await ids('?limit=2'), [['task-3', 'task-2'], 'task-2']);
    assert.deepEqual(await ids('?limit=2&cursor=task-2'), [['task-1'], null]);
  });

  test('filtered', async (t) => {
    const { ids } = await three(t);
    assert.deepEqual(await ids('?status=completed'), [['task-2'], null]);
    assert.deepEqual(await ids('?status=&recipient=ops_alert'), [['task-3', 'task-1'], null]);
    assert.deepEqual(await ids('?platform=dingtalk'), [['task-3'], null], 'pushed to it by name');
    assert.deepEqual(await ids('?platform=feishu&recipient=other'), [['task-2'], null], 'named in its plan');
  });

  test('a status that is none is a fault', async (t) => {
    const { ask } = await three(t);
    const { status, body } = await ask('GET', '/api/v1/tasks?status=done');
    assert.equal(status, 400);
    assert.equal(body.data['error'], 'status必须是 pending、processing、completed、failed 之一');
  });
});
