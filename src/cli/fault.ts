import { ConfigError } from '../config/fault.ts';

/** The command could not do what it was asked to; the message is for people and complete. */
export class CommandError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CommandError';
  }
}

/** What is printed of anything thrown: one or few lines, never a stack. */
export function wordsOf(error: unknown): string {
  // Each line of it begins with file and line already.
  if (error instanceof ConfigError) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  return `pushserver: ${message.trim() || 'it failed without a word'}`;
}

/** An address could not be listened on. */
export interface AddressFault {
  readonly code: string;
  /** -1 for a unix socket; absent when the name of the host is unknown. */
  readonly port?: number;
  readonly address?: string;
  readonly hostname?: string;
}

/** Whether this is the system's error of a listening socket. */
export function isAddressFault(error: unknown): error is Error & AddressFault {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return Object.hasOwn('port' in error && error.port === -1 ? SOCKET_FAULTS : ADDRESS_FAULTS, String(error.code));
}

/**
 * The error in words, with the way out.
 * @param setting what the operator would change for another port: `server.port` or an option
 */
export function addressWords({ code, port, address, hostname }: AddressFault, setting: string): string {
  if (port === -1) return SOCKET_FAULTS[code]!(address ?? '');
  return ADDRESS_FAULTS[code]!({ place: `port ${port}`, address: address ?? hostname ?? 'that', setting });
}

type Words = (at: { readonly place: string; readonly address: string; readonly setting: string }) => string;

const NO_SUCH_ADDRESS: Words = ({ address, setting }) =>
  `${address} is not an address of this machine; listen on 127.0.0.1, or on 0.0.0.0 for all (see ${setting})`;

const ADDRESS_FAULTS: Readonly<Record<string, Words>> = {
  EADDRINUSE: ({ place, setting }) => `${place} is taken; set ${setting} or stop the program that has it`,
  EACCES: ({ place, setting }) => `${place} may not be used by this user; set ${setting} (from 1024 on everybody may)`,
  EADDRNOTAVAIL: NO_SUCH_ADDRESS,
  ENOTFOUND: NO_SUCH_ADDRESS,
};

const SOCKET_FAULTS: Readonly<Record<string, (path: string) => string>> = {
  // libuv says so of a folder that is missing, too (uv_pipe_bind2 in src/unix/pipe.c).
  EACCES: (path) => `server.unix_socket: the folder of ${path} is missing, or this user may not write to it`,
  // sun_path has 108 bytes on Linux, its end included, and 104 on macOS.
  EINVAL: (path) => `server.unix_socket: ${path} is too long for a socket: at most 107 bytes on Linux, 103 on macOS`,
};
