#define DQND_PROCESSOR avx512
#include "trainer/kernels/products_loops.h"
