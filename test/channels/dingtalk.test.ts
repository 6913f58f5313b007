import assert from 'node:assert/strict';
import { test } from 'node:test';
import dingtalk from '../../src/channels/dingtalk.ts';
import { measure } from '../../src/delivery/measure.ts';
import type { Message } from '../../src/model.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';

const ROBOT = 'https://oapi.dingtalk.com/robot/send?access_token=abc';
const MESSAGE: Message = { title: 't', body: 'b', level: 'info', style: 'text', format: 'text' };

async function requestOf(config: unknown, options: { now?: Date; id?: string } = {}) {
  const platform = scriptedHttp({ status: 200, body: '{"errcode":0}' });
  const parsed = dingtalk.config.parse(config);
  await attempt(dingtalk, dingtalk.render(MESSAGE, parsed, NOW, 'task'), parsed, createIo(platform.http, options));
  return platform.requests[0]!;
}

test('a robot with a secret is asked with a signature of this moment', async () => {
  const secret = 'SECtest-secret-123';
  const first = await requestOf({ url: ROBOT, secret });
  assert.equal(first.url, `${ROBOT}&timestamp=1700000000000&sign=OdCH901FOf73VhFoU%2FE7B7DzgzJbshAF1ZFsnN4AYZg%3D`);
  const later = await requestOf({ url: ROBOT, secret }, { now: new Date(1_700_000_060_000) });
  assert.match(later.url, /timestamp=1700000060000/);
  assert.notEqual(later.url.split('sign=')[1], first.url.split('sign=')[1]);
});

test('a robot without a secret is asked at the URL as it was written', async () => {
  assert.equal(
    (await requestOf({ url: 'http://127.0.0.1:9/robot/send?access_token=a%20b&x=1' })).url,
    'http://127.0.0.1:9/robot/send?access_token=a%20b&x=1',
  );
});

test('the msgUuid is the same on every attempt, another for another message, and of a fixed length', async () => {
  const uuid = async (id: string) =>
    /"msgUuid":"([^"]*)"/.exec((await requestOf({ url: ROBOT }, { id })).body ?? '')?.[1];
  assert.equal(await uuid('a-0-0'), await uuid('a-0-0'));
  assert.notEqual(await uuid('a-0-0'), await uuid('a-0-1'));
  assert.equal((await uuid('x'.repeat(300)))?.length, 32);
});

test('the limit leaves exactly the room that the msgUuid takes', async () => {
  const { body = '' } = await requestOf({ url: ROBOT });
  const payload = dingtalk.render(MESSAGE, dingtalk.config.parse({ url: ROBOT }), NOW, 'task');
  const [limit] = dingtalk.limits.size;
  assert.equal(Buffer.byteLength(body) - measure(payload, limit!), 20_000 - limit!.max);
});

test('a URL copied with an old signature is the same robot', () => {
  const key = (url: string) => dingtalk.credential(dingtalk.config.parse({ url }));
  assert.equal(key(`${ROBOT}&timestamp=1&sign=x`), key(ROBOT));
  assert.notEqual(key(`${ROBOT}d`), key(ROBOT));
});

test('what is no telephone number is written and not mentioned, and does not cost the message', () => {
  const mentions = { all: false, mobiles: ['13800000000', '+86 139 0000 0000', '<x>', '', 'alice'], ids: ['u1'] };
  const payload = dingtalk.render({ ...MESSAGE, mentions }, dingtalk.config.parse({ url: ROBOT }), NOW, 'task');
  assert.deepEqual(payload, {
    msgtype: 'text',
    text: { content: 't\nb\n@13800000000 @13900000000 @u1 @<x> @alice' },
    at: { atMobiles: ['13800000000', '13900000000'], atUserIds: ['u1'], isAtAll: false },
  });
});
