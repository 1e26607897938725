#include "trainer/kernels/products.h"

#include "trainer/kernels/loops.h"

namespace dqnd {

// The same loops, compiled for several kinds of processor.
#ifdef __x86_64__
namespace avx512 {
extern const Float32Loops kFloat32Loops;
extern const Bfloat16Loops kBfloat16Loops;
}  // namespace avx512
namespace avx2 {
extern const Float32Loops kFloat32Loops;
extern const Bfloat16Loops kBfloat16Loops;
}  // namespace avx2
namespace avx512_bf16 {
extern const Bfloat16Loops kBfloat16Loops;
}  // namespace avx512_bf16
#endif
namespace portable {
extern const Float32Loops kFloat32Loops;
extern const Bfloat16Loops kBfloat16Loops;
}  // namespace portable

std::vector<Loops> LoopsOfThisProcessor() {
  std::vector<Loops> loops;
#ifdef __x86_64__
  if (MultipliesBfloat16()) {
    loops.push_back({"avx512_bf16", &avx512::kFloat32Loops, &avx512_bf16::kBfloat16Loops});
  }
  if (__builtin_cpu_supports("avx512f")) {
    loops.push_back({"avx512", &avx512::kFloat32Loops, &avx512::kBfloat16Loops});
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    loops.push_back({"avx2", &avx2::kFloat32Loops, &avx2::kBfloat16Loops});
  }
#endif
  loops.push_back({"portable", &portable::kFloat32Loops, &portable::kBfloat16Loops});
  return loops;
}

namespace {

const Loops& Fastest() {
  static const Loops loops = LoopsOfThisProcessor().front();
  return loops;
}

}  // namespace

bool MultipliesBfloat16() {
#ifdef __x86_64__
  return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw");
#else
  return false;
#endif
}

void Compute(const ProductSum<float>& sum) {
  Fastest().float32->sum(sum);
}
void Compute(const RowProducts<float>& products) {
  Fastest().float32->products(products);
}
void Compute(const Transposition& transposition) {
  Fastest().float32->transpose(transposition);
}
void Compute(const ProductSum<Bfloat16>& sum) {
  Fastest().bfloat16->sum(sum);
}
void Compute(const RowProducts<Bfloat16>& products) {
  Fastest().bfloat16->products(products);
}
void Round(const float* from, int64_t count, Bfloat16* to) {
  Fastest().bfloat16->round(from, count, to);
}
void RoundInPairs(const float* from, int64_t rows, int64_t width, Bfloat16* to) {
  Fastest().bfloat16->round_in_pairs(from, rows, width, to);
}

}  // namespace dqnd
