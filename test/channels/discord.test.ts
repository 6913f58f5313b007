import assert from 'node:assert/strict';
import { test } from 'node:test';
import discord from '../../src/channels/discord.ts';
import { fit } from '../../src/delivery/fit.ts';
import type { Message } from '../../src/model.ts';
import { acceptsEveryKind } from '../kit/hooked.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';

const URL = 'https://discord.com/api/webhooks/123/abc-D_e';
const CARD: Message = { title: 't', body: 'b', level: 'info', style: 'card', format: 'text' };

interface Payload {
  readonly content?: string;
  readonly thread_name?: string;
  readonly embeds?: readonly [
    {
      readonly title: string;
      readonly description?: string;
      readonly fields?: readonly { name: string; value: string }[];
    },
  ];
  readonly allowed_mentions: { readonly parse: readonly string[]; readonly users?: readonly string[] };
}
const rendered = (change: Partial<Message>, config: object = {}): Payload =>
  discord.render({ ...CARD, ...change }, discord.config.parse({ url: URL, ...config }), NOW, 'task') as Payload;

async function requestOf(config: object) {
  const platform = scriptedHttp({ status: 200, body: '{"id":"1"}' });
  const parsed = discord.config.parse(config);
  await attempt(discord, discord.render(CARD, parsed, NOW, 'task'), parsed, createIo(platform.http));
  return platform.requests[0]!;
}

test('the stand-in takes every kind of message', async (t) => {
  await acceptsEveryKind(t, discord, '123', (url) => ({ url: `${url}/api/webhooks/123/abc`, username: '告警' }));
});

test('it asks to wait, and keeps the thread and whatever else the URL carries', async () => {
  assert.equal((await requestOf({ url: URL })).url, `${URL}?wait=true`);
  assert.equal((await requestOf({ url: `${URL}?thread_id=5&wait=false` })).url, `${URL}?thread_id=5&wait=true`);
  assert.equal((await requestOf({ url: URL, thread_id: 77 })).url, `${URL}?wait=true&thread_id=77`);
});

test('a webhook is one lane, however its URL is spelled', () => {
  const key = (url: string) => discord.credential(discord.config.parse({ url }));
  assert.equal(key('https://discordapp.com/api/v10/webhooks/123/abc-D_e?thread_id=5'), key(URL));
  assert.equal(key('http://127.0.0.1:8080/api/webhooks/123/abc-D_e/'), key(URL));
  assert.notEqual(key(`${URL}x`), key(URL));
});

test('only who is named is called, in the text and not in the embed', () => {
  const mentions = { all: false, mobiles: [], ids: ['123456789', '123456789', '&987654321'] };
  const { content, allowed_mentions } = rendered({ body: '<@111111> @here', mentions });
  assert.equal(content, '<@123456789> <@123456789> <@&987654321>');
  assert.deepEqual(allowed_mentions, { parse: [], users: ['123456789'], roles: ['987654321'] });
  assert.deepEqual(rendered({ body: '<@111111> @everyone' }).allowed_mentions, { parse: [] });
});

test('a forum’s thread gets its name', () => {
  assert.equal(rendered({}, { thread_name: '告警' }).thread_name, '告警');
});

test('fields beyond the limits of an embed are lines of its text', () => {
  const fields = [
    { name: 'n'.repeat(150), value: 'x' },
    { name: '*'.repeat(150), value: 'long name' },
    { name: 'long value', value: 'v'.repeat(1025) },
    ...Array.from({ length: 30 }, (_, i) => ({ name: `n${i}`, value: `v${i}` })),
  ];
  const { embeds } = rendered({ fields });
  const { fields: taken = [], description = '' } = embeds![0];
  assert.ok(taken.length <= 25 && taken.every(({ name, value }) => name.length <= 256 && value.length <= 1024));
  for (const { value } of fields) {
    assert.ok(taken.some((field) => field.value === value) || description.includes(value), value);
  }
});

test('all texts of a fitted embed stay within 6,000 characters, and its title within 256', () => {
  const config = discord.config.parse({ url: URL });
  const fields = Array.from({ length: 24 }, (_, i) => ({ name: `name ${i}`, value: '值'.repeat(200) }));
  const message = { ...CARD, title: '*'.repeat(400), body: '囍_'.repeat(5000), fields };
  const parts = fit(discord, message, config, { now: NOW, maxParts: 20, id: 'task' });
  assert.ok(parts.length > 2);
  for (const { payload } of parts) {
    const { title, description = '', fields: taken = [] } = (payload as Payload).embeds![0];
    const sum = [title, description, ...taken.flatMap(({ name, value }) => [name, value])].join('').length;
    assert.ok(sum <= 6000 && title.length <= 256 && description.length <= 4096);
  }
});
