import type { TestContext } from 'node:test';
import type { Channel } from '../../src/channel/channel.ts';
import { fit } from '../../src/delivery/fit.ts';
import { createHttp } from '../../src/delivery/http-client.ts';
import type { Message, Outcome } from '../../src/model.ts';
import type { Bot } from '../../src/sandbox/stand-in.ts';
import { start } from '../sandbox/start.ts';
import { NOW, attempt, createIo } from './channel-io.ts';

/** A driver that speaks over real HTTP to the stand-in of its platform, whose clock stands still. */
export async function sandboxed(t: TestContext, channel: Channel, bot: Omit<Bot, 'platform'>) {
  const { sandbox, clock } = await start(t, { bots: [{ platform: channel.name, unlimited: true, ...bot }] });
  const http = createHttp();
  t.after(async () => await http.close());
  const ask = createIo((request, signal) => http.request(request, signal, () => {}));
  let sent = 0;
  return {
    sandbox,
    clock,
    /** Sends every part of a message; the outcomes in order. */
    send: async (message: Message, config: object): Promise<readonly Outcome[]> => {
      const parsed = channel.config.parse({ ...config, base_url: `${sandbox.url}/${channel.name}` });
      const id = `0198c0de-${++sent}`;
      const outcomes: Outcome[] = [];
      for (const { payload } of fit(channel, message, parsed, { now: NOW, maxParts: 5, id })) {
        outcomes.push(await attempt(channel, payload, parsed, { ...ask, id: `${id}-${outcomes.length}` }));
      }
      return outcomes;
    },
  };
}

/** One message of each kind: every level, style and format; bare, rich, long. */
export const KINDS: readonly Message[] = (['info', 'warning', 'error'] as const).flatMap((level) =>
  (['text', 'card'] as const).flatMap((style) =>
    (['text', 'markdown'] as const).flatMap((format): Message[] => {
      const bare = { title: '磁盘将满', body: '剩余 **5%**\n请清理', level, style, format };
      return [
        bare,
        { ...bare, body: '' },
        {
          ...bare,
          fields: [{ name: '主机', value: 'db-1' }],
          url: 'https://ops.example/disk?a=1&b=(2)',
          mentions: { all: true, mobiles: ['13800000000'], ids: ['ou_1'] },
        },
        { ...bare, body: '很长的内容。'.repeat(500), url: 'https://ops.example/disk' },
      ];
    }),
  ),
);
