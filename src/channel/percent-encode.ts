/** A text in a URL as RFC 3986 wants it: `encodeURIComponent` leaves five signs that it reserves. */
export const percentEncode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
