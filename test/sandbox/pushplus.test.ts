import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { start, START, type Started } from './start.ts';

const SEND = '/pushplus/send';
const TOKEN = '0123456789abcdef0123456789abcdef';
const TEXT = { token: TOKEN, content: 'hello' };
const code = ({ json }: { json: unknown }): number => (json as { code: number }).code;

describe('pushplus shapes', () => {
  test('everything that is shown', async (t) => {
    const { post, sandbox } = await start(t);
    const body = {
      token: TOKEN,
      title: 'Disk almost full',
      content: '- host: **db-1** <font color="#D92D20">91 %</font>',
      template: 'markdown',
      topic: 'ops',
      to: 'friend',
      channel: 'wechat',
      callbackUrl: 'https://x.example/callback',
      timestamp: START + 60_000,
    };
    const { status, json } = await post(SEND, body);
    assert.equal(status, 200);
    assert.equal(code({ json }), 200);
    assert.match((json as { data: string }).data, /^[0-9a-f]{32}$/);
    const [shown] = sandbox.messages({ platform: 'pushplus', token: TOKEN });
    assert.deepEqual(
      [shown?.title, shown?.text, shown?.format, shown?.level],
      ['Disk almost full', body.content, 'markdown', 'error'],
    );
    assert.deepEqual(shown?.fields, [
      { name: '群组', value: 'ops' },
      { name: '好友', value: 'friend' },
      { name: '渠道', value: 'wechat' },
    ]);
  });

  test('html, the default, is shown as its text', async (t) => {
    const { post, sandbox } = await start(t);
    await post(SEND, { ...TEXT, content: '<h3>T</h3><p>a &lt; b</p><a href="https://x.example">Open</a>' });
    assert.equal(sandbox.messages()[0]?.text, 'T\na < b\nOpen');
    assert.deepEqual(sandbox.messages()[0]?.links, [{ text: 'Open', url: 'https://x.example' }]);
    await post(SEND, { ...TEXT, content: '<b>', template: 'txt' });
    assert.equal(sandbox.messages()[0]?.text, '<b>');
  });

  test('the token in the path, and GET', async (t) => {
    const { post, sandbox } = await start(t);
    assert.equal(code(await post(`${SEND}/${TOKEN}`, { content: 'x' })), 200);
    const reply = await fetch(`${sandbox.url}${SEND}?token=${TOKEN}&title=T&content=y`);
    assert.equal(code({ json: await reply.json() }), 200);
    assert.equal(sandbox.messages({ token: TOKEN }).length, 2);
  });

  test('a timestamp that is over, or in seconds, drops the message in silence', async (t) => {
    const { post, sandbox } = await start(t);
    assert.equal(code(await post(SEND, { ...TEXT, timestamp: START - 1 })), 200);
    assert.equal(code(await post(SEND, { ...TEXT, timestamp: START / 1000 + 60 })), 200);
    assert.equal(sandbox.messages().length, 0);
  });

  const bad: Record<string, [body: unknown, code: number]> = {
    'no JSON': ['{', 999],
    'no token': [{ content: 'x' }, 903],
    'a token of 31': [{ ...TEXT, token: TOKEN.slice(1) }, 903],
    'no content': [{ token: TOKEN }, 999],
    'an unknown template': [{ ...TEXT, template: 'md' }, 999],
    'a title of 201': [{ ...TEXT, title: 'a'.repeat(201) }, 999],
    '20,001 characters': [{ ...TEXT, content: 'a'.repeat(20_001) }, 999],
    'a callback that is no address': [{ ...TEXT, callbackUrl: 'x' }, 999],
  };
  for (const [name, [body, expected]] of Object.entries(bad)) {
    test(`${name}: ${expected} inside a 200`, async (t) => {
      const { post, sandbox } = await start(t);
      const reply = await post(SEND, body);
      assert.equal(reply.status, 200);
      assert.equal(code(reply), expected);
      assert.equal(sandbox.messages().length, 0);
    });
  }
});

describe('pushplus limits', () => {
  const HOUR = 3_600_000;
  // START is 06:13:20 in China.
  const TO_MIDNIGHT = 24 * HOUR - (6 * 3600 + 13 * 60 + 20) * 1000;

  async function repeat({ post }: Started, times: number): Promise<number[]> {
    const codes: number[] = [];
    for (let i = 0; i < times; i += 1) codes.push(code(await post(SEND, TEXT)));
    return codes;
  }

  test('200 a day; the next one closes the account until midnight in China', async (t) => {
    const started = await start(t);
    assert.deepEqual(new Set(await repeat(started, 200)), new Set([200]));
    assert.deepEqual(await repeat(started, 1), [900]);
    started.clock.advance(TO_MIDNIGHT - 1);
    assert.deepEqual(await repeat(started, 1), [900]);
    started.clock.advance(1);
    assert.deepEqual(await repeat(started, 1), [200]);
  });

  test('401 requests close it for 48 hours', async (t) => {
    const started = await start(t);
    await repeat(started, 401);
    started.clock.advance(48 * HOUR - 1);
    assert.deepEqual(await repeat(started, 1), [900]);
    started.clock.advance(1);
    assert.deepEqual(await repeat(started, 1), [200]);
  });

  test('other tokens, and a bot without limit, go on', async (t) => {
    const started = await start(t, { bots: [{ platform: 'pushplus', token: TOKEN, unlimited: true }] });
    assert.ok((await repeat(started, 250)).every((found) => found === 200));
    assert.equal(code(await started.post(SEND, { ...TEXT, token: TOKEN.replace('0', 'f') })), 200);
  });

  test('faults', async (t) => {
    const { post, sandbox } = await start(t);
    for (const fault of [302, 401, 403, 500, 600, 805, 888, 900, 903, 905, 999]) {
      sandbox.fault({ platform: 'pushplus', token: TOKEN, fault: `code:${fault}` });
      const reply = await post(SEND, TEXT);
      assert.deepEqual([reply.status, code(reply)], [200, fault]);
    }
    assert.throws(() => sandbox.fault({ platform: 'pushplus', fault: 'code:45009' }));
  });
});
