/**
 * Ids that the platforms do not know: `nobody`, `nobody-1`, `ou_nobody` … Every other well-formed id is somebody, so a
 * test chooses who is reached by the names it gives.
 */
export function isNobody(id: string): boolean {
  return /^(o[ucn]_)?nobody/i.test(id);
}
