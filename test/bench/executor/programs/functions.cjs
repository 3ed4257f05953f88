exports.add = function add(a, b) {
  return a + b;
};

/** A task of so many milliseconds. */
exports.spin = function spin(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return ms;
};
