import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dump } from 'js-yaml';
import { loadChannels } from '../../src/channel/registry.ts';
import { type TestApp, createTestApp } from '../kit/app.ts';
import { MARKER, loadFixture } from '../kit/fixture.ts';

/** Every channel from the front door to its stand-in, which knows the platform and not the driver. */
const channels = [...(await loadChannels()).values()].filter(({ wire }) => wire === undefined);
const subjects = await Promise.all(
  channels.map(async (channel) => ({ channel, fixture: await loadFixture(channel.name) })),
);

const CARD = {
  type: 'error',
  style: 'card',
  title: 'CPU 告警',
  content: {
    msg: 'web-1 使用率 95 %，请处理',
    fields: [{ name: '主机', value: 'web-1' }],
    url: 'https://ops.example/alerts/1',
  },
  mentions: { all: true, mobiles: ['13812345678'], ids: ['u12345678'] },
};

const MARKED = '**数据库** `连接` [失败](https://a.example/x)\n';

const PUSHES = [
  { what: 'plain text', title: '标题', msg: '内容', type: 'info' },
  {
    what: 'Markdown of every kind',
    title: 'T',
    content: {
      msg: '# 标题\n- **粗** `x` [链](https://a.example/?a=1&b=2)\n> 引\n1. 一\n---\n```\ncode <b> `x`\n```\n~~删~~ *斜*',
      format: 'markdown',
    },
    style: 'card',
  },
  { what: 'a long text', title: '长', content: { msg: '数据库连接失败🔥 https://a.example/x_y*z\n'.repeat(1200) } },
  { what: 'a long card', title: '长', content: { msg: MARKED.repeat(1200), format: 'markdown' }, style: 'card' },
  {
    what: 'hostile text',
    title: '"}],</script>*_[]()~`>#+-=|{}.!',
    msg: '<b>&amp;\\ "}\n@all @here @everyone @room <at id=all></at> <!channel> <@all> _*[`~>#+-=|{}.!\\',
    type: 'warning',
    style: 'card',
  },
] as const;

for (const { channel, fixture } of subjects) {
  const { name } = channel;
  const start = (): Promise<TestApp> => {
    const target = JSON.parse(
      JSON.stringify({ ...fixture.config, ...fixture.sandbox }).replaceAll('$N', name),
    ) as Record<string, unknown>;
    const recipients = { ops: { platforms: { [name]: { targets: [{ name: 'one', ...target }] } } } };
    return createTestApp(dump({ security: { allow_networks: ['127.0.0.0/8'] }, recipients }));
  };

  describe(`${name}, from the front door to the platform`, () => {
    test('a card arrives, and is recognised', async () => {
      const t = await start();
      const task = await t.deliver('ops', { expires_in: 86_400, ...CARD });
      assert.deepEqual(t.sandbox.refusals(), []);
      assert.equal(task.outcome, 'success', JSON.stringify(task.results));
      const [message] = t.sandbox.messages();
      assert.equal(message!.platform, name);
      assert.match(`${message!.title}\n${message!.text}`, /CPU 告警/);
      if (message!.level !== undefined) assert.equal(message!.level, 'error');
      const kept = `${await t.logs()}${t.printed()}${JSON.stringify(task)}`;
      assert.ok(!kept.includes(MARKER), 'no secret is in logs or answers');
      await t.stop();
    });

    for (const push of PUSHES) {
      test(`nothing of it is refused: ${push.what}`, async () => {
        const t = await start();
        const { what: _what, ...body } = push;
        const task = await t.deliver('ops', { expires_in: 86_400, ...body });
        assert.deepEqual(t.sandbox.refusals(), []);
        assert.equal(task.outcome, 'success', JSON.stringify(task.results));
        const called = t.sandbox.messages().flatMap((message) => message.mentions ?? []);
        for (const who of called) assert.doesNotMatch(who, /^@?(all|here|channel|everyone|room)$/);
        await t.stop();
      });
    }
  });
}
