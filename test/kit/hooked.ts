import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Channel } from '../../src/channel/channel.ts';
import { fit } from '../../src/delivery/fit.ts';
import { createHttp } from '../../src/delivery/http-client.ts';
import type { Message } from '../../src/model.ts';
import type { SandboxMessage } from '../../src/sandbox/ledger.ts';
import { start } from '../sandbox/start.ts';
import { NOW, attempt, createIo } from './channel-io.ts';
import { hostileMessage } from './hostile.ts';
import { KINDS } from './sandboxed.ts';

/**
 * Sends a message of every kind, and hostile ones, over real HTTP to the stand-in of the platform: each must be accepted
 * and, by its title, be recognised.
 * @param configOf the target, given the address of the sandbox
 * @returns what people see, in the order of sending
 */
export async function acceptsEveryKind(
  t: TestContext,
  channel: Channel,
  token: string,
  configOf: (url: string) => object,
): Promise<readonly SandboxMessage[]> {
  const { sandbox } = await start(t, { bots: [{ platform: channel.name, token, unlimited: true }] });
  const http = createHttp();
  t.after(async () => await http.close());
  const io = createIo((request, signal) => http.request(request, signal, () => {}));
  const config = channel.config.parse(configOf(sandbox.url));
  for (const [i, message] of [...KINDS, ...HOSTILE].entries()) {
    const before = sandbox.messages().length;
    const parts = fit(channel, message, config, { now: NOW, maxParts: 5, id: 'task' });
    for (const [part, { payload }] of parts.entries()) {
      const outcome = await attempt(channel, payload, config, { ...io, id: `${i}-${part}` });
      assert.deepEqual(outcome, { ok: true }, JSON.stringify({ message, payload }));
    }
    const seen = sandbox.messages().slice(0, sandbox.messages().length - before);
    assert.equal(seen.length, parts.length);
    if (i >= KINDS.length) {
      for (const { mentions = [] } of seen) assert.deepEqual(mentions, [], JSON.stringify(seen));
      continue;
    }
    for (const { title, text, level } of seen) {
      assert.ok(`${title}\n${text}`.includes(message.title), text);
      if (message.style === 'card') assert.equal(level, message.level);
    }
  }
  assert.deepEqual(sandbox.refusals(), []);
  return sandbox.messages().toReversed();
}

const HOSTILE: readonly Message[] = (['text', 'card'] as const).flatMap((style) =>
  (['text', 'markdown'] as const).map((format) => clean(hostileMessage(style, format))),
);

/** As the core hands it over: one line of title, no control characters, well-formed. */
function clean(message: Message): Message {
  const shown = (text: string) => text.replace(/[^\P{Cc}\t\n]/gu, '').toWellFormed();
  return {
    ...message,
    title: shown(message.title).replaceAll('\n', ' '),
    body: shown(message.body),
    fields: (message.fields ?? []).map(({ name, value }) => ({
      name: shown(name).replaceAll('\n', ' '),
      value: shown(value),
    })),
    url: new URL(message.url ?? '').href,
  };
}
