import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Channel } from '../../src/channel/channel.ts';
import type { Message } from '../../src/model.ts';
import { NOW, attempt, createIo } from './channel-io.ts';
import { sandboxed } from './sandboxed.ts';
import type { TokenPlatform } from './token-platform.ts';

const MESSAGE: Message = { title: 't', body: 'b', level: 'info', style: 'text', format: 'text' };

/**
 * Tests what every driver that sends with a token keeps to.
 * @param subject.target the configuration of one target
 * @param subject.account by which the stand-in knows the credential
 * @param subject.otherSecret what makes it another credential
 * @param subject.otherPeople what makes it another target of the same credential
 * @param subject.refused the platform's code for a token that is not valid
 * @param subject.expired the stand-in's code for one that has come to its end
 */
export function tokenLaws(
  channel: Channel,
  subject: {
    readonly platform: () => TokenPlatform;
    readonly target: object;
    readonly account: string;
    readonly otherSecret: object;
    readonly otherPeople: object;
    readonly refused: string;
    readonly expired: string;
  },
): void {
  const { platform, target, account, otherSecret, otherPeople, refused, expired } = subject;
  const sendTo = (change: object, io: ReturnType<typeof createIo>) => {
    const config = channel.config.parse({ ...target, ...change });
    return attempt(channel, channel.render(MESSAGE, config, NOW, 'id'), config, io);
  };

  test('twenty sends fetch one token, and one more when it has expired', async () => {
    const { http, given, asked, revoke } = platform();
    const io = createIo(http);
    const twenty = () => Promise.all(Array.from({ length: 20 }, () => sendTo({}, io)));
    assert.ok((await twenty()).every(({ ok }) => ok));
    assert.equal(given(), 1);
    revoke();
    assert.ok((await twenty()).every(({ ok }) => ok));
    assert.deepEqual([given(), asked.length], [2, 20 + 40]);
    assert.ok((await twenty()).every(({ ok }) => ok));
    assert.equal(given(), 2);
  });

  test('a token that is refused twice is not asked for a third time', async () => {
    const { http, given, asked, revoke } = platform();
    revoke('all');
    const outcome = await sendTo({}, createIo(http));
    assert.ok(!outcome.ok && outcome.kind === 'unauthorized' && outcome.code === refused);
    assert.deepEqual([given(), asked.length], [2, 2]);
  });

  test('a token belongs to the whole credential and to the server it came from', async () => {
    const { http, given } = platform();
    const io = createIo(http);
    for (const change of [{}, otherSecret, { base_url: 'https://gateway.example/api/' }, otherPeople])
      await sendTo(change, io);
    assert.equal(given(), 3);
  });

  test('the stand-in’s token ends in time, and the message arrives once', async (t) => {
    const { sandbox, clock, send } = await sandboxed(t, channel, { token: account });
    const known = { ...target, ...otherSecret };
    assert.deepEqual(await send(MESSAGE, known), [{ ok: true }]);
    clock.advance(7_200_000);
    assert.deepEqual(await send(MESSAGE, known), [{ ok: true }]);
    assert.deepEqual(
      sandbox.refusals().map(({ code }) => code),
      [expired],
    );
    assert.equal(sandbox.messages().length, 2);
  });
}
