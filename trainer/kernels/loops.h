#pragma once

#include <cstdint>
#include <vector>

#include "trainer/kernels/products.h"

namespace dqnd {

// What products.h declares, as it is computed for one kind of processor.
struct Loops {
  const char* processor;
  void (*sum)(const ProductSum<float>&);
  void (*products)(const RowProducts<float>&);
  void (*transpose)(const Transposition&);
  void (*bfloat16_sum)(const ProductSum<Bfloat16>&);
  void (*bfloat16_products)(const RowProducts<Bfloat16>&);
  void (*round)(const float* from, int64_t count, Bfloat16* to);
  void (*round_in_pairs)(const float* from, int64_t rows, int64_t width, Bfloat16* to);
};

// All that this processor can compute with, the fastest first.
std::vector<Loops> LoopsOfThisProcessor();

}  // namespace dqnd
