import type { SandboxMessage } from '../../src/sandbox/ledger.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { type Tally, createTally } from './tally.ts';
import { titlesIn } from './titles.ts';

/** A message as a bot has received it. */
export interface Arrival {
  /** `<platform>/<token>`. */
  readonly bot: string;
  /** What it carries: one, or those of a digest. */
  readonly titles: readonly string[];
  /** From 1; both 1 for a message that is whole. */
  readonly part: number;
  readonly parts: number;
  /** Milliseconds on the monotonic clock of this process. */
  readonly at: number;
}

/** A request that a platform refused by its own rules: a throttle answer, or something it cannot read. */
export interface Refused {
  /** `<platform>/<token>`. */
  readonly bot: string;
  /** What it has answered. */
  readonly answer: string;
  /** Milliseconds on the monotonic clock of this process. */
  readonly at: number;
}

/** What the sandbox has seen since its start, and nothing that the server says of itself. */
export interface Record {
  readonly arrivals: readonly Arrival[];
  readonly refusals: readonly Refused[];
  /** Counts the arrivals. */
  readonly arrived: Tally;
  /** Counts the requests that a fault has struck. */
  readonly struck: Tally;
}

export function keepRecord(sandbox: Sandbox): Record {
  const arrivals: Arrival[] = [];
  const refusals: Refused[] = [];
  const arrived = createTally();
  const struck = createTally();
  sandbox.subscribe((event) => {
    if (event.type === 'message') {
      arrivals.push(arrivalOf(event.message));
      arrived.add();
    } else if (event.type === 'refusal') {
      const { platform, token, code, reason } = event.refusal;
      if (reason === FAULT) struck.add();
      else refusals.push({ bot: `${platform}/${token}`, answer: `${code} ${reason}`, at: performance.now() });
    }
  });
  return { arrivals, refusals, arrived, struck };
}

/** The reason that the sandbox names for a fault that was ordered. */
const FAULT = '注入的故障';

function arrivalOf({ platform, token, title, text }: SandboxMessage): Arrival {
  const whole = `${title}\n${text}`;
  const [, part = '1', parts = '1'] = /\((\d+)\/(\d+)\)/.exec(whole) ?? [];
  return {
    bot: `${platform}/${token}`,
    titles: titlesIn(whole),
    part: Number(part),
    parts: Number(parts),
    at: performance.now(),
  };
}
