#include "trainer/kernels/products.h"

#include <cstdlib>

namespace dqnd {

// The same loops, compiled for three kinds of processor.
#ifdef __x86_64__
namespace avx512 {
void Compute(const ProductSum<float>& sum);
void Compute(const RowProducts<float>& products);
}  // namespace avx512
namespace avx2 {
void Compute(const ProductSum<float>& sum);
void Compute(const RowProducts<float>& products);
}  // namespace avx2
namespace bfloat16 {
void Compute(const ProductSum<Bfloat16>& sum);
void Compute(const RowProducts<Bfloat16>& products);
void Round(const float* from, int64_t count, Bfloat16* to);
void RoundInPairs(const float* from, int64_t rows, int64_t width, Bfloat16* to);
}  // namespace bfloat16
#endif
namespace portable {
void Compute(const ProductSum<float>& sum);
void Compute(const RowProducts<float>& products);
}  // namespace portable

namespace {

enum class Processor { kPortable, kAvx2, kAvx512 };

Processor ThisProcessor() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512f")) return Processor::kAvx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Processor::kAvx2;
#endif
  return Processor::kPortable;
}

template <typename Work>
void ComputeHere(const Work& work) {
  static const Processor processor = ThisProcessor();
  switch (processor) {
#ifdef __x86_64__
    case Processor::kAvx512:
      return avx512::Compute(work);
    case Processor::kAvx2:
      return avx2::Compute(work);
#else
    case Processor::kAvx512:
    case Processor::kAvx2:
#endif
    case Processor::kPortable:
      return portable::Compute(work);
  }
}

}  // namespace

void Compute(const ProductSum<float>& sum) {
  ComputeHere(sum);
}

void Compute(const RowProducts<float>& products) {
  ComputeHere(products);
}

bool MultipliesBfloat16() {
#ifdef __x86_64__
  return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw");
#else
  return false;
#endif
}

#ifdef __x86_64__
void Compute(const ProductSum<Bfloat16>& sum) {
  bfloat16::Compute(sum);
}
void Compute(const RowProducts<Bfloat16>& products) {
  bfloat16::Compute(products);
}
void Round(const float* from, int64_t count, Bfloat16* to) {
  bfloat16::Round(from, count, to);
}
void RoundInPairs(const float* from, int64_t rows, int64_t width, Bfloat16* to) {
  bfloat16::RoundInPairs(from, rows, width, to);
}
#else
void Compute(const ProductSum<Bfloat16>&) {
  std::abort();
}
void Compute(const RowProducts<Bfloat16>&) {
  std::abort();
}
void Round(const float*, int64_t, Bfloat16*) {
  std::abort();
}
void RoundInPairs(const float*, int64_t, int64_t, Bfloat16*) {
  std::abort();
}
#endif

}  // namespace dqnd
