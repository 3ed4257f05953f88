// Plain JavaScript works the same way.

const reserved = new Map();

/** Reserves an article; the state makes it "stateful". */
export function reserve(article, count) {
  const sum = (reserved.get(article) ?? 0) + count;
  reserved.set(article, sum);
  return sum;
}

/** Cannot move: a callback does not travel. */
export function forEachReserved(callback) {
  for (const [article, count] of reserved) callback(article, count);
}
