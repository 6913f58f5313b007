import { accessSync, constants } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { Network } from '../model.ts';
import type { Fault, Path } from './fault.ts';

const PROXY = 'expected the URL of an http, https or socks5 proxy, or "no" for none';

/** A proxy, or `no` for a direct way where `http.proxy` names one. The URL may hold credentials: a secret. */
const proxy = z.union(
  [
    z.literal('no'),
    // YAML 1.1 tools write `no` as false.
    z.literal(false).transform(() => 'no' as const),
    z.url({ protocol: /^(https?|socks5h?)$/, error: PROXY }).meta({ secret: true }),
  ],
  { error: PROXY },
);

const tls = z.strictObject({
  ca_file: z.string().min(1, { error: 'expected the path of a PEM file' }).exactOptional(),
  insecure: z.boolean().exactOptional(),
});

/** The keys that say how requests leave this machine, of a target and of the section `http`. */
export const networkKeys = { proxy: proxy.optional(), tls: tls.optional() };

export interface NetworkKeys {
  readonly proxy?: z.output<typeof proxy> | undefined;
  readonly tls?: z.output<typeof tls> | undefined;
}

/** `security.allow_networks`: an address or a network, `10.1.0.0/16` or `fd00::/8`. */
export const cidr = z.string().refine(isCidr, { error: 'expected a network such as 10.1.0.0/16 or fd00::/8' });

/**
 * How requests of a target leave: its own keys over those of the section `http`. `tls` is one setting: who names the
 * authorities to trust does not inherit that nobody is asked.
 * @param folder of the configuration: a relative `ca_file` is looked up there
 * @returns undefined when nothing is out of the ordinary
 */
export function networkOf(own: NetworkKeys, defaults: NetworkKeys, folder: string): Network | undefined {
  const via = own.proxy ?? defaults.proxy ?? 'no';
  const { ca_file, insecure } = own.tls ?? defaults.tls ?? {};
  const secured = {
    ...(ca_file === undefined ? {} : { ca_file: resolve(folder, ca_file) }),
    ...(insecure && { insecure }),
  };
  const network = {
    ...(via === 'no' ? {} : { proxy: via }),
    ...(Object.keys(secured).length === 0 ? {} : { tls: secured }),
  };
  return Object.keys(network).length === 0 ? undefined : network;
}

/** A file of authorities that cannot be read would fail every message: it is told at the start. */
export function unreadable(keys: NetworkKeys, folder: string, path: Path): Fault[] {
  const file = keys.tls?.ca_file;
  if (file === undefined) return [];
  try {
    accessSync(resolve(folder, file), constants.R_OK);
    return [];
  } catch {
    return [{ path: [...path, 'tls', 'ca_file'], message: `the file ${JSON.stringify(file)} cannot be read` }];
  }
}

function isCidr(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0 || address.includes('%')) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}
