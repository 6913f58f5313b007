/** One place a notice is written to: an entry of `system.notifications`, or a recipient's `system` target. */
export interface SystemEntry {
  readonly type: 'console' | 'file' | 'syslog' | 'http';
  readonly name: string;
  /** `http` only: the notice is also POSTed there. A secret, like every URL of a bot. */
  readonly url?: string | undefined;
  readonly enabled?: boolean | undefined;
}

/** The part of the configuration that the last line reads. */
export interface SystemSettings {
  /** False: notices are kept in the store, the global sinks stay quiet. */
  readonly enabled: boolean;
  readonly notifications: readonly SystemEntry[];
  /** Most files in the folder; the newest are kept. */
  readonly file_limit: number;
}
