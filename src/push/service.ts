import type { Task } from '../model.ts';

/** `data` of an accepted push. */
export interface PushAnswer {
  readonly task_id: string;
  readonly recipient: string;
  readonly strategy: string;
  readonly style: string;
  readonly type: string;
  readonly title: string;
  /** ISO 8601, UTC. */
  readonly created_at: string;
  readonly warnings?: readonly string[];
}

export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

export type PushReply =
  | { readonly kind: 'accepted'; readonly answer: PushAnswer; readonly replayed: boolean }
  | { readonly kind: 'invalid'; readonly faults: readonly FieldFault[] }
  | { readonly kind: 'unknown_recipient'; readonly alias: string }
  | { readonly kind: 'conflict' }
  /** Full or draining; `retry_after` in seconds. Nothing was stored. */
  | { readonly kind: 'busy'; readonly retry_after: number };

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

export interface PushService {
  /**
   * @param body the JSON of one push, of any shape
   * @param caller the name of the token ('' = anonymous): idempotency keys belong to it
   * @param key the `Idempotency-Key` header, if there was one
   */
  push(body: unknown, caller: string, key?: string): Promise<PushReply>;
  preview(body: unknown): Promise<PreviewReply>;
  /** The task once it is terminal, or as it stands after `ms` milliseconds; undefined = unknown. */
  wait(id: string, ms: number): Promise<Task | undefined>;
  stats(): { in_hand: number; capacity: number; draining: boolean };
}

