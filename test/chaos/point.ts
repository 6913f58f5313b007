/**
 * Where a server ends itself, or stands still. `storing`: a push is about to be stored; `committing`: it is being stored; `accepted`: it
 * is stored, the caller has no answer yet; `departing`: `sending` is about to be recorded; `leaving`: it is recorded, and
 * the first byte has not left; `answered`: the platform has answered, nothing of that is recorded; `finishing`: all
 * outcomes are known, the end is not recorded; `noticed`: the end is stored with its notice, no sink has it.
 */
export type PointName =
  | 'storing'
  | 'committing'
  | 'accepted'
  | 'departing'
  | 'leaving'
  | 'answered'
  | 'finishing'
  | 'noticed';

export interface Point {
  readonly at: PointName;
  /** At the how manieth time, from 1. */
  readonly nth: number;
  /** `leaving` and `answered`: only requests whose body holds this text count. */
  readonly match?: string | undefined;
  /** It stops there until it is sent SIGCONT, instead of ending. */
  readonly frozen?: boolean;
}

/** The variable of the child's environment that holds a Point as JSON. */
export const POINT_VARIABLE = 'CHAOS_POINT';
