import type { Channel } from '../channel/channel.ts';
import type { Failure, Message, Outcome, Success, Target, Trail } from '../model.ts';
import type { LeafRef } from '../store/store.ts';

/** How a delivery ended. */
export interface Ending {
  readonly outcome: Outcome;
  /** Our clock ended the last attempt. */
  readonly timed_out: boolean;
  readonly digest_id?: string;
}

/** For whose sake a message travels: one leaf of a task, or the members of a digest. */
export interface Sender {
  /** The same on every attempt; with the number of the part it is the idempotency value. */
  readonly id: string;
  /** The ids of its tasks. */
  readonly tasks: readonly string[];
  readonly digest_id?: string;
  /** Where it goes, as configured now; undefined when the target is gone or disabled. */
  target(): Target | undefined;
  /** Made when sending becomes possible: a digest is not composed before. */
  message(target: Target, channel: Channel): Message;
  /** May be folded into a digest now. */
  foldable(): boolean;
  /** It is about to wait in its lane again, nothing of it having been accepted. False: it does not, and has ended. */
  waiting(): boolean;
  /** The first or next request is about to leave. */
  began(): void;
  /** How far it has come, for a store that outlives the process. */
  mark(trail: Trail): void;
  /** Its leaves. */
  leaves(): LeafRef[];
  /** A request was answered, or given up; throttle answers are not told. */
  attempted(outcome: Outcome): void;
  /** "Too fast", with nothing accepted yet. */
  throttled(failure: Failure): void;
  /** An attempt is behind it, and there may be another: whoever has no time for that ends like this. */
  overdue(ending: Ending): void;
  /** Its lane is closed for `ms` milliseconds; 0 = it is open. False: it has ended, or has not that much time. */
  outlives(ms: number): boolean;
  /** The end. */
  ended(ending: Ending): void;
  /** Who travels with the attempt that begins. */
  aboard(): readonly Sender[];
  /** An attempt that was given up has arrived after all. */
  arrivedLate(success: Success, digest_id?: string): void;
  /** Takes the message back if nothing has arrived of it. */
  withdraw(): void;
  /** Its time is over: nothing new may be sent for it. */
  isOver(): boolean;
  /** Nobody needs it any more, unless it has begun. */
  isUnwanted(): boolean;
}
