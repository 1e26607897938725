// Included by products_loops.h, inside a namespace of each kind of processor: its vectors, and what
// it multiplies at a time.

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64, kRegisters = 32;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32, kRegisters = 16;
#elif defined(__ARM_NEON)
constexpr int kVectorBytes = 16, kRegisters = 32;
#else
constexpr int kVectorBytes = 16, kRegisters = 16;
#endif
constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(float));
using Vector [[gnu::vector_size(kVectorBytes)]] = float;
using Bits [[gnu::vector_size(kVectorBytes)]] = uint32_t;
using Halves [[gnu::vector_size(kVectorBytes / 2)]] = uint16_t;  // as many bfloat16

// Before a loop over what is to stay in registers: GCC leaves it in memory where the loop is
// unrolled late.
#ifdef __clang__
#define DQND_UNROLLED _Pragma("unroll")
#else
#define DQND_UNROLLED _Pragma("GCC unroll 16")
#endif

#if defined(__AVX2__) && !defined(__AVX512F__)
inline __m256i FirstLanes(int64_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)),
                            _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0));
}
#endif

template <typename To, typename From>
inline To Copied(const From* from) {
  To value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}
inline Vector Load(const float* from) {
  return Copied<Vector>(from);
}
inline Halves Load(const Bfloat16* from) {
  return Copied<Halves>(from);
}
struct AllLanes {
  auto operator()(const auto* from) const { return Load(from); }
};
template <typename To, typename Lanes>
inline void Store(To* to, Lanes value) {
  __builtin_memcpy(to, &value, sizeof value);
}

// The first `count` lanes; 0 in the others. (A loop over them would become a call of memcpy, and
// the sums of a tile would be put away for it.)
inline Vector LoadSome(const float* from, int64_t count) {
#if defined(__AVX512F__)
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1U << count) - 1), from);
#elif defined(__AVX2__)
  return _mm256_maskload_ps(from, FirstLanes(count));
#else
  Vector value{};
  DQND_UNROLLED
  for (int i = 0; i < kLanes; ++i) value[i] = i < count ? from[i] : 0;
  return value;
#endif
}
inline Halves LoadSome(const Bfloat16* from, int64_t count) {
#ifdef __AVX512F__
  return reinterpret_cast<Halves>(
      _mm256_maskz_loadu_epi16(static_cast<__mmask16>((1U << count) - 1), from));
#else
  Halves value{};
  DQND_UNROLLED
  for (int i = 0; i < kLanes; ++i) value[i] = i < count ? from[i].bits : 0;
  return value;
#endif
}
template <typename To, typename Lanes>
inline void StoreSome(To* to, Lanes value, int64_t count) {
  __builtin_memcpy(to, &value, count * sizeof(To));
}
inline void StoreSome(float* to, Vector value, int64_t count) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1U << count) - 1), value);
#elif defined(__AVX2__)
  _mm256_maskstore_ps(to, FirstLanes(count), value);
#else
  DQND_UNROLLED
  for (int i = 0; i < kLanes; ++i) {
    if (i < count) to[i] = value[i];
  }
#endif
}

// To the nearest, ties to even, denormal numbers to 0, as VCVTNEPS2BF16 has it.
inline Halves Rounded(Vector x) {
#ifdef __AVX512BF16__
  return reinterpret_cast<Halves>(_mm512_cvtneps_pbh(x));
#else
  const Bits bits = reinterpret_cast<Bits>(x), magnitude = bits & 0x7fffffff;
  Bits rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  rounded = magnitude > 0x7f800000 ? bits >> 16 | 0x40 : rounded;
  rounded = magnitude < 0x00800000 ? bits >> 16 & 0x8000 : rounded;
  return __builtin_convertvector(rounded, Halves);
#endif
}

// [even[0], odd[0], even[1], odd[1], ...]
template <int... kAt>
inline auto InPairs(Halves even, Halves odd, std::integer_sequence<int, kAt...>) {
  return __builtin_shufflevector(even, odd, (kAt / 2 + kAt % 2 * kLanes)...);
}
inline auto InPairs(Halves even, Halves odd) {
  return InPairs(even, odd, std::make_integer_sequence<int, 2 * kLanes>{});
}

// What Tile multiplies in a step: kTerms numbers of a row of a, and as many rows of b.
inline float TermsAt(const float* a) {
  return *a;
}
template <typename LoadLanes>
inline Vector RowsAt(const float* b, int64_t, const LoadLanes& load) {
  return load(b);
}
inline void AddProducts(Vector& sums, float a, Vector b) {
  sums += a * b;
}

// What RowTile multiplies at a time: kAtOnce terms of a row of a and of one of b.
template <typename Term>
constexpr int kAtOnce = kLanes;
inline Vector TermsOfRow(const float* from) {
  return Load(from);
}
inline Vector SomeTermsOfRow(const float* from, int64_t count) {
  return LoadSome(from, count);
}
inline void AddProducts(Vector& sums, Vector a, Vector b) {
  sums += a * b;
}

#ifdef __AVX512BF16__

// Of each lane, two terms.
struct Pairs {
  __m512i bits;
};
inline void AddProducts(Vector& sums, Pairs a, Pairs b) {
  sums = _mm512_dpbf16_ps(sums, reinterpret_cast<__m512bh>(a.bits),
                          reinterpret_cast<__m512bh>(b.bits));
}
inline Pairs TermsAt(const Bfloat16* a) {
  return {_mm512_set1_epi32(Copied<int32_t>(a))};
}
template <typename LoadLanes>
inline Pairs RowsAt(const Bfloat16* b, int64_t b_term, const LoadLanes& load) {
  return {reinterpret_cast<__m512i>(InPairs(load(b), load(b + b_term)))};
}
template <>
constexpr int kAtOnce<Bfloat16> = 2 * kLanes;
inline Pairs TermsOfRow(const Bfloat16* from) {
  return {_mm512_loadu_si512(from)};
}
inline Pairs SomeTermsOfRow(const Bfloat16* from, int64_t count) {
  return {_mm512_maskz_loadu_epi16(static_cast<__mmask32>((1U << count) - 1), from)};
}

#else  // by way of float32

inline Vector ToFloat32(Halves x) {
  return reinterpret_cast<Vector>(__builtin_convertvector(x, Bits) << 16);
}
template <typename Number>
struct Pair {
  Number even, odd;
};
inline void AddProducts(Vector& sums, const Pair<float>& a, const Pair<Vector>& b) {
  sums += a.even * b.even;
  sums += a.odd * b.odd;
}
inline Pair<float> TermsAt(const Bfloat16* a) {
  const auto bits = Copied<uint32_t>(a);
  return {__builtin_bit_cast(float, bits << 16), __builtin_bit_cast(float, bits & 0xffff0000u)};
}
template <typename LoadLanes>
inline Pair<Vector> RowsAt(const Bfloat16* b, int64_t b_term, const LoadLanes& load) {
  return {ToFloat32(load(b)), ToFloat32(load(b + b_term))};
}
inline Vector TermsOfRow(const Bfloat16* from) {
  return ToFloat32(Load(from));
}
inline Vector SomeTermsOfRow(const Bfloat16* from, int64_t count) {
  return ToFloat32(LoadSome(from, count));
}

#endif
