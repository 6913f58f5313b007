import assert from 'node:assert/strict';
import { test } from 'node:test';
import matrix from '../../src/channels/matrix.ts';
import type { Message } from '../../src/model.ts';
import { acceptsEveryKind } from '../kit/hooked.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';

const ROOM = { base_url: 'https://matrix.example.org/', access_token: 'syt_x', room_id: '!a*(b):example.org' };
const MESSAGE: Message = { title: 't', body: 'b', level: 'info', style: 'text', format: 'text' };

async function requestOf(id: string) {
  const platform = scriptedHttp({ status: 200, body: '{"event_id":"$1"}' });
  const config = matrix.config.parse(ROOM);
  const outcome = await attempt(
    matrix,
    matrix.render(MESSAGE, config, NOW, 'task'),
    config,
    createIo(platform.http, { id }),
  );
  assert.ok(outcome.ok);
  return platform.requests[0]!;
}

test('the stand-in takes every kind of message', async (t) => {
  const config = { access_token: 'syt_x', room_id: '!room:example.org' };
  await acceptsEveryKind(t, matrix, 'syt_x', (url) => ({ ...config, base_url: `${url}/matrix` }));
});

test('an event is put under a transaction id that is the same on every attempt, with room and id percent-encoded', async () => {
  const { method, url, headers } = await requestOf('0198c0de-0-1');
  assert.equal(method, 'PUT');
  assert.equal(
    url,
    'https://matrix.example.org/_matrix/client/v3/rooms/%21a%2A%28b%29%3Aexample.org/send/m.room.message/0198c0de-0-1',
  );
  assert.equal(headers?.['authorization'], 'Bearer syt_x');
  assert.equal((await requestOf('0198c0de-0-1')).url, url);
  assert.notEqual((await requestOf('0198c0de-0-2')).url, url);
  assert.ok((await requestOf('a/b?c')).url.endsWith('/a%2Fb%3Fc'));
});

test('all rooms of one account share its limit, and each is a lane', () => {
  const a = matrix.config.parse(ROOM);
  const b = matrix.config.parse({ ...ROOM, room_id: '!other:example.org' });
  assert.equal(matrix.account?.key(a), matrix.account?.key(b));
  assert.notEqual(matrix.credential(a), matrix.credential(b));
});

test('a notice is one only if it is asked for', () => {
  const type = (config: object): unknown =>
    Object(matrix.render(MESSAGE, matrix.config.parse({ ...ROOM, ...config }), NOW, 'task')).msgtype;
  assert.equal(type({}), 'm.text');
  assert.equal(type({ msgtype: 'm.notice' }), 'm.notice');
});
