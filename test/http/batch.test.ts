import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PushReply } from '../../src/push/reply.ts';
import { startHttp } from './kit.ts';
import { VALID } from './samples.ts';

const PUSH = '/api/v1/push';

describe('POST /api/v1/push/batch', () => {
  test('each entry is judged alone, in order', async (t) => {
    let calls = 0;
    const rig = await startHttp(t, {
      service: {
        push: async (body) => {
          calls += 1;
          if (body === 'busy') return { kind: 'busy', retry_after: 3 };
          if (body === 'conflict') return { kind: 'conflict' };
          if (body === null) return { kind: 'invalid', faults: [{ field: 'body', message: '请求体必须是对象' }] };
          return { kind: 'unknown_recipient', alias: body as string };
        },
      },
    });
    const { status, body } = await rig.ask('POST', `${PUSH}/batch`, { body: ['a', null, 'busy', 'conflict', 'b'] });
    assert.equal(status, 200);
    assert.equal(body.message, '批量推送已处理');
    const data = body.data as unknown as { code: number; data: unknown }[];
    assert.deepEqual(
      data.map((entry) => entry.code),
      [404, 400, 503, 409, 404],
    );
    assert.deepEqual(data[4]!.data, { recipient_alias: 'b' });
    assert.deepEqual(data[2]!.data, { retry_after: 3 });
    assert.equal(calls, 5);
  });

  test('a crash hides nothing of the others', async (t) => {
    const error = new Error('x');
    const push = async (body: unknown): Promise<PushReply> => {
      if (body === 'crash') throw error;
      return { kind: 'unknown_recipient', alias: String(body) };
    };
    const { ask, seen } = await startHttp(t, { service: { push } });
    const { status, body } = await ask('POST', `${PUSH}/batch`, { body: ['a', 'crash', 'b'] });
    assert.equal(status, 200);
    assert.deepEqual(
      (body.data as unknown as { code: number }[]).map((entry) => entry.code),
      [404, 500, 404],
    );
    assert.deepEqual(seen.crashed, [{ where: 'entry 1 of a batch', error }]);
  });

  test('an empty batch has nothing to do', async (t) => {
    const { ask } = await startHttp(t);
    assert.deepEqual((await ask('POST', `${PUSH}/batch`, { body: [] })).body.data, []);
  });

  test('runs at most sixteen at a time, begun in order', async (t) => {
    const begun: unknown[] = [];
    let under = 0;
    let most = 0;
    const push = async (body: unknown): Promise<PushReply> => {
      begun.push(body);
      most = Math.max(most, ++under);
      await new Promise((resolve) => setImmediate(resolve));
      under -= 1;
      return { kind: 'unknown_recipient', alias: String(body) };
    };
    const { ask } = await startHttp(t, { service: { push } });
    const entries = Array.from({ length: 100 }, (_, i) => i);
    const { body } = await ask('POST', `${PUSH}/batch`, { body: entries });
    assert.deepEqual(begun, entries);
    assert.equal(most, 16);
    assert.deepEqual(
      (body.data as unknown as { data: { recipient_alias: string } }[]).map((entry) =>
        Number(entry.data.recipient_alias),
      ),
      entries,
    );
  });

  for (const [name, body, error] of [
    ['no array', VALID, '请求体必须是数组'],
    ['more than batch_size', [VALID, VALID, VALID], '批量推送不能超过2项'],
  ] as const) {
    test(name, async (t) => {
      const { ask, pushed } = await startHttp(t, { batch_size: 2 });
      const answered = await ask('POST', `${PUSH}/batch`, { body });
      assert.equal(answered.status, 400);
      assert.equal(answered.body.message, '请求参数错误');
      assert.equal(answered.body.data['error'], error);
      assert.equal(pushed.length, 0);
    });
  }
});
