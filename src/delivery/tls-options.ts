import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { FailureError } from '../channel/channel.ts';
import type { Network } from '../model.ts';

type TlsSettings = NonNullable<Network['tls']>;

/** What every TLS connection of a network is opened with. */
export interface TlsOptions {
  readonly secureContext?: SecureContext;
  readonly rejectUnauthorized?: boolean;
}

/**
 * Reads the file of authorities, once for all connections: Node's own stay trusted, with those of NODE_EXTRA_CA_CERTS.
 * @throws FailureError when it cannot be read, or holds no certificate
 */
export function tlsOptionsOf({ ca_file, insecure }: TlsSettings = {}): TlsOptions {
  return {
    ...(ca_file === undefined ? {} : { secureContext: trusting(ca_file) }),
    ...(insecure && { rejectUnauthorized: false }),
  };
}

/**
 * Changes when the file of authorities is replaced; undefined without one.
 * @throws FailureError when there is no such file
 */
export function tlsVersionOf({ ca_file }: TlsSettings = {}): number | undefined {
  return ca_file === undefined ? undefined : readable(() => statSync(ca_file).mtimeMs);
}

function trusting(file: string): SecureContext {
  return readable(() => {
    const written = readFileSync(file, 'utf8').match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? [];
    if (written.length === 0) throw new Error('no certificate');
    // Parsed first, because OpenSSL passes over what it cannot read.
    const certificates = written.map((pem) => new X509Certificate(pem).toString());
    return createSecureContext({ ca: [...getCACertificates(), ...certificates] });
  });
}

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch {
    throw new FailureError({
      ok: false,
      kind: 'invalid',
      code: 'CA_FILE',
      message: '无法读取 CA 证书文件',
      remedy: {
        en: 'tls.ca_file must be the path of a PEM file with certificates that this server may read.',
        zh: '检查 tls.ca_file：应为本服务可读取的 PEM 证书文件路径',
      },
    });
  }
}
