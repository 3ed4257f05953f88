// @faasify
export function add(a, b) {
  return a + b;
}

// @faasify
export async function addLater(a, b) {
  await new Promise((resolve) => setImmediate(resolve));
  return a + b;
}
