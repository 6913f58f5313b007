import assert from 'node:assert/strict';
import { test } from 'node:test';
import slack from '../../src/channels/slack.ts';
import { slackChunks } from '../../src/channel/platform/slack-chunks.ts';
import type { Message } from '../../src/model.ts';
import { acceptsEveryKind } from '../kit/hooked.ts';
import { NOW } from '../kit/channel-io.ts';

const config = slack.config.parse({ url: 'https://hooks.slack.com/services/T/B/X' });
const CARD: Message = { title: 't', body: 'b', level: 'info', style: 'card', format: 'text' };

interface Block {
  readonly type: string;
  readonly text?: { readonly type: string; readonly text: string };
  readonly fields?: readonly { readonly text: string }[];
}
const blocksOf = (change: Partial<Message>): readonly Block[] => {
  const payload = slack.render({ ...CARD, ...change }, config, NOW, 'task') as {
    attachments: [{ blocks: readonly Block[] }];
  };
  return payload.attachments[0].blocks;
};

test('the stand-in takes every kind of message', async (t) => {
  await acceptsEveryKind(t, slack, 'T1/B1', (url) => ({ url: `${url}/services/T1/B1/x` }));
});

test('a workflow’s URL is refused with a word about what to use instead', () => {
  for (const path of ['workflows/T1/A1/x', 'triggers/T1/1/x']) {
    const parsed = slack.config.safeParse({ url: `https://hooks.slack.com/${path}` });
    assert.match(parsed.error?.issues[0]?.message ?? '', /incoming webhook/);
  }
  assert.ok(slack.config.safeParse({ url: 'https://hooks.slack-gov.com/services/T/B/X' }).success);
});

test('only ids of Slack’s own shape call somebody; any other is text, whatever it looks like', () => {
  const ids = ['U012AB3CD', 'W1A', 'SAZ94GDB8', '<!channel>', '<@U1>', 'u012', 'U1|x'];
  const { text } = slack.render(
    { ...CARD, style: 'text', mentions: { all: false, mobiles: ['<!here>'], ids } },
    config,
    NOW,
    'task',
  ) as { text: string };
  assert.deepEqual(text.match(/<[^>]*>/g), ['<@U012AB3CD>', '<@W1A>', '<!subteam^SAZ94GDB8>']);
  for (const id of ['&lt;!channel&gt;', '&lt;@U1&gt;', '@u012', '@U1|x', '&lt;!here&gt;']) assert.ok(text.includes(id));
});

test('a long body takes several sections of at most 3,000 characters and loses nothing', () => {
  for (const format of ['text', 'markdown'] as const) {
    const body = `${'囍'.repeat(70)}\n`.repeat(55);
    const sections = blocksOf({ body, format }).filter(({ type }) => type === 'section');
    assert.equal(sections.length, 2);
    for (const { text } of sections) assert.ok(text!.text.length <= 3000);
    const said = sections.map(({ text }) => text!.text).join('\n');
    assert.equal(said.replaceAll('\n', ''), body.replaceAll('\n', ''));
  }
});

test('fields share sections by ten; what is too long for a field has a section of its own', () => {
  const fields = Array.from({ length: 23 }, (_, i) => ({ name: `n${i}`, value: i === 11 ? 'v'.repeat(2500) : 'v' }));
  const sections = blocksOf({ body: '', fields }).filter(({ type }) => type === 'section');
  assert.deepEqual(
    sections.map(({ fields: row, text }) => row?.length ?? text?.text.length),
    [10, 1, 2506, 10, 1],
  );
});

test('chunks of mrkdwn break no link, no entity and no character, and close what they cut', () => {
  const link = '<https://x.example/aaaaaaaaaa|label>';
  for (let before = 0; before < 60; before++) {
    for (const piece of [link, '&amp;', '👨‍👩‍👧‍👦']) {
      const text = 'x'.repeat(before) + piece + 'y'.repeat(80);
      const chunks = slackChunks(text, 60, 'mrkdwn');
      assert.equal(chunks.join(''), text);
      assert.ok(
        chunks.some((chunk) => chunk.includes(piece)),
        JSON.stringify(chunks),
      );
      for (const chunk of chunks) assert.ok(chunk.length <= 60);
    }
  }
  const code = slackChunks(`\`\`\`\n${'line\n'.repeat(40)}\`\`\``, 60, 'mrkdwn');
  for (const chunk of code) assert.ok(chunk.length <= 60 && chunk.split('```').length % 2 === 1, chunk);
});

test('plain text is cut as it is, whatever it looks like', () => {
  const text = '``` <a|b> &amp; '.repeat(40);
  assert.equal(slackChunks(text, 100, 'plain_text').join(''), text);
});
