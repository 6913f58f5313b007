import type { IncomingHttpHeaders } from 'node:http';
import type { RateLimit } from './limits/rate-limit.ts';
import type { Fault } from './server/faults.ts';

/** What the sandbox needs of a clock. */
export interface SandboxClock {
  /** Unix time in milliseconds. */
  now(): number;
  /** Calls `fn` once after `ms` milliseconds; the returned function takes that back. */
  after(ms: number, fn: () => void): () => void;
}

export type Level = 'info' | 'warning' | 'error';

/** A message as people would see it in the group. */
export interface Draft {
  /** The platform's own word for it: `text`, `interactive`, `actionCard`, `mail` … */
  readonly kind: string;
  /** `card`: drawn with a header in the colour of its level. */
  readonly style: 'text' | 'card' | 'mail';
  readonly title: string;
  readonly text: string;
  readonly format: 'text' | 'markdown';
  /** Read from the colour or sign that a person would see, if there is one. */
  readonly level?: Level;
  readonly colour?: string;
  readonly fields?: readonly { readonly name: string; readonly value: string }[];
  readonly links?: readonly { readonly text: string; readonly url: string }[];
  /** Whom it goes to, where the token does not say: people, chats, phone numbers; `all` for everyone. */
  readonly to?: readonly string[];
  /** Who is called by it: ids or numbers as sent; `all` for everyone. */
  readonly mentions?: readonly string[];
  readonly mail?: { readonly from: string; readonly to: readonly string[]; readonly html?: string };
  /** What came over the wire: the parsed JSON, or the source of a mail. */
  readonly raw: unknown;
}

/** What a reader of a message sees of it. */
export type Drawn = Omit<Draft, 'kind' | 'raw'>;

/** A bot that was declared: what is known of it beyond its token. */
export interface Bot {
  readonly platform: string;
  readonly token: string;
  readonly secret?: string;
  /** Shown in the inbox. */
  readonly name?: string;
  /** The platform's rate limit does not hold for it. */
  readonly unlimited?: boolean;
}

/** One request to a stand-in. */
export interface Call {
  readonly method: string;
  readonly url: URL;
  /** The named segments of the route's path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly ip: string;
  /** Unix time in milliseconds on the sandbox clock. */
  readonly now: number;
}

export interface Answer {
  /** 200 unless told. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, or as it is when it is a string. */
  readonly body: unknown;
}

/** How a call ends. `draft` is absent for calls that send no message (a token, an upload). */
export type Verdict =
  | { readonly ok: true; readonly answer: Answer; readonly draft?: Draft }
  | { readonly ok: false; readonly answer: Answer; readonly code: string; readonly reason: string };

export interface Route {
  /** `/robot/send`; `:name` stands for one segment or the rest of one (`/bot:token/sendMessage`). */
  readonly path: string;
  /** What names the bot in this call; '' when it does not say. A body that is too large counts as empty here. */
  token(call: Pick<Call, 'url' | 'params' | 'headers' | 'body'>): string;
  receive(call: Call, bot: Bot | undefined): Verdict;
}

/** What the sandbox lends a stand-in that speaks something other than HTTP. */
export interface Desk {
  readonly host: string;
  readonly clock: SandboxClock;
  /** Counts one request for this token and gives the fault that is due for it, if any. */
  arrive(token: string): Fault | undefined;
  /** A fault of this platform whose code is one of these, whatever the token; counts nothing. */
  takeCode(codes: ReadonlySet<string>): string | undefined;
  keep(token: string, draft: Draft): void;
  refuse(token: string, code: string, reason: string): void;
  /** Counts one held request until the returned function is called. */
  hold(): () => void;
}

/** A server that a stand-in runs beside the shared HTTP one. */
export interface Service {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * One platform. A file in `platforms/` whose default export makes one of these (a function, so that each sandbox has
 * its own state); the loader finds it there and nothing else needs to know. What is too much for one file stands in
 * the folder of its name beside it; what several platforms share, in one of theirs, in `sms/`, or above.
 */
export interface StandIn {
  /** = the file's name = `platform` in the control API. */
  readonly name: string;
  /** Chinese name, shown in the inbox. */
  readonly label: string;
  /** Of its avatar in the inbox: `#rrggbb`. */
  readonly colour: string;
  /** A first message to send by hand, shown where there is none yet. */
  readonly example?: { readonly path: string; readonly body: unknown };
  readonly routes?: readonly Route[];
  readonly limit?: RateLimit & { readonly verdict: (call: Call) => Verdict };
  /** The platform's own answer for an error code; undefined: it cannot have such a code. */
  failure(code: string): Answer | undefined;
  /** `desk`, and the options of `createSandbox` that bear the stand-in's name (`smtp` for e-mail). */
  readonly serve?: (desk: Desk, options: ServeOptions) => Promise<Service>;
}

export interface ServeOptions {
  readonly smtp: SmtpOptions;
  /** 0 = any free port. */
  readonly smtp_port: number;
}

export interface SmtpOptions {
  /** `starttls` refuses mail before STARTTLS. Default `none`. */
  readonly tls?: 'none' | 'starttls' | 'implicit';
  /** Without it every login is accepted and none is asked for. */
  readonly auth?: { readonly user: string; readonly pass: string };
  /**
   * Falls silent as late as the mode allows: `none` before the greeting, `starttls` after "220 Ready", `implicit` after
   * the handshake. `connect`: silent from the first byte in every mode.
   */
  readonly silent?: boolean | 'connect';
}

/** A stand-in declares itself; the loader checks that the name is its file's. */
export const defineStandIn = (make: () => StandIn): (() => StandIn) => make;
