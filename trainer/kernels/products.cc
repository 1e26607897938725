#include "trainer/kernels/products.h"

namespace dqnd {

// The same loops, compiled for three kinds of processor.
#ifdef __x86_64__
namespace avx512 {
void Compute(const ProductSum& sum);
void Compute(const RowProducts& products);
}  // namespace avx512
namespace avx2 {
void Compute(const ProductSum& sum);
void Compute(const RowProducts& products);
}  // namespace avx2
#endif
namespace portable {
void Compute(const ProductSum& sum);
void Compute(const RowProducts& products);
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

void Compute(const ProductSum& sum) {
  ComputeHere(sum);
}

void Compute(const RowProducts& products) {
  ComputeHere(products);
}

}  // namespace dqnd
