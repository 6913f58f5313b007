import type { Channel } from '../channel/channel.ts';
import type { Clock, Recipient } from '../model.ts';
import type { PushService } from '../push/service.ts';
import type { Store } from '../store/store.ts';

export type Scope = 'push' | 'read' | 'admin';

export interface Token {
  readonly name: string;
  /** One of the two is there. `token_sha256` is hexadecimal. */
  readonly token?: string | undefined;
  readonly token_sha256?: string | undefined;
  readonly scopes: readonly Scope[];
}

/** What HTTP reads of the configuration. `server` and `auth.allow_anonymous` are read once, at the start. */
export interface HttpSettings {
  readonly server: {
    readonly host: string;
    readonly port: number;
    readonly unix_socket?: string | undefined;
    /** Bytes, after decompression. */
    readonly body_limit: number;
    readonly trust_proxy: boolean;
    /** Seconds that requests in flight are given when the server closes. */
    readonly shutdown_timeout: number;
  };
  readonly auth: { readonly tokens: readonly Token[]; readonly allow_anonymous: boolean };
  readonly queue: { readonly batch_size: number };
}

/** The facts that HTTP emits: a narrow view of the typed emitter. */
export interface HttpEvents {
  emit(
    name: 'requested',
    event: { method: string; path: string; status: number; ms: number; ip: string; caller?: string },
  ): void;
  emit(name: 'crashed', event: { where: string; error: unknown }): void;
}

export type HttpStore = Pick<
  Store,
  | 'now'
  | 'list'
  | 'statistics'
  | 'listNotices'
  | 'getNotice'
  | 'markRead'
  | 'markAllRead'
  | 'removeNotice'
  | 'clearNotices'
  | 'noticeStatistics'
>;

/** Everything HTTP is given. */
export interface HttpParts {
  readonly service: PushService;
  readonly store: HttpStore;
  readonly config: () => HttpSettings;
  readonly recipients: () => Iterable<Recipient>;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly events: HttpEvents;
  readonly clock: Clock;
  readonly metrics: { readonly contentType: string; render(): Promise<string> };
  /** Why the server is not ready; empty when it is. */
  readonly ready: () => readonly string[];
  readonly version: string;
}
