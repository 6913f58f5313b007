import type { Notice, Outcome, Task } from './model.ts';

/** Facts that leave the flow. Nothing in the flow waits for a listener. */
export interface Events {
  /** One HTTP request was answered. */
  requested: {
    readonly method: string;
    readonly path: string;
    readonly status: number;
    readonly ms: number;
    readonly ip: string;
    /** The name of the token, never the token. */
    readonly caller?: string;
  };
  accepted: { readonly task: Task };
  /** A push was refused; `outcome` is the metric label. */
  rejected: { readonly outcome: 'invalid' | 'unknown_recipient' | 'busy' | 'unavailable' | 'replayed' | 'conflict' };
  attempted: {
    /** Every task that the message stood for: one, or the members of a digest. */
    readonly tasks: readonly string[];
    readonly alias: string;
    readonly platform: string;
    readonly target: string;
    readonly outcome: Outcome;
    readonly timed_out: boolean;
    readonly ms: number;
    /** Part of a long message, from 1. */
    readonly part: number;
    readonly parts: number;
    readonly digest_id?: string | undefined;
  };
  /** One leaf reached somebody; milliseconds since its task was accepted. */
  delivered: { readonly platform: string; readonly ms: number };
  paused: { readonly platform: string; readonly target: string; readonly seconds: number };
  folded: { readonly platform: string; readonly target: string; readonly count: number; readonly digest_id: string };
  finished: { readonly task: Task };
  noticed: { readonly notice: Notice };
  /** A sink of the last line did not take a notice. */
  sink_failed: { readonly sink: string; readonly notice_id: string; readonly error: string };
  /** The store can no longer be written to, for that reason, or can be again. */
  store_changed: { readonly available: boolean; readonly error?: unknown };
  /** The unfinished tasks have been looked through. */
  audited: { readonly unaccounted: number; readonly overdue: number };
  reloaded: { readonly ok: boolean; readonly message: string };
  /** A bug: an exception nobody expected. */
  crashed: { readonly where: string; readonly error: unknown };
}

export type Listener<K extends keyof Events> = (event: Events[K]) => void;

/** A typed emitter. A listener that throws harms neither the flow nor the other listeners. */
export interface Emitter {
  on<K extends keyof Events>(name: K, listener: Listener<K>): () => void;
  emit<K extends keyof Events>(name: K, event: Events[K]): void;
}

export function createEmitter(): Emitter {
  const listeners = new Map<keyof Events, Set<Listener<never>>>();
  const emitter: Emitter = {
    on(name, listener) {
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set.add(listener));
      return () => set.delete(listener);
    },
    emit(name, event) {
      for (const listener of listeners.get(name) ?? []) {
        try {
          (listener as Listener<typeof name>)(event);
        } catch (error) {
          if (name !== 'crashed') emitter.emit('crashed', { where: `listener of ${name}`, error });
        }
      }
    },
  };
  return emitter;
}
