/** Return whether two files are the same one, as far as a browser tells: it gives no path. */
function isSame(one: File, other: File): boolean {
  return one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;
}

/** Return files with those of others that are not among them, and those that are. */
export function joined(files: readonly File[], others: readonly File[]): { all: readonly File[]; again: readonly File[] } {
  const all = [...files];
  const again: File[] = [];
  for (const other of others) {
    (all.some((each) => isSame(each, other)) ? again : all).push(other);
  }
  return { all, again };
}

export function filesInWords(count: number): string {
  return `${count.toLocaleString("en")} ${count === 1 ? "file" : "files"}`;
}
