/** Is this the name of the machine itself? */
export const isLoopback = (host: string): boolean =>
  /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[?::1\]?|::ffff:127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/i.test(host);

/**
 * Against DNS rebinding: a page whose name was made to point at this machine still sends its own name as `Host`.
 * @param configured the host the server listens on, allowed beside the names of the machine itself
 */
export function createHostCheck(configured: string): (host: string | undefined) => boolean {
  const name = configured.toLowerCase();
  const allowed = new Set([
    'localhost',
    '127.0.0.1',
    '[::1]',
    name.includes(':') && !name.startsWith('[') ? `[${name}]` : name,
  ]);
  return (host) => host !== undefined && allowed.has(host.toLowerCase().replace(/:\d{1,5}$/, ''));
}
