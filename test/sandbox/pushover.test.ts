import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { monthOf } from '../../src/sandbox/platforms/pushover/month.ts';
import { start, START } from './start.ts';

const SEND = '/pushover/1/messages.json';
const TOKEN = 'azGDORePK8gMaC0QOYAMyEEuzJnyUi';
const USER = 'uQiRzpo4DXghDmr9QzzfQu27cmVRsG';
const TEXT = { token: TOKEN, user: USER, message: 'hello' };

describe('pushover shapes', () => {
  test('everything that is shown, emergency included', async (t) => {
    const { post, sandbox } = await start(t);
    const { status, json } = await post(SEND, {
      ...TEXT,
      title: 'Disk almost full',
      message: 'Volume <b>/data</b> is at <font color="#D92D20">91 %</font> &amp; rising',
      html: 1,
      priority: 2,
      retry: 60,
      expire: 3600,
      tags: 'alert-1',
      url: 'https://x.example/a',
      url_title: 'Open',
    });
    assert.equal(status, 200);
    const answer = json as Record<string, unknown>;
    assert.equal(answer['status'], 1);
    assert.match(String(answer['receipt']), /^[0-9a-f]{30}$/);
    const [shown] = sandbox.messages({ platform: 'pushover', token: TOKEN });
    assert.deepEqual(
      [shown?.title, shown?.text, shown?.level, shown?.colour],
      ['Disk almost full', 'Volume /data is at 91 % & rising', 'error', '#d92d20'],
    );
    assert.deepEqual(shown?.links, [{ text: 'Open', url: 'https://x.example/a' }]);
  });

  test('a form, and numbers as text', async (t) => {
    const { sandbox } = await start(t);
    const body = new URLSearchParams({ ...TEXT, priority: '1', message: '1+1 = 2 & 3' });
    const reply = await fetch(sandbox.url + SEND, { method: 'POST', body });
    assert.equal(reply.status, 200);
    assert.deepEqual([sandbox.messages()[0]?.text, sandbox.messages()[0]?.level], ['1+1 = 2 & 3', 'error']);
  });

  test('without html, tags are text; a quiet priority is an info', async (t) => {
    const { post, sandbox } = await start(t);
    await post(SEND, { ...TEXT, message: '<b>x</b>', priority: -1 });
    assert.deepEqual([sandbox.messages()[0]?.text, sandbox.messages()[0]?.level], ['<b>x</b>', 'info']);
  });

  const bad: Record<string, [body: unknown, words: RegExp]> = {
    'no JSON': ['{', /POST of a form/],
    'no token': [{ user: USER, message: 'x' }, /^application token is invalid/],
    'a token of 29 characters': [{ ...TEXT, token: TOKEN.slice(1) }, /^application token is invalid/],
    'a wrong user': [{ ...TEXT, user: 'me' }, /^user identifier is not a valid user/],
    'no user': [{ token: TOKEN, message: 'x' }, /^user identifier/],
    '51 users': [{ ...TEXT, user: Array.from({ length: 51 }, () => USER).join(',') }, /^user identifier/],
    'no message': [{ token: TOKEN, user: USER }, /^message cannot be blank/],
    'an empty message': [{ ...TEXT, message: '' }, /^message cannot be blank/],
    '1,025 characters': [{ ...TEXT, message: '告'.repeat(1025) }, /^message is too long/],
    'a title of 251': [{ ...TEXT, title: 'a'.repeat(251) }, /^title is too long/],
    'an address of 513': [{ ...TEXT, url: 'a'.repeat(513) }, /^url is too long/],
    'its name of 101': [{ ...TEXT, url_title: 'a'.repeat(101) }, /^url_title is too long/],
    'priority 3': [{ ...TEXT, priority: 3 }, /^priority is invalid/],
    'priority high': [{ ...TEXT, priority: 'high' }, /^priority is invalid/],
    'an emergency without retry': [{ ...TEXT, priority: 2, expire: 60 }, /^retry must be supplied/],
    'an emergency without expire': [{ ...TEXT, priority: 2, retry: 60 }, /^expire must be supplied/],
    'retry below 30 s': [{ ...TEXT, priority: 2, retry: 29, expire: 60 }, /^retry must be at least 30/],
    'expire beyond three hours': [{ ...TEXT, priority: 2, retry: 30, expire: 10_801 }, /^expire must be at most/],
    'html and monospace': [{ ...TEXT, html: 1, monospace: 1 }, /^monospace cannot be combined/],
  };
  for (const [name, [body, words]] of Object.entries(bad)) {
    test(name, async (t) => {
      const { post, sandbox } = await start(t);
      const reply = await post(SEND, body);
      const { status, errors } = reply.json as { status: number; errors: string[] };
      assert.equal(reply.status, 400);
      assert.equal(status, 0);
      assert.match(errors[0]!, words);
      assert.equal(sandbox.messages().length, 0);
    });
  }

  test('a character of four bytes counts as one', async (t) => {
    const { post } = await start(t);
    assert.equal((await post(SEND, { ...TEXT, message: '🔥'.repeat(1024) })).status, 200);
  });

  test('one wrong user among several fails alone', async (t) => {
    const { post, sandbox } = await start(t);
    const { status, json } = await post(SEND, { ...TEXT, user: `${USER},me` });
    assert.equal(status, 200);
    assert.deepEqual((json as { errors: string[] }).errors, ['user key me is invalid']);
    assert.equal(sandbox.messages().length, 1);
  });

  test('GET is refused', async (t) => {
    const { sandbox } = await start(t);
    assert.equal((await fetch(sandbox.url + SEND)).status, 400);
  });
});

describe('pushover quota', () => {
  test('headers tell what is left; 10,001 in a month are too many', { timeout: 60_000 }, async (t) => {
    const { sandbox, clock } = await start(t);
    const send = async () => {
      const body = JSON.stringify(TEXT);
      const reply = await fetch(sandbox.url + SEND, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      await reply.body?.cancel();
      return [reply.status, reply.headers.get('x-limit-app-remaining'), reply.headers.get('x-limit-app-reset')];
    };
    // START is in November 2023: December begins at 06:00 UTC.
    const reset = String(Date.UTC(2023, 11, 1, 6) / 1000);
    assert.deepEqual(await send(), [200, '9999', reset]);
    for (let i = 0; i < 100; i += 1) await Promise.all(Array.from({ length: i === 0 ? 99 : 100 }, send));
    assert.deepEqual(await send(), [429, '0', reset]);
    clock.advance(Date.UTC(2023, 11, 1, 6) - START);
    assert.deepEqual((await send()).slice(0, 2), [200, '9999']);
  });

  test('months begin at midnight in Chicago, summer and winter', () => {
    const cases = [
      ['2026-01-31T23:00:00Z', '2026-1', '2026-02-01T06:00:00Z'],
      ['2026-02-01T05:59:59Z', '2026-1', '2026-02-01T06:00:00Z'],
      ['2026-02-01T06:00:00Z', '2026-2', '2026-03-01T06:00:00Z'],
      ['2026-06-15T00:00:00Z', '2026-6', '2026-07-01T05:00:00Z'],
      ['2026-12-31T00:00:00Z', '2026-12', '2027-01-01T06:00:00Z'],
    ] as const;
    for (const [now, name, reset] of cases) {
      assert.deepEqual(monthOf(Date.parse(now)), { name, reset: Date.parse(reset) / 1000 }, now);
    }
  });

  test('an injected 429 has the headers of the quota', async (t) => {
    const { sandbox } = await start(t);
    sandbox.fault({ platform: 'pushover', token: TOKEN, fault: 'code:429' });
    const headers = { 'content-type': 'application/json' };
    const reply = await fetch(sandbox.url + SEND, { method: 'POST', headers, body: JSON.stringify(TEXT) });
    assert.equal(reply.status, 429);
    assert.equal(reply.headers.get('x-limit-app-remaining'), '0');
    assert.match(reply.headers.get('x-limit-app-reset') ?? '', /^\d{10}$/);
    assert.equal(((await reply.json()) as { status: number }).status, 0);
    assert.throws(() => sandbox.fault({ platform: 'pushover', fault: 'code:200' }));
  });
});
