#pragma once

#include <string>

#include <c10/core/Device.h>

namespace dqnd {

// The GPU that LibTorch calls cuda, ready for use. LibTorch's CUDA libraries are loaded here, at
// run time: a program that was built beside a LibTorch without them runs beside one that has them,
// and a run on processors alone never loads them.
//
// `deterministic`: the same work gives the same bits on the same GPU and libraries, and products
// are of float32. Otherwise LibTorch may take what is fastest, TF32 products included. It holds for
// the whole process.
//
// REQUIRES: LibTorch has computed no convolution, gradient or random numbers before; the first of
// them looks for CUDA, once.
//
// Throws, saying what is missing and what to do: std::invalid_argument where this LibTorch has no
// CUDA, std::runtime_error where no GPU is there, which may change.
c10::Device FindGpu(bool deterministic);

// "NVIDIA H200"; of a processor "CPU". REQUIRES: FindGpu returned it, or it is a processor.
std::string NameOf(c10::Device device);

}  // namespace dqnd
