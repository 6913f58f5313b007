import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PushReply } from '../../src/push/reply.ts';
import { startHttp } from './kit.ts';
import { VALID } from './samples.ts';

const PUSH = '/api/v1/push';

describe('POST /api/v1/push', () => {
  test('accepted', async (t) => {
    const { ask, pushed } = await startHttp(t);
    const { status, body, headers } = await ask('POST', PUSH, { body: { ...VALID, foo: 1 } });
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'application/json; charset=utf-8');
    assert.equal(headers['cache-control'], 'no-store');
    assert.deepEqual(body, {
      code: 200,
      message: '消息推送任务已创建',
      data: {
        task_id: 'task-1',
        recipient: '运维告警组',
        strategy: 'failover',
        style: 'text',
        type: 'info',
        title: '标题',
        created_at: '1970-01-01T00:00:00Z',
        warnings: ['未知字段 foo 已忽略'],
      },
    });
    assert.deepEqual(pushed, [{ body: { ...VALID, foo: 1 }, caller: '', key: undefined }]);
  });

  test('faults: all of them, and the first one as the error', async (t) => {
    const { ask } = await startHttp(t);
    const { status, body } = await ask('POST', PUSH, { body: { content: { title: 't' } } });
    assert.equal(status, 400);
    assert.deepEqual(body, {
      code: 400,
      message: '请求参数错误',
      data: {
        error: 'recipient_alias不能为空',
        fields: [
          { field: 'recipient_alias', message: 'recipient_alias不能为空' },
          { field: 'content.msg', message: 'content.msg不能为空' },
        ],
      },
    });
  });

  for (const alias of ['nobody', '__proto__', 'constructor', 'OPS_ALERT', 'ops_alert ']) {
    test(`unknown alias ${JSON.stringify(alias)}`, async (t) => {
      const { ask } = await startHttp(t);
      const { status, body } = await ask('POST', PUSH, { body: { ...VALID, recipient_alias: alias } });
      assert.equal(status, 404);
      assert.deepEqual(body, { code: 404, message: '接收者不存在', data: { recipient_alias: alias } });
    });
  }

  const replies: readonly [PushReply, number, string, Record<string, string>][] = [
    [{ kind: 'conflict' }, 409, '幂等键冲突', {}],
    [{ kind: 'busy', retry_after: 1.2 }, 503, '服务繁忙，请稍后重试', { 'retry-after': '2' }],
  ];
  for (const [reply, expected, message, expectedHeaders] of replies) {
    test(reply.kind, async (t) => {
      const { ask } = await startHttp(t, { service: { push: async () => reply } });
      const { status, body, headers } = await ask('POST', PUSH, { body: VALID });
      assert.equal(status, expected);
      assert.equal(body.code, expected);
      assert.equal(body.message, message);
      for (const [name, value] of Object.entries(expectedHeaders)) assert.equal(headers[name], value);
    });
  }

  test('an exception in the service is a 500 without a word about it', async (t) => {
    const error = new Error('secret in a message');
    const push = () => Promise.reject(error);
    const { ask, seen } = await startHttp(t, { service: { push } });
    const { status, text } = await ask('POST', PUSH, { body: VALID });
    assert.equal(status, 500);
    assert.equal(text, '{"code":500,"message":"服务器内部错误","data":null}');
    assert.deepEqual(seen.crashed, [{ where: 'POST /api/v1/push', error }]);
    assert.equal(seen.requested[0]!.status, 500);
  });

  test('an answer that is no JSON is a 500 as well', async (t) => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const preview = async () => ({ kind: 'preview' as const, data: circular as never });
    const { ask, seen } = await startHttp(t, { service: { preview } });
    assert.equal((await ask('POST', '/api/v1/push/preview', { body: VALID })).status, 500);
    assert.equal(seen.crashed.length, 1);
  });

  test('one event for each request', async (t) => {
    const { ask, seen } = await startHttp(t);
    await ask('POST', `${PUSH}?token=secret`, { body: VALID });
    const { ms, ...rest } = seen.requested[0]!;
    assert.equal(seen.requested.length, 1);
    assert.ok(ms >= 0);
    assert.deepEqual(rest, { method: 'POST', path: PUSH, status: 200, ip: '127.0.0.1' });
  });
});

describe('Idempotency-Key', () => {
  test('is passed on, trimmed; an empty one is none', async (t) => {
    const { ask, pushed } = await startHttp(t);
    await ask('POST', PUSH, { body: VALID, headers: { 'Idempotency-Key': ' k1 ' } });
    await ask('POST', PUSH, { body: VALID, headers: { 'Idempotency-Key': '' } });
    assert.deepEqual(
      pushed.map((one) => one.key),
      ['k1', undefined],
    );
  });

  test('is read as UTF-8, as it would be in a body', async (t) => {
    const { raw, pushed } = await startHttp(t);
    const body = JSON.stringify(VALID);
    const head = `POST ${PUSH} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json`;
    await raw(`${head}\r\nIdempotency-Key: 订单-1\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    assert.deepEqual(
      pushed.map((one) => one.key),
      ['订单-1'],
    );
  });

  test('is refused when it is too long', async (t) => {
    const { ask, pushed } = await startHttp(t);
    const { status, body } = await ask('POST', PUSH, { body: VALID, headers: { 'Idempotency-Key': 'k'.repeat(256) } });
    assert.equal(status, 400);
    assert.equal(body.data['error'], 'Idempotency-Key不能超过255个字符');
    assert.equal(pushed.length, 0);
  });

  const answer = {
    task_id: 't1',
    recipient: 'r',
    strategy: 'all',
    style: 'text',
    type: 'info',
    title: 't',
    created_at: '2025-01-04T01:30:00Z',
  };
  const replay = async (): Promise<PushReply> => ({ kind: 'accepted', replayed: true, answer });

  test('a replay says so in a header', async (t) => {
    const { ask } = await startHttp(t, { service: { push: replay } });
    const { status, headers, body } = await ask('POST', PUSH, { body: VALID });
    assert.equal(status, 200);
    assert.equal(headers['idempotency-replayed'], 'true');
    assert.deepEqual(body.data, answer);
  });

  test('in a batch each replay says so itself', async (t) => {
    const { ask } = await startHttp(t, { service: { push: replay } });
    const { body, headers } = await ask('POST', `${PUSH}/batch`, { body: [VALID] });
    assert.equal(headers['idempotency-replayed'], undefined);
    assert.deepEqual(body.data, [{ code: 200, message: '消息推送任务已创建', data: answer, replayed: true }]);
  });

  test('in a batch the header counts through the entries that have no key of their own', async (t) => {
    const { ask, pushed } = await startHttp(t);
    const own = { ...VALID, idempotency_key: 'own' };
    await ask('POST', `${PUSH}/batch`, { body: [VALID, own, VALID], headers: { 'Idempotency-Key': 'K' } });
    assert.deepEqual(
      pushed.map((one) => one.key),
      ['K#0', undefined, 'K#2'],
    );
  });
});

describe('POST /api/v1/push/preview', () => {
  test('shows what the service says', async (t) => {
    const { ask } = await startHttp(t);
    const { status, body } = await ask('POST', `${PUSH}/preview`, { body: VALID });
    assert.equal(status, 200);
    assert.equal(body.message, '推送预览成功');
    assert.equal(body.data['recipient'], '运维告警组');
  });
  test('is judged like a push', async (t) => {
    const { ask } = await startHttp(t);
    assert.equal((await ask('POST', `${PUSH}/preview`, { body: {} })).status, 400);
  });
});
