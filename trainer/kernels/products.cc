#include "trainer/kernels/products.h"

#include "trainer/kernels/loops.h"

namespace dqnd {

// The same loops, compiled for several kinds of processor.
namespace portable {
extern const Loops kLoops;
}

#ifdef __x86_64__

namespace avx512_bf16 {
extern const Loops kLoops;
}
namespace avx512 {
extern const Loops kLoops;
}
namespace avx2 {
extern const Loops kLoops;
}

namespace {

bool HasAvx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
}

}  // namespace

bool MultipliesBfloat16() {
  return HasAvx512() && __builtin_cpu_supports("avx512bf16");
}

std::vector<Loops> LoopsOfThisProcessor() {
  std::vector<Loops> loops;
  if (MultipliesBfloat16()) loops.push_back(avx512_bf16::kLoops);
  if (HasAvx512()) loops.push_back(avx512::kLoops);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    loops.push_back(avx2::kLoops);
  }
  loops.push_back(portable::kLoops);
  return loops;
}

#else

bool MultipliesBfloat16() {
  return false;
}

std::vector<Loops> LoopsOfThisProcessor() {
  return {portable::kLoops};
}

#endif

namespace {

const Loops& Fastest() {
  static const Loops loops = LoopsOfThisProcessor().front();
  return loops;
}

}  // namespace

void Compute(const ProductSum<float>& sum) {
  Fastest().sum(sum);
}
void Compute(const RowProducts<float>& products) {
  Fastest().products(products);
}
void Compute(const Transposition& transposition) {
  Fastest().transpose(transposition);
}
void Compute(const ProductSum<Bfloat16>& sum) {
  Fastest().bfloat16_sum(sum);
}
void Compute(const RowProducts<Bfloat16>& products) {
  Fastest().bfloat16_products(products);
}
void Round(const float* from, int64_t count, Bfloat16* to) {
  Fastest().round(from, count, to);
}
void RoundInPairs(const float* from, int64_t rows, int64_t width, Bfloat16* to) {
  Fastest().round_in_pairs(from, rows, width, to);
}

}  // namespace dqnd
