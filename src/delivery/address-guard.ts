import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import { FailureError } from '../channel/channel.ts';
import { type Networks, networksOf, specialUseOf } from './networks.ts';

/** All addresses of a name, as `dns.lookup` with `all` gives them. */
export type Resolve = (name: string) => Promise<readonly LookupAddress[]>;

/** Keeps requests whose address an outsider may have written away from our own networks. */
export interface AddressGuard {
  /** Vets what can be vetted without a look-up. @throws FailureError */
  vet(url: URL): void;
  /**
   * The addresses of a host, each of them vetted: exactly these may be dialled.
   * @param host a name or an IP address
   * @throws FailureError when one of them is refused; what the resolver throws when there is none
   */
  addresses(host: string): Promise<LookupAddress[]>;
  /** The same in the form in which `net.connect` asks: what is vetted and what is dialled are one answer. */
  readonly lookup: LookupFunction;
}

/** @param allow networks (CIDR) that are exempt: `security.allow_networks` */
export function createAddressGuard(allow: readonly string[], resolve: Resolve): AddressGuard {
  const exempt = networksOf(allow);

  /** @throws FailureError */
  function check(address: string): void {
    const use = refusalOf(address, exempt);
    if (use !== undefined) throw new FailureError(refused(use));
  }

  async function addresses(host: string): Promise<LookupAddress[]> {
    const family = isIP(host);
    const answers = family === 0 ? await answersFor(host) : [{ address: host, family }];
    if (answers.length === 0) throw Object.assign(new Error('no address'), { code: 'ENOTFOUND' });
    for (const { address } of answers) check(address);
    return answers;
  }

  async function answersFor(name: string): Promise<LookupAddress[]> {
    if (!isLoopbackName(name)) return [...(await resolve(name))];
    // Loopback by definition (RFC 6761, 6.3), whatever a resolver says: that part of it which is allowed.
    const permitted = LOOPBACK.filter(({ address }) => exempt.has(address));
    return permitted.length > 0 ? permitted : [...LOOPBACK];
  }

  const listed = callbackify(addresses);

  return {
    vet(url) {
      if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new FailureError(refused('非 HTTP 地址'));
      // The URL parser has turned decimal, octal, hexadecimal, short and full-width spellings into dotted decimals.
      const host = url.hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) !== 0) return check(host);
      if (isLoopbackName(host) && !LOOPBACK.some(({ address }) => exempt.has(address))) check(LOOPBACK[0].address);
    },
    addresses,
    lookup(host, options, callback) {
      listed(host, (error: Error | null, found) => {
        if (error) callback(error, []);
        else if (options.all) callback(null, found);
        else callback(null, found[0]!.address, found[0]!.family);
      });
    },
  };
}

const LOOPBACK = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
] as const;

const isLoopbackName = (host: string): boolean => /(^|\.)localhost\.?$/i.test(host);

/** The kind of address that makes it refused; undefined when it may be dialled. */
function refusalOf(zoned: string, exempt: Networks): string | undefined {
  const address = zoned.split('%')[0]!;
  if (isIP(address) === 0) return '无法识别的地址';
  const use = specialUseOf(address);
  if (use === undefined) return undefined;
  if (!exempt.has(address)) return use.name;
  return use.embedded === undefined ? undefined : refusalOf(use.embedded, exempt);
}

/** The address of a target is a secret, so only the kind of it is told. */
const refused = (use: string) =>
  ({
    ok: false,
    kind: 'invalid',
    code: 'ADDRESS_REFUSED',
    message: `推送地址指向${use}，已拒绝连接`,
    remedy: {
      en: 'Only addresses on the internet are dialled; if this network is meant, list it in security.allow_networks: [cidr].',
      zh: '默认只允许连接公网地址；确需推送到该网络时，请将其网段列入 security.allow_networks: [cidr]',
    },
  }) as const;
