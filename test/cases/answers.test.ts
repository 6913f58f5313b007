import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dump } from 'js-yaml';
import { loadChannels } from '../../src/channel/registry.ts';
import { type TestApp, createTestApp } from '../kit/app.ts';
import { loadFixture } from '../kit/fixture.ts';

const channels = [...(await loadChannels()).values()].filter(({ wire }) => wire === undefined);

/** A server whose alias `ops` has one target of this channel, which speaks to its stand-in. */
async function start(name: string, change: Record<string, unknown> = {}): Promise<TestApp> {
  const fixture = await loadFixture(name);
  const text = JSON.stringify({ ...fixture.config, ...fixture.sandbox }).replaceAll('$N', name);
  const target = { ...(JSON.parse(text) as object), name: 'one', ...change };
  const recipients = { ops: { platforms: { [name]: { targets: [target] } } } };
  return createTestApp(dump({ security: { allow_networks: ['127.0.0.0/8'] }, recipients }));
}

const CARD = {
  type: 'error',
  style: 'card',
  expires_in: 86_400,
  content: { fields: [{ name: '主机', value: 'web-1' }], url: 'https://ops.example/1' },
};

describe('a throttle answer', () => {
  for (const { name } of channels)
    test(`of ${name}: the result says until when, it costs no attempt, and the message arrives`, async () => {
      const t = await start(name);
      t.sandbox.fault({ platform: name, fault: 'http:429' });
      const { task_id } = await t.push('ops', { expires_in: 86_400 });
      await t.clock.advance(0);
      const waiting = (await t.api('GET', `/api/v1/task/${task_id}`)).body.data;
      assert.equal(waiting.status, 'processing');
      const [{ status, attempts, paused_until, message }] = waiting.results;
      assert.deepEqual([status, attempts], ['processing', 0]);
      assert.ok(Date.parse(paused_until) > t.clock.now(), message);
      assert.match(message, /限流，暂停至/);
      assert.match(await (await fetch(`${t.url}/metrics`)).text(), /lane_paused\{platform="\w+",target="ops\/one"\} 1/);
      const [result] = (await t.finished(task_id)).results;
      assert.deepEqual([result.status, result.attempts, result.paused_until], ['success', 1, undefined]);
      await t.stop();
    });

  test('that names a time after the deadline fails at once, and says until when', async () => {
    const t = await start('feishu_app');
    t.sandbox.fault({ platform: 'feishu_app', fault: 'code:99991403' });
    const { status, results } = await t.deliver('ops', { expires_in: 86_400 });
    assert.equal(status, 'failed');
    assert.equal(t.clock.elapsed, 0);
    assert.deepEqual([results[0].reason, results[0].code, results[0].attempts], ['rate_limited', '99991403', 0]);
    const asked = t.sandbox.requests({ platform: 'feishu_app' });
    assert.equal(results[0].paused_until, '2026-01-31T16:00:00Z', 'the month ends in China');
    assert.equal(
      (await t.deliver('ops')).results[0].paused_until,
      '2026-01-31T16:00:00Z',
      'and so for who comes after',
    );
    assert.equal(t.sandbox.requests({ platform: 'feishu_app' }), asked, 'nothing more is asked');
    await t.stop();
  });
});

describe('a card that is refused as malformed', () => {
  const CODES: Readonly<Record<string, string>> = {
    feishu_app: '230099',
    slack: 'invalid_blocks',
    discord: '50035',
    teams: 'TriggerInputSchemaMismatch',
  };
  for (const [name, code] of Object.entries(CODES)) {
    test(`by ${name}: arrives as text, with everything that it said`, async () => {
      const t = await start(name);
      t.sandbox.fault({ platform: name, fault: `code:${code}` });
      const { results } = await t.deliver('ops', CARD);
      assert.deepEqual([results[0].status, results[0].attempts], ['success', 2]);
      // The newest comes first; an urgent call follows its message.
      const message = t.sandbox.messages().at(-1);
      assert.equal(message!.style, 'text');
      for (const word of ['标题', '内容', 'web-1', 'https://ops.example/1'])
        assert.ok(JSON.stringify(message).includes(word), word);
      await t.stop();
    });

    test(`by ${name}, and the text as well: fails after two requests`, async () => {
      const t = await start(name);
      t.sandbox.fault({ platform: name, fault: `code:${code}`, times: 9 });
      const [result] = (await t.deliver('ops', CARD)).results;
      assert.deepEqual([result.status, result.reason, result.code, result.attempts], ['failed', 'invalid', code, 2]);
      await t.stop();
    });
  }
});

test('a card that feishu_app is configured to make of every message, refused: it goes as text', async () => {
  const t = await start('feishu_app', { msg_type: 'interactive' });
  for (const style of ['card', 'text']) {
    t.sandbox.fault({ platform: 'feishu_app', fault: 'code:230099' });
    const [result] = (await t.deliver('ops', { ...CARD, style })).results;
    assert.deepEqual([result.status, result.attempts], ['success', 2], style);
    assert.match(result.message, /已改为纯文本发送/);
    // The newest comes first; an urgent call follows its message.
    assert.equal(t.sandbox.messages().filter(({ kind }) => kind === 'text').length, style === 'card' ? 1 : 2);
  }
  await t.stop();
});

describe('characters that take more room on the wire than in the text', () => {
  for (const name of ['bark', 'ntfy']) {
    for (const character of ['<', '&', '"', '\\'])
      test(`${name}: a long message of ${character} arrives in parts`, async () => {
        const t = await start(name);
        const msg = character.repeat(8000);
        const [result] = (await t.deliver('ops', { expires_in: 86_400, content: { title: '标题', msg } })).results;
        assert.deepEqual([result.status, result.message], ['success', '消息发送成功']);
        assert.ok(t.sandbox.messages().length > 1);
        await t.stop();
      });
  }
});

describe('receivers that a message does not reach', () => {
  const RECEIVERS: Readonly<Record<string, string>> = { wecom_app: 'to_user', dingtalk_app: 'user_ids' };
  for (const [name, key] of Object.entries(RECEIVERS)) {
    test(`${name}: some of them: success, and who was not reached`, async () => {
      const t = await start(name, { [key]: ['zhangsan-100001', 'nobody-200002'] });
      const task = await t.deliver('ops');
      assert.deepEqual([task.status, task.outcome], ['completed', 'success']);
      const [{ status, refused, message }] = task.results;
      assert.equal(status, 'success');
      assert.deepEqual(
        refused.map(({ recipient }: { recipient: string }) => recipient),
        ['nob********02'],
      );
      assert.match(message, /1 个接收人未送达/);
      assert.doesNotMatch(`${JSON.stringify(task)}${await t.logs()}`, /nobody-200002|zhangsan-100001/);
      await t.stop();
    });

    test(`${name}: all of them: failed, with a notice`, async () => {
      const t = await start(name, { [key]: ['nobody-100001', 'nobody-200002'], to_party: undefined });
      const task = await t.deliver('ops');
      assert.equal(task.status, 'failed');
      assert.equal((await t.notices()).length, 1);
      assert.doesNotMatch(`${JSON.stringify([task, await t.notices()])}${await t.logs()}`, /nobody-[12]0000[12]/);
      await t.stop();
    });
  }
});
