import type { Channel } from '../../src/channel/channel.ts';
import { loadChannels } from '../../src/channel/registry.ts';
import { fit } from '../../src/delivery/fit.ts';
import type { Format, Message } from '../../src/model.ts';
import { loadFixture } from '../../test/kit/fixture.ts';
import { median } from '../median.ts';
import type { Figures, Row, Terms } from '../row.ts';

/** Milliseconds of one measurement of one channel; as long again for the floor beside it. */
const SPELL_MS = 40;

/** In so many turns of the two, so that whatever slows the machine for a while slows both. */
const TURNS = 8;

/** Bytes of the card as JSON: title, text, fields and link together, so that it is one part wherever the limits allow it. */
const CARD_BYTES = 2000;

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
        const floor = { calls: 0, ms: 0 };
        const ours = { calls: 0, ms: 0 };
        for (let turn = 0; turn < TURNS; turn++) {
          work(floor, spell / TURNS, () => JSON.stringify(message).length);
          work(ours, spell / TURNS, () => fit(channel, message, config, options).length);
        }
        pairs.set(name, [...(pairs.get(name) ?? []), { floor: rateOf(floor), ours: rateOf(ours) }]);
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

interface Work {
  calls: number;
  /** Of this thread, so that other processes on the machine do not count. */
  ms: number;
}

/** The sum keeps the work from being left out. */
function work(done: Work, ms: number, call: () => number): void {
  let sum = 0;
  const start = cpuMs();
  let spent = 0;
  do {
    for (let i = 0; i < 20; i++) sum += call();
    done.calls += 20;
    spent = cpuMs() - start;
  } while (spent < ms);
  done.ms += spent;
  if (sum < 0) throw new Error('nothing was rendered');
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Calls a second. */
const rateOf = ({ calls, ms }: Work): number => (calls * 1000) / ms;

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

const LINE = '磁盘 /data 的使用率已超过阈值 90 %，请值班同学尽快处理并检查备份 (db-1.example)\n';
const MARKED =
  '- **磁盘** `/data` 的使用率已超过 *阈值* 90 %，请值班同学尽快处理并检查备份，见 [看板](https://ops.example/d/1)\n';

const MESSAGES: readonly (readonly [string, Message])[] = [
  ['text', cardOf('text', LINE)],
  ['markdown', cardOf('markdown', MARKED)],
];

/** As many whole lines as fit. */
function cardOf(format: Format, line: string): Message {
  const bytes = (message: Message) => Buffer.byteLength(JSON.stringify(message));
  const empty = { ...CARD, format, body: '' };
  const more = bytes({ ...empty, body: line }) - bytes(empty);
  return { ...empty, body: line.repeat(Math.floor((CARD_BYTES - bytes(empty)) / more)) };
}
