import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OK, createRig } from '../kit/rig.ts';

const PUSH = { recipient_alias: 'ops', content: { title: 't', msg: 'm' }, idempotency_key: 'k' };

test('a refused push leaves no trace and can be made again', async () => {
  const rig = createRig({ recipients: { ops: { feishu: ['f1'] } }, buffer: 1 });
  const answer = Promise.withResolvers<typeof OK>();
  rig.script('f1', () => answer.promise);
  const first = await rig.push('ops', 'all');

  const refused = await rig.service.push(PUSH, '');
  assert.equal(refused.kind, 'busy');
  assert.ok(refused.kind === 'busy' && refused.retry_after > 0);
  assert.deepEqual((await rig.store.list({ limit: 10 })).tasks, [first]);

  answer.resolve(OK);
  await rig.finished(first);
  assert.equal(rig.sent.length, 1);
  // Its key was not claimed either.
  const again = await rig.service.push(PUSH, '');
  assert.ok(again.kind === 'accepted' && !again.replayed);
});
