#include "env_bridge/classic/numpy_math.h"

#include <cmath>

namespace dqnd {

float NumpySine(float x) {
  const float x2 = x * x;
  float factor = std::fma(0x1.7d3bbcp-19f, x2, -0x1.a06bbap-13f);
  factor = std::fma(factor, x2, 0x1.11119ap-07f);
  factor = std::fma(factor, x2, -0x1.555556p-03f);
  factor = std::fma(factor, x2, 0.0f);
  return std::fma(factor, x, x);
}

float NumpyCosine(float x) {
  const float x2 = x * x;
  float sum = std::fma(0x1.98e616p-16f, x2, -0x1.6c06dcp-10f);
  sum = std::fma(sum, x2, 0x1.55553cp-05f);
  sum = std::fma(sum, x2, -0.5f);
  return std::fma(sum, x2, 1.0f);
}

double NumpySquare(double x) {
  const volatile double exponent = 2;  // a constant one would be compiled to x * x
  return std::pow(x, exponent);
}

}  // namespace dqnd
