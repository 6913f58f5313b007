import assert from 'node:assert/strict';
import { test } from 'node:test';
import mattermost from '../../src/channels/mattermost.ts';
import type { Message } from '../../src/model.ts';
import { acceptsEveryKind } from '../kit/hooked.ts';
import { NOW } from '../kit/channel-io.ts';

const MESSAGE: Message = { title: 't', body: 'b', level: 'info', style: 'text', format: 'text' };
const HOOK = { url: 'https://chat.example/hooks/abc' };

const rendered = (change: Partial<Message>, config: object = {}) =>
  mattermost.render({ ...MESSAGE, ...change }, mattermost.config.parse({ ...HOOK, ...config }), NOW, 'task');

test('the stand-in takes every kind of message', async (t) => {
  await acceptsEveryKind(t, mattermost, 'abc', (url) => ({ url: `${url}/hooks/abc` }));
});

test('what the webhook may override goes into the message', () => {
  const overrides = {
    channel: 'town-square',
    username: '告警',
    icon_url: 'https://x.example/i.png',
    icon_emoji: ':fire:',
  };
  assert.deepEqual(rendered({}, overrides), { ...overrides, text: 't\nb' });
});

test('a direct message names a person, who is masked in answers; a channel is nobody', () => {
  const people = (channel: string) => mattermost.people?.(mattermost.config.parse({ ...HOOK, channel }));
  assert.deepEqual(people('@ann.lee'), ['ann.lee']);
  assert.deepEqual(people('town-square'), []);
});

test('only mentions call people', () => {
  const body = 'ask @ann or @channel, <!here> or mail a@b.example';
  for (const style of ['text', 'card'] as const) {
    for (const format of ['text', 'markdown'] as const) {
      const said = JSON.stringify(rendered({ body, title: '@all', style, format }));
      assert.ok(!/(?<!\w)@\w/.test(said) && !said.includes('<!') && said.includes('a@b.example'), said);
    }
  }
});
