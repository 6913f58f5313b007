import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FailureError, type HttpReply, type HttpRequest, SendError } from '../../src/channel/channel.ts';
import { withToken } from '../../src/channel/token.ts';
import type { Http } from '../../src/delivery/http-client.ts';
import type { Outcome } from '../../src/model.ts';
import { OK, createRig, fail, told } from '../kit/rig.ts';
import { tokenPlatform } from '../kit/token-platform.ts';

const LIFE = 7200;
const BOTS = Array.from({ length: 20 }, (_, i) => `f${i}`);

/** Twenty bots of one application. `door` stands before the platform: what it gives is answered instead. */
function application(
  door: (request: HttpRequest, signal: AbortSignal) => Promise<HttpReply> | undefined = () => undefined,
  life = LIFE,
) {
  const platform = tokenPlatform({
    isToken: ({ url }) => url.endsWith('/token'),
    token: (value) => ({ value, expires_in: life }),
    bears: ({ headers }) => headers?.['authorization'],
    accepted: { ok: true },
    stale: { status: 200, body: { stale: true } },
  });
  const fetched: number[] = [];
  const http: Http = {
    request(request, signal, onSent) {
      if (signal.aborted) return Promise.reject(new SendError('网络错误', false));
      if (request.url.endsWith('/token')) fetched.push(rig.clock.monotonic());
      onSent();
      return door(request, signal) ?? platform.http(request);
    },
    close: () => Promise.resolve(),
  };
  const rig = createRig({ recipients: { all: { feishu: BOTS }, one: { feishu: ['f0'] } }, http });
  for (const bot of BOTS) {
    rig.script(bot, async (_n, io): Promise<Outcome> => {
      const reply = await withToken(
        io,
        'app',
        async (ask) => {
          const answer = await ask({ method: 'GET', url: 'https://platform.example/token' });
          if (answer.status !== 200) throw new FailureError(fail('rate_limited', { retry_after: 30, code: '45009' }));
          return JSON.parse(answer.body) as { value: string; expires_in: number };
        },
        (token) => io.http({ method: 'POST', url: 'https://platform.example/send', headers: { authorization: token } }),
        ({ body }) => body.includes('stale'),
      );
      return reply.body.includes('stale') ? fail('unauthorized') : OK;
    });
  }
  return { rig, platform, fetched };
}

/** A connection on which nothing comes until it is given up. */
const silence = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(new SendError('网络错误', true)), { once: true }),
  );

test('twenty sends at once: one token; one more when it has expired, and one when it was revoked', async () => {
  const { rig, platform } = application();
  for (const [given, before] of [
    [1, async () => {}],
    [1, async () => {}],
    [2, () => rig.clock.advance(LIFE * 1000)],
    [3, async () => platform.revoke()],
  ] as const) {
    await before();
    const task = await rig.push('all', 'all');
    await rig.finished(task);
    assert.equal(task.outcome, 'success');
    assert.ok(task.results.every((result) => result!.attempts === 1));
    assert.equal(platform.given(), given);
  }
});

test('tokens that are all refused: each message asks twice, and fails', async () => {
  const { rig, platform } = application();
  platform.revoke('all');
  const task = await rig.push('all', 'all');
  await rig.finished(task);
  assert.deepEqual(new Set(told(task).map((line) => line.split(' ')[2])), new Set(['unauthorized']));
  assert.equal(platform.asked.length, 40);
  assert.ok(platform.given() <= 21, String(platform.given()));
});

test('a token endpoint that throttles: the lanes pause, it costs no attempt, and everything arrives', async () => {
  let refused = 0;
  const { rig, fetched } = application(({ url }) =>
    url.endsWith('/token') && refused++ === 0 ? Promise.resolve({ status: 429, headers: {}, body: '' }) : undefined,
  );
  const start = rig.clock.monotonic();
  const task = await rig.push('all', 'all');
  await rig.clock.advance(0);
  assert.ok(task.results.every((result) => result!.paused_until === rig.clock.now() + 30_000));
  await rig.finished(task);
  assert.equal(task.outcome, 'success');
  assert.ok(task.results.every((result) => result!.attempts === 1));
  assert.deepEqual(
    fetched.map((at) => at - start),
    [0, 30_000],
  );
});

test('a token that does not come: nothing was sent, everybody tries again', async () => {
  let hangs = true;
  const { rig, platform } = application(({ url }, signal) =>
    hangs && url.endsWith('/token') ? silence(signal) : undefined,
  );
  const task = await rig.push('all', 'all');
  await rig.clock.advance(9000);
  assert.equal(platform.asked.length, 0);
  hangs = false;
  await rig.finished(task);
  assert.equal(task.outcome, 'success');
  assert.ok(task.results.every((result) => result!.attempts === 2));
  assert.equal(platform.asked.length, 20);
  assert.equal(platform.given(), 1);
});

test('the server stops while a token is fetched: what was not sent is told so, and nothing is left', async () => {
  const { rig, platform } = application(({ url }, signal) => (url.endsWith('/token') ? silence(signal) : undefined));
  const task = await rig.push('one', 'all');
  await rig.clock.advance(1000);
  const { done } = rig.service.drain(2000);
  await rig.clock.advance(2000);
  await done;
  assert.equal(task.status, 'failed');
  assert.equal(rig.raised.length, 1);
  await rig.delivery.close();
  await rig.clock.advance(60_000);
  assert.equal(platform.asked.length, 0);
  const before = rig.clock.elapsed;
  await assert.rejects(rig.clock.until(() => false));
  assert.equal(rig.clock.elapsed, before);
});

test('a token that comes after the attempt is over sends nothing more', async () => {
  const token = Promise.withResolvers<HttpReply>();
  let n = 0;
  const { rig, platform } = application(({ url }) => (url.endsWith('/token') && n++ === 0 ? token.promise : undefined));
  const task = await rig.push('one', 'all', { expires_in: 11 });
  await rig.clock.advance(10_500);
  token.resolve({ status: 200, headers: {}, body: JSON.stringify({ value: 'token-0', expires_in: LIFE }) });
  await rig.clock.advance(60_000);
  assert.equal(task.status, 'failed');
  assert.equal(rig.sent.length, 1);
  assert.equal(platform.asked.length, 0);
});

test('a token is handed out until five minutes before its end, and half of a short life', async () => {
  for (const [life, usable] of [
    [LIFE, LIFE - 300],
    [600, 300],
    [100, 50],
  ] as const) {
    const { rig, platform } = application(undefined, life);
    const push = async () => rig.finished(await rig.push('one', 'all'));
    await push();
    const fetched = rig.clock.monotonic();
    await rig.clock.advance(usable * 1000 - 1 - (rig.clock.monotonic() - fetched));
    await push();
    assert.equal(platform.given(), 1, `${life} s`);
    await rig.clock.advance(usable * 1000 - (rig.clock.monotonic() - fetched));
    await push();
    assert.equal(platform.given(), 2, `${life} s`);
  }
});

test('a platform that repeats the token it was given does not have it told', async () => {
  const { rig } = application();
  rig.script('f0', async (_n, io): Promise<Outcome> => {
    const token = await io.token('app', async () => ({ value: 'tok-of-the-platform', expires_in: LIFE }));
    return fail('invalid', { code: `no ${token}`, message: `invalid token ${token}` });
  });
  const task = await rig.push('one', 'all');
  await rig.finished(task);
  assert.doesNotMatch(JSON.stringify(task.results), /tok-of/);
});
