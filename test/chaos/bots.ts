import type { RateLimit } from '../../src/model.ts';

/** A bot of the sandbox. */
export interface Bot {
  readonly platform: 'webhook' | 'feishu' | 'wechat';
  /** Its token, and the name of the target that has it. */
  readonly name: string;
  /** Written into the configuration; absent: the default of the channel. */
  readonly rate_limit?: RateLimit;
  /** Most requests in windows of so many milliseconds: what the configuration, or the channel's default, says. */
  readonly windows: readonly { readonly most: number; readonly ms: number }[];
  /** The sandbox does not hold it to the official limit. */
  readonly unlimited?: boolean;
}

const bot = (platform: Bot['platform'], name: string, per: { second?: number; minute?: number }): Bot => ({
  platform,
  name,
  rate_limit: {
    ...(per.second !== undefined && { per_second: per.second }),
    ...(per.minute !== undefined && { per_minute: per.minute }),
  },
  windows: [
    ...(per.second === undefined ? [] : [{ most: per.second, ms: 1000 }]),
    ...(per.minute === undefined ? [] : [{ most: per.minute, ms: 60_000 }]),
  ],
});

const wide = (platform: Bot['platform'], name: string): Bot => ({
  platform,
  name,
  rate_limit: 'off',
  windows: [],
  unlimited: true,
});

export const BOTS = {
  wide: wide('webhook', 'wide'),
  second: bot('webhook', 'second', { second: 4 }),
  minute: bot('webhook', 'minute', { minute: 10 }),
  aside: wide('webhook', 'aside'),
  /** Takes what the others do not. */
  last: wide('webhook', 'last'),
  /** Swallows requests, when it is told to. */
  dark: wide('webhook', 'dark'),
  /** Refuses everything. */
  closed: wide('webhook', 'closed'),
  /** At the channel's own limit, which the sandbox knows. */
  feishu: {
    platform: 'feishu',
    name: 'feishu',
    windows: [
      { most: 4, ms: 1000 },
      { most: 98, ms: 60_000 },
    ],
  },
  wechat: { platform: 'wechat', name: 'wechat', windows: [{ most: 18, ms: 60_000 }] },
  /** Takes 2048 bytes at once. */
  narrow: wide('wechat', 'narrow'),
} satisfies { readonly [name: string]: Bot };

export interface Recipient {
  readonly alias: string;
  readonly strategy: 'all' | 'failover';
  readonly bots: readonly Bot[];
}

export const RECIPIENTS: readonly Recipient[] = [
  { alias: 'one', strategy: 'all', bots: [BOTS.wide] },
  { alias: 'burst', strategy: 'all', bots: [BOTS.second] },
  { alias: 'both', strategy: 'all', bots: [BOTS.feishu, BOTS.aside] },
  { alias: 'pair', strategy: 'all', bots: [BOTS.second, BOTS.aside] },
  { alias: 'chain', strategy: 'failover', bots: [BOTS.wechat, BOTS.minute, BOTS.last] },
  { alias: 'limited', strategy: 'failover', bots: [BOTS.minute, BOTS.last] },
  { alias: 'long', strategy: 'all', bots: [BOTS.narrow] },
  { alias: 'dark', strategy: 'failover', bots: [BOTS.dark, BOTS.last] },
  { alias: 'lonely', strategy: 'all', bots: [BOTS.dark] },
  { alias: 'closed', strategy: 'all', bots: [BOTS.closed] },
  { alias: 'nobody', strategy: 'all', bots: [] },
];
