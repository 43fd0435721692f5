/** Return how many images there are, in words. */
export function imagesInWords(count: number): string {
  return `${count.toLocaleString("en")} ${count === 1 ? "image" : "images"}`;
}
