#define DQND_PROCESSOR portable
#include "trainer/kernels/products_loops.h"
