import type { Task } from '../model.ts';
import type { Claimed, Inserted } from '../store/store.ts';
import type { PushAnswer } from './answer.ts';
import type { FieldFault } from './faults.ts';

export type PushReply =
  | { readonly kind: 'accepted'; readonly answer: PushAnswer; readonly replayed: boolean }
  | { readonly kind: 'invalid'; readonly faults: readonly FieldFault[] }
  | { readonly kind: 'unknown_recipient'; readonly alias: string }
  | { readonly kind: 'conflict' }
  /** Full or draining; `retry_after` in seconds. Nothing was stored. */
  | { readonly kind: 'busy'; readonly retry_after: number }
  /** The store cannot be written to. Nothing was stored. */
  | { readonly kind: 'unavailable'; readonly retry_after: number }
  /** Nobody knows whether it was stored; if it was, this is its task. */
  | { readonly kind: 'unclear'; readonly task_id: string; readonly retry_after: number };

export interface PreviewTarget {
  readonly platform: string;
  readonly webhook: string;
  /** Seconds until the lane could send this message, as far as is known now. */
  readonly forecast: number;
  /** One per part, secrets masked. Absent when the target cannot be rendered; then `error` says why. */
  readonly payloads?: readonly unknown[];
  readonly error?: string;
}

export type PreviewReply =
  | {
      readonly kind: 'preview';
      readonly data: {
        readonly recipient: string;
        readonly strategy: string;
        readonly plan: unknown;
        readonly targets: readonly PreviewTarget[];
        readonly warnings?: readonly string[];
      };
    }
  | Extract<PushReply, { kind: 'invalid' | 'unknown_recipient' }>;

/** Seconds after which a refused caller may ask again: a lane sends several messages in that time. */
const RETRY_AFTER = 5;

export const BUSY: PushReply = { kind: 'busy', retry_after: RETRY_AFTER };
export const UNAVAILABLE: PushReply = { kind: 'unavailable', retry_after: RETRY_AFTER };

/** What an insert that stored nothing, or perhaps nothing, comes to. */
export function refusalOf(inserted: Exclude<Inserted, { kind: 'inserted' }>, { id }: Task): PushReply {
  switch (inserted.kind) {
    case 'unavailable':
      return UNAVAILABLE;
    case 'unclear':
      return { kind: 'unclear', task_id: id, retry_after: RETRY_AFTER };
    default:
      return replyOf(inserted);
  }
}

/** What a key was answered before. */
export function replyOf(known: Claimed): PushReply {
  if (known.kind === 'conflict') return known;
  return { kind: 'accepted', answer: known.answer as PushAnswer, replayed: true };
}
