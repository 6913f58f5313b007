import type { IncomingMessage } from 'node:http';
import { isIP, isIPv6 } from 'node:net';

/**
 * Who is asking. Behind a trusted proxy it is the last address of `X-Forwarded-For`: the one the proxy itself wrote;
 * all before it are the caller's own words.
 */
export function addressOf(request: IncomingMessage, trustProxy: boolean): string {
  const socket = unmapped(request.socket.remoteAddress ?? 'unix');
  if (!trustProxy) return socket;
  const last = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .at(-1)!
    .trim();
  return isIP(last) ? unmapped(last) : socket;
}

/** What one party can be expected to own: an IPv4 address, or the /64 of an IPv6 address. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail = ''] = address.toLowerCase().split('%')[0]!.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const zeros = address.includes('::') ? 8 - left.length - right.length : 0;
  const groups = [...left, ...Array.from({ length: Math.max(zeros, 0) }, () => '0'), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}

/** `::ffff:192.0.2.1` is 192.0.2.1: a dual-stack listener writes it so. */
const unmapped = (address: string): string => {
  const rest = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return rest ?? address;
};
