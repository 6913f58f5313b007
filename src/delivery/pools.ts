import PQueue from 'p-queue';

export interface PoolSettings {
  readonly worker_count: number;
  readonly max_concurrent_per_platform: number;
}

export interface Pools {
  /**
   * Runs `turn` once a slot of its channel and a slot of the server are free, and keeps both for as long as nobody else
   * waits for them and `again` asks for another turn.
   * @param slow the lane's last attempt timed out: such lanes share at most half of either kind of slot
   */
  run(platform: string, slow: boolean, turn: () => Promise<void>, again: () => boolean): Promise<void>;
  /** Takes changed settings over. */
  apply(): void;
}

/** The two concurrency pools: one for the server, one for each channel. */
export function createPools(settings: () => PoolSettings): Pools {
  const server = pool();
  const channels = new Map<string, ReturnType<typeof pool>>();

  function apply(): void {
    const { worker_count, max_concurrent_per_platform } = settings();
    resize(server, worker_count);
    for (const channel of channels.values()) resize(channel, max_concurrent_per_platform);
  }
  apply();

  return {
    apply,
    async run(platform, slow, turn, again) {
      let channel = channels.get(platform);
      if (channel === undefined) {
        channels.set(platform, (channel = pool()));
        resize(channel, settings().max_concurrent_per_platform);
      }
      const { all, slow: half } = channel;
      const queues = slow ? [half, server.slow, all, server.all] : [all, server.all];
      const turns = async () => {
        do await turn();
        while (queues.every(isSpare) && again());
      };
      const job = () => all.add(() => server.all.add(turns));
      // A slow lane queues for its half first, where it holds no slot that another lane could use.
      await (slow ? half.add(() => server.slow.add(job)) : job());
    },
  };
}

function pool() {
  return { all: new PQueue(), slow: new PQueue() };
}

/** Nobody waits for a slot, and there are not more in use than there may be since a reload. */
const isSpare = (queue: PQueue): boolean => queue.size === 0 && queue.pending <= queue.concurrency;

function resize({ all, slow }: ReturnType<typeof pool>, size: number): void {
  all.concurrency = size;
  slow.concurrency = Math.max(1, Math.floor(size / 2));
}
