import type { Channel } from '../../src/channel/channel.ts';
import { loadChannels } from '../../src/channel/registry.ts';
import { fit } from '../../src/delivery/fit.ts';
import type { Message } from '../../src/model.ts';
import { loadFixture } from '../../test/kit/fixture.ts';
import { median } from '../median.ts';
import type { Figures, Row, Terms } from '../row.ts';

/** Milliseconds of one measurement of one channel; as long again for the floor beside it. */
const SPELL_MS = 40;

/** Bytes of the text of the card. */
const TEXT = 2000;

/** What a delivery does before it sends: the message in the words of the platform, measured against its limits. */
export const render: Row = {
  name: 'render',
  measure: 'render + fit of a card a second, slowest channel, and JSON.stringify',
  bar: { least: 0.05 },
  aim: { least: 0.1 },
  judged: 'ratio',
  write: (value) => value.toFixed(0),
  run: measure,
};

async function measure({ runs, scale, tell }: Terms): Promise<Figures> {
  const spell = SPELL_MS * Math.max(scale, 0.25);
  const subjects = await Promise.all([...(await loadChannels()).values()].map(withConfig));
  const pairs = new Map<string, { floor: number; ours: number }[]>();
  for (let run = 0; run < runs; run++) {
    for (const { channel, config } of subjects) {
      for (const [kind, message] of MESSAGES) {
        const name = `${channel.name} (${kind})`;
        const now = new Date();
        const options = { now, maxParts: 20, id: '0198c0de-0000-7000-8000-000000000001' };
        const floor = rateOf(() => JSON.stringify(message).length, spell);
        const ours = rateOf(() => fit(channel, message, config, options).length, spell);
        pairs.set(name, [...(pairs.get(name) ?? []), { floor, ours }]);
      }
    }
  }
  const shares = [...pairs]
    .map(([name, found]) => ({ name, share: median(found.map(({ floor, ours }) => ours / floor)), found }))
    .toSorted((a, b) => a.share - b.share);
  for (const { name, share } of shares) tell(`${name.padEnd(28)} ${share.toFixed(3)} of JSON.stringify`);
  const [{ name, found }] = shares as [(typeof shares)[number]];
  const of = (side: 'floor' | 'ours') => found.map((pair) => pair[side]);
  return {
    floor: median(of('floor')),
    ours: median(of('ours')),
    runs: { floor: of('floor'), ours: of('ours') },
    details: { slowest: name, shares: Object.fromEntries(shares.map(({ name: n, share }) => [n, share])) },
  };
}

async function withConfig(channel: Channel): Promise<{ channel: Channel; config: unknown }> {
  const { config } = await loadFixture(channel.name);
  return { channel, config: channel.config.parse(config) };
}

/** Calls a second. The sum keeps the work from being left out. */
function rateOf(work: () => number, ms: number): number {
  let sum = 0;
  let calls = 0;
  const start = performance.now();
  let spent = 0;
  do {
    for (let i = 0; i < 20; i++) sum += work();
    calls += 20;
    spent = performance.now() - start;
  } while (spent < ms);
  if (sum < 0) throw new Error('nothing was rendered');
  return (calls * 1000) / spent;
}

const CARD = {
  title: '磁盘使用率告警',
  level: 'error',
  style: 'card',
  fields: [
    { name: '主机', value: 'db-1' },
    { name: '使用率', value: '91 %' },
  ],
  url: 'https://ops.example/alerts/1',
} as const;

const LINE = '磁盘 /data 的使用率已超过阈值 90 %，请尽快处理 (db-1.example, cn-east)\n';
const MARKED = '- **磁盘** `/data` 的使用率已超过 *阈值* 90 %，见 [看板](https://ops.example/d/1)\n';

const MESSAGES: readonly (readonly [string, Message])[] = [
  ['text', { ...CARD, format: 'text', body: textOf(LINE) }],
  ['markdown', { ...CARD, format: 'markdown', body: textOf(MARKED) }],
];

/** As many whole lines as fit. */
function textOf(line: string): string {
  return line.repeat(Math.floor(TEXT / Buffer.byteLength(line)));
}
