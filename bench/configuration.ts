/** Who is pushed to; each has one bot. */
const ALIASES = ['bench', 'other'] as const;

export type Alias = (typeof ALIASES)[number];

/** Aliases of two hundred who are pushed to in turn. */
export const CROWD: readonly string[] = Array.from({ length: 200 }, (_, i) => `crowd-${i}`);

/** Where the bot of an alias is. */
export const pathOf = (alias: string): string => `/open-apis/bot/v2/hook/${alias}`;

/** Slots of either pool, and pushes at once. */
export const CONCURRENCY = 64;

/** Seconds: longer than the pause of the lane that messages wait in, or they would fail at once. */
export const DEADLINE = 7200;

/** A recipient may hold nine tenths of the buffer: the last tenth is kept for the others. */
const SHARE_OF_ONE = 0.9;

/** Where the server keeps what it has accepted. */
export type StoreChoice =
  | { readonly driver: 'memory' }
  | { readonly driver: 'sqlite'; readonly path: string }
  | { readonly driver: 'postgres'; readonly url: string };

export interface Circumstances {
  /** For the log. */
  readonly folder: string;
  /** Where the bots are. */
  readonly sink: string;
  readonly store: StoreChoice;
  /** Most pushes that wait for one recipient. Without it pools and buffer are as shipped. */
  readonly waiting?: number | undefined;
  /** With the crowd among the recipients. */
  readonly crowd?: boolean | undefined;
}

/**
 * The configuration as shipped, with what a bench has to change: where it listens and writes, how much may wait, and
 * bots without a limit.
 */
export function configuration({ folder, sink, store, waiting, crowd = false }: Circumstances): string {
  const size =
    waiting === undefined
      ? {}
      : {
          worker_count: CONCURRENCY,
          max_concurrent_per_platform: CONCURRENCY,
          buffer_size: Math.ceil(waiting / SHARE_OF_ONE) + CONCURRENCY,
        };
  return `
server: {port: 0}
log: {file_path: ${JSON.stringify(`${folder}/app.log`)}}
store: ${JSON.stringify(store)}
queue: ${JSON.stringify({ ...size, deadline: DEADLINE })}
digest: {enabled: false}
recipients:${[...ALIASES, ...(crowd ? CROWD : [])].map((alias) => recipient(alias, sink)).join('')}
`;
}

const recipient = (alias: string, sink: string) => `
  ${alias}: {platforms: {feishu: {webhooks: [{url: ${JSON.stringify(sink + pathOf(alias))}, rate_limit: off}]}}}`;
