import { BlockList, isIP } from 'node:net';

/** A set of networks. */
export interface Networks {
  has(address: string): boolean;
}

/** What networks say of an address that no platform on the internet can have. */
export interface SpecialUse {
  /** In Chinese. */
  readonly name: string;
  /** The IPv4 address inside an IPv6 address of a transition mechanism, to which a packet may really go. */
  readonly embedded?: string;
}

/** @param cidrs IPv4 and IPv6 networks; an address alone is a network of one. The configuration has checked them. */
export function networksOf(cidrs: readonly string[]): Networks {
  // One list for each family: a list of both takes every IPv4 address for a member of ::ffff:0:0/96.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const cidr of cidrs) {
    const [address = '', prefix] = cidr.split('/');
    const family = address.includes(':') ? 'ipv6' : 'ipv4';
    lists[family].addSubnet(address, Number(prefix ?? (family === 'ipv4' ? 32 : 128)), family);
  }
  return {
    has(address) {
      const family = address.includes(':') ? 'ipv6' : 'ipv4';
      return lists[family].check(address, family);
    },
  };
}

/**
 * The special use of an address; undefined for globally routable unicast.
 * @param address as net.isIP knows it, without a zone
 */
export function specialUseOf(address: string): SpecialUse | undefined {
  const name = SPECIAL.find((use) => use.networks.has(address))?.name;
  const embed = name === TRANSITION ? EMBEDDINGS.find((way) => way.networks.has(address)) : undefined;
  if (embed) return { name: TRANSITION, embedded: embed.ipv4(bytesOf(address)).join('.') };
  return name === undefined ? undefined : { name };
}

/** The 4 or 16 bytes of an address, without a zone. */
export function bytesOf(address: string): number[] {
  if (isIP(address) === 4) return address.split('.').map(Number);
  // The URL parser writes an IPv6 address in one way only: hexadecimal groups and at most one `::`.
  const [head = '', tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const left = head.split(':').filter(Boolean);
  const right = (tail ?? '').split(':').filter(Boolean);
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].flatMap((group) => {
    const value = parseInt(group, 16);
    return [value >> 8, value & 255];
  });
}

const TRANSITION = '内嵌 IPv4 的过渡地址';

/**
 * The first that holds gives the name. IANA's registries of special-purpose addresses, without the blocks that they
 * call globally reachable: https://www.iana.org/assignments/iana-ipv4-special-registry and
 * https://www.iana.org/assignments/iana-ipv6-special-registry.
 */
const SPECIAL = (
  [
    // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html (IPv4 as most clouds, IPv6)
    // https://help.aliyun.com/zh/ecs/user-guide/view-instance-metadata
    // https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
    ['云主机元数据地址', '169.254.169.254', 'fd00:ec2::254', '100.100.100.200', '168.63.129.16'],
    ['本机地址', '127.0.0.0/8', '0.0.0.0/8', '::1', '::'],
    ['内网地址', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fec0::/10'],
    ['链路本地地址', '169.254.0.0/16', 'fe80::/10'],
    ['运营商内网地址', '100.64.0.0/10'],
    ['组播地址', '224.0.0.0/4', 'ff00::/8'],
    ['文档示例地址', '192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32', '3fff::/20'],
    ['测试网络地址', '198.18.0.0/15', '2001:2::/48'],
    [TRANSITION, '::ffff:0:0/96', '::/96', '64:ff9b::/96', '64:ff9b:1::/48', '2002::/16', '2001::/32'],
    ['保留地址', '192.0.0.0/24', '192.88.99.0/24', '240.0.0.0/4', '2001::/23'],
    // All but 2000::/3, which is the whole of global unicast: https://www.iana.org/assignments/ipv6-address-space
    ['保留地址', '::/3', '4000::/2', '8000::/1'],
  ] as const
).map(([name, ...cidrs]) => ({ name, networks: networksOf(cidrs) }));

/** Where a transition address keeps its IPv4 address. */
const EMBEDDINGS = (
  [
    // RFC 4291, RFC 6052 with a prefix of 96 bits, RFC 8215 likewise.
    [['::ffff:0:0/96', '::/96', '64:ff9b::/96', '64:ff9b:1::/48'], (bytes: number[]) => bytes.slice(12)],
    // 6to4, RFC 3056.
    [['2002::/16'], (bytes: number[]) => bytes.slice(2, 6)],
    // Teredo, RFC 4380: the bits of the client's address are inverted.
    [['2001::/32'], (bytes: number[]) => bytes.slice(12).map((byte) => byte ^ 255)],
  ] as const
).map(([cidrs, ipv4]) => ({ networks: networksOf(cidrs), ipv4 }));
