/**
 * Maps a list with at most `most` calls under way; calls begin in order and results keep it.
 * @throws what `fn` throws
 */
export async function inOrder<T, R>(
  items: readonly T[],
  most: number,
  fn: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = Array.from<R>({ length: items.length });
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await fn(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, lane));
  return results;
}
