/** Runs a task for each item, at most `limit` at a time. Returns the results in the order of the items. */
export async function inParallel<Item, Result>(
  items: Item[],
  limit: number,
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const rest = items.entries()
  const takeTurns = async (): Promise<void> => {
    for (const [index, item] of rest) results[index] = await act(item)
  }
  await Promise.all(Array.from({ length: limit }, takeTurns))
  return results
}
