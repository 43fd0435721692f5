/** Return the rows that are drawn, in order: those given, a row and those beside it; -1 is none. */
export function withNeighbours(rows: readonly number[], at: number, count: number): number[] {
  const beside = at < 0 ? [] : [at - 1, at, at + 1].filter((each) => each >= 0 && each < count);
  return [...new Set([...rows, ...beside])].sort((one, other) => one - other);
}

/** Return items with some of them first, all in the order that they have. */
export function withFirst<T>(items: readonly T[], isFirst: (item: T) => boolean): readonly T[] {
  return [...items.filter(isFirst), ...items.filter((each) => !isFirst(each))];
}
