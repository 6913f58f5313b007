/** Everybody who is pushed to: an alias and the path of its only bot. */
export const BOTS = {
  bench: '/open-apis/bot/v2/hook/bench',
  other: '/open-apis/bot/v2/hook/other',
} as const;

export type Alias = keyof typeof BOTS;

/** Slots of either pool, and pushes at once. */
export const CONCURRENCY = 64;

/** Seconds: longer than the pause of the lane that messages wait in, or they would fail at once. */
const DEADLINE = 7200;

/** A recipient may hold nine tenths of the buffer: the last tenth is kept for the others. */
const SHARE_OF_ONE = 0.9;

/**
 * The configuration as shipped, with what a bench has to change: where it listens and writes, how much may wait, and
 * bots without a limit.
 * @param folder for the log
 * @param sink where the bots are
 * @param waiting most pushes that wait for one recipient
 */
export function configuration({ folder, sink, waiting }: { folder: string; sink: string; waiting: number }): string {
  return `
server: {port: 0}
log: {file_path: ${JSON.stringify(`${folder}/app.log`)}}
queue: {worker_count: ${CONCURRENCY}, max_concurrent_per_platform: ${CONCURRENCY}, buffer_size: ${Math.ceil(waiting / SHARE_OF_ONE) + CONCURRENCY}, deadline: ${DEADLINE}}
digest: {enabled: false}
recipients:${Object.entries(BOTS)
    .map(([alias, path]) => recipient(alias, sink + path))
    .join('')}
`;
}

const recipient = (alias: string, url: string) => `
  ${alias}: {platforms: {feishu: {webhooks: [{url: ${JSON.stringify(url)}, rate_limit: off}]}}}`;
