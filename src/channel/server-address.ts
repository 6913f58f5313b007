import { z } from 'zod';

/**
 * Where the platform is: its own address, or what the operator writes for a gateway, a reverse proxy or a server of their
 * own. It is used as written; a path is kept, a slash at its end is not.
 * @param standard the platform's own address, https; without one the key is required
 */
export function baseUrl(standard?: `https://${string}`) {
  const url = z
    .url({ protocol: /^https?$/, error: 'expected an http or https URL' })
    .refine((text) => !/[?#]/.test(text), { error: 'expected a URL without ? and #' })
    .transform((text) => text.replace(/\/+$/, ''));
  const about = { description: 'Address of the server; a gateway or reverse proxy of your own is used as written' };
  return standard === undefined ? url.meta(about) : url.prefault(standard).meta(about);
}
