#define DQND_PROCESSOR avx2
#include "trainer/kernels/products_loops.h"
