#define DQND_PROCESSOR avx512_bf16
#include "trainer/kernels/products_loops.h"
