import assert from 'node:assert/strict';
import { test } from 'node:test';
import pushover from '../../src/channels/pushover.ts';
import { fit } from '../../src/delivery/fit.ts';
import type { Message, Outcome } from '../../src/model.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { KINDS, sandboxed } from '../kit/sandboxed.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';

const TARGET = { token: 'a', user: 'u' };
const MESSAGE: Message = { title: 't', body: 'b', level: 'error', style: 'text', format: 'text' };
const rendered = (config: object, message = MESSAGE) =>
  Object(pushover.render(message, pushover.config.parse({ ...TARGET, ...config }), NOW, 'task-1'));

async function answered(
  status: number,
  body: object,
  headers: Record<string, string> = {},
  now = NOW,
): Promise<Outcome> {
  const config = pushover.config.parse(TARGET);
  const platform = scriptedHttp({ status, headers, body: JSON.stringify(body) });
  return attempt(pushover, pushover.render(MESSAGE, config, now, 'task'), config, createIo(platform.http, { now }));
}

test('an error is an emergency only where it is said how often and how long', () => {
  assert.deepEqual(rendered({}).priority, 1);
  const urgent = rendered({ retry: 60, expire: 3600 });
  assert.deepEqual([urgent.priority, urgent.retry, urgent.expire, urgent.tags], [2, 60, 3600, 'task-1']);
  const calm = rendered({ retry: 60, expire: 3600 }, { ...MESSAGE, level: 'warning' });
  assert.deepEqual([calm.priority, calm.retry], [0, undefined]);
});

test('several users are written to in one request', async () => {
  const platform = scriptedHttp({ status: 200, body: '{"status":1}' });
  const config = pushover.config.parse({ token: 'a', user: ['u1', 'u2'], base_url: 'http://127.0.0.1:9/po/' });
  await attempt(pushover, pushover.render(MESSAGE, config, NOW, 'task'), config, createIo(platform.http));
  assert.equal(platform.requests[0]?.url, 'http://127.0.0.1:9/po/1/messages.json');
  assert.equal(Object(JSON.parse(platform.requests[0]?.body ?? '')).user, 'u1,u2');
});

test('a character of four bytes counts as one', () => {
  const config = pushover.config.parse(TARGET);
  const parts = (length: number) =>
    fit(pushover, { ...MESSAGE, body: '🔥'.repeat(length) }, config, { now: NOW, maxParts: 9, id: 'task' }).length;
  assert.deepEqual([parts(1024), parts(1025)], [1, 2]);
});

test('a link that is too long goes into the text', () => {
  const url = `https://x.example/${'a'.repeat(600)}`;
  const made = rendered({}, { ...MESSAGE, url });
  assert.deepEqual([made.url, made.url_title, made.message], [undefined, undefined, `b\n详情：${url}`]);
});

test('a used-up month ends when the platform says, else on the 1st in its own time zone', async () => {
  const wait = async (headers: Record<string, string>, now = NOW) => {
    const outcome = await answered(429, { status: 0, errors: ['over quota'] }, headers, now);
    assert.ok(!outcome.ok && outcome.quota && outcome.account);
    return outcome.retry_after;
  };
  assert.equal(await wait({ 'x-limit-app-reset': '1700000100' }), 100);
  const first = Date.UTC(2023, 11, 1, 6) / 1000 - 1_700_000_000;
  for (const odd of [{}, { 'x-limit-app-reset': 'soon' }, { 'x-limit-app-reset': '1' }])
    assert.equal(await wait(odd as Record<string, string>), first);
  assert.equal(await wait({}, new Date(Date.UTC(2026, 11, 31, 23))), 7 * 3600);
});

test('a gateway’s 429 is no used-up month', async () => {
  const outcome = await answered(429, { message: 'slow down' }, { 'retry-after': '3' });
  assert.ok(!outcome.ok && outcome.kind === 'rate_limited' && outcome.quota === undefined);
  assert.equal(outcome.retry_after, 3);
});

test('the stand-in takes every kind of message, emergencies too', async (t) => {
  const user = 'uQiRzpo4DXghDmr9QzzfQu27cmVRsG';
  const token = 'azGDORePK8gMaC0QOYAMyEEuzJnyUi';
  const { sandbox, send } = await sandboxed(t, pushover, { token });
  for (const more of [{}, { retry: 60, expire: 3600 }])
    for (const message of KINDS)
      for (const outcome of await send(message, { token, user, ...more }))
        assert.deepEqual(outcome, { ok: true }, JSON.stringify(sandbox.refusals()[0]));
  assert.equal(sandbox.messages({ platform: 'pushover' })[0]?.level, 'error');
});
