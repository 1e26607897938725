#pragma once

#include <cstdint>
#include <vector>

#include "trainer/kernels/products.h"

namespace dqnd {

// What products.h declares, as it is computed for one kind of processor.
struct Float32Loops {
  void (*sum)(const ProductSum<float>&);
  void (*products)(const RowProducts<float>&);
  void (*transpose)(const Transposition&);
};
struct Bfloat16Loops {
  void (*sum)(const ProductSum<Bfloat16>&);
  void (*products)(const RowProducts<Bfloat16>&);
  void (*round)(const float* from, int64_t count, Bfloat16* to);
  void (*round_in_pairs)(const float* from, int64_t rows, int64_t width, Bfloat16* to);
};
struct Loops {
  const char* processor;
  const Float32Loops* float32;
  const Bfloat16Loops* bfloat16;
};

// All that this processor can compute with, the fastest first.
std::vector<Loops> LoopsOfThisProcessor();

}  // namespace dqnd
