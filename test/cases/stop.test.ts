import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { createTestApp } from '../kit/app.ts';

test('a stop in a hurry does not wait for a client that never finishes its request', async () => {
  const t = await createTestApp('recipients: {}');
  const socket = connect(Number(new URL(t.url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(
    'POST /api/v1/push HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
  );
  socket.on('error', () => {});
  await t.clock.advance(0);
  for (let i = 0; i < 200; i++) await turn();
  const { done, hurry } = t.app.stop();
  const ended = { over: false };
  void done.then(() => (ended.over = true));
  hurry();
  for (let i = 0; i < 5000 && !ended.over; i++) await turn();
  const inTime = ended.over;
  await t.clock.advance(60_000); // lets it end, for the sake of the other tests
  socket.destroy();
  await done;
  assert.ok(inTime, 'nothing was in hand, and the exit was to be forced');
});
