// Included by products_loops.h, inside a namespace of each kind of processor: needs kLanes and
// Vector, kLanes float32 numbers.

// The four sums over all lanes: neighbours are added first, then what is left of them. (Sums, not
// lanes, come to lie beside each other, so that four cost little more than one.)
using Four [[gnu::vector_size(16)]] = float;
template <int... kLane>
inline Vector AddNeighbours(Vector x, Vector y, std::integer_sequence<int, kLane...>) {
  // x0+x1, y0+y1, x2+x3, y2+y3, ...
  return __builtin_shufflevector(x, y, (kLane % 2 * kLanes + kLane / 2 * 2)...) +
         __builtin_shufflevector(x, y, (kLane % 2 * kLanes + kLane / 2 * 2 + 1)...);
}
template <int... kLane>
inline Vector AddNeighbouringPairs(Vector x, Vector y, std::integer_sequence<int, kLane...>) {
  // x0+x2, x1+x3, y0+y2, y1+y3, x4+x6, ...
  return __builtin_shufflevector(x, y, (kLane % 4 / 2 * kLanes + kLane / 4 * 4 + kLane % 2)...) +
         __builtin_shufflevector(x, y, (kLane % 4 / 2 * kLanes + kLane / 4 * 4 + 2 + kLane % 2)...);
}
inline Four SumsOf(Vector x0, Vector x1, Vector x2, Vector x3) {
  constexpr auto kAll = std::make_integer_sequence<int, kLanes>{};
  const Vector quads =
      AddNeighbouringPairs(AddNeighbours(x0, x1, kAll), AddNeighbours(x2, x3, kAll), kAll);
  Four parts[kLanes / 4];
  __builtin_memcpy(parts, &quads, sizeof quads);
  for (int width = kLanes / 8; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) parts[i] += parts[i + width];
  }
  return parts[0];
}
