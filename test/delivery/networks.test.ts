import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bytesOf, networksOf, specialUseOf } from '../../src/delivery/networks.ts';

const nameOf = (address: string) => specialUseOf(address)?.name;

describe('special use of addresses', () => {
  const cases: readonly (readonly [name: string, ...addresses: string[]])[] = [
    ['云主机元数据地址', '169.254.169.254', '100.100.100.200', '168.63.129.16', 'fd00:ec2::254'],
    ['本机地址', '0.0.0.0', '0.1.2.3', '127.0.0.1', '127.255.255.255', '::', '::1'],
    ['内网地址', '10.0.0.0', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fdff::1'],
    ['链路本地地址', '169.254.0.1', '169.254.169.253', 'fe80::1', 'febf:ffff::1'],
    ['运营商内网地址', '100.64.0.0', '100.127.255.255'],
    ['组播地址', '224.0.0.1', '239.255.255.255', 'ff02::1'],
    ['文档示例地址', '192.0.2.1', '198.51.100.1', '203.0.113.255', '2001:db8::1', '3fff:fff::1'],
    ['测试网络地址', '198.18.0.1', '198.19.255.255', '2001:2::1'],
    ['保留地址', '192.0.0.192', '192.88.99.1', '240.0.0.1', '255.255.255.255', '2001:20::1', '4000::1', '5f00::1'],
  ];
  for (const [name, ...addresses] of cases) {
    test(`${name}: ${addresses.join(' ')}`, () =>
      assert.deepEqual(
        addresses.map(nameOf),
        addresses.map(() => name),
      ));
  }

  test('addresses on the internet have none, up to the edges of their neighbours', () => {
    const addresses = `1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
      169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255
      198.20.0.0 223.255.255.255 2000::1 2001:200::1 2001:4860:4860::8888 2001:db7::1 2003::1 2400:3200::1
      2606:4700:4700::1111 3ffe::1`.split(/\s+/);
    assert.deepEqual(
      addresses.filter((address) => nameOf(address) !== undefined),
      [],
    );
  });

  test('a transition address tells the IPv4 address inside it', () => {
    const embedded = {
      '::ffff:10.0.0.1': '10.0.0.1',
      '::ffff:7f00:1': '127.0.0.1',
      '::10.0.0.1': '10.0.0.1',
      '64:ff9b::10.0.0.1': '10.0.0.1',
      '64:ff9b:1::a00:1': '10.0.0.1',
      '2002:a00:1::': '10.0.0.1',
      '2001:0:4136:e378:8000:63bf:3fff:fdd2': '192.0.2.45',
    };
    for (const [address, ipv4] of Object.entries(embedded)) {
      assert.deepEqual(specialUseOf(address), { name: '内嵌 IPv4 的过渡地址', embedded: ipv4 });
    }
  });
});

test('a set of networks keeps the two families apart', () => {
  const mapped = networksOf(['::ffff:0:0/96', '::/0']);
  assert.equal(mapped.has('8.8.8.8'), false);
  assert.equal(mapped.has('::ffff:8.8.8.8'), true);
  assert.equal(networksOf(['10.0.0.0/8']).has('::ffff:10.0.0.1'), false);
});

test('an address alone is a network of one', () => {
  const networks = networksOf(['10.1.2.3', 'fd00::1']);
  assert.deepEqual(
    ['10.1.2.3', '10.1.2.4', 'fd00::1', 'fd00::2'].map((address) => networks.has(address)),
    [true, false, true, false],
  );
});

test('the bytes of an address', () => {
  assert.deepEqual(bytesOf('1.2.3.255'), [1, 2, 3, 255]);
  assert.deepEqual(
    bytesOf('::'),
    Array.from({ length: 16 }, () => 0),
  );
  assert.deepEqual(bytesOf('2001:DB8::1.2.3.4'), [32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
  assert.deepEqual(bytesOf('1:2:3:4:5:6:7:8'), [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]);
});
