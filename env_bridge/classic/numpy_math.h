#pragma once

namespace dqnd {

// NumPy's float32 sine and cosine for |x| <= pi/4, to the bit. NumPy evaluates minimax polynomials
// of its own (numpy/_core/src/umath/loops_trigonometric.dispatch.cpp) with fused multiply-add;
// about one result in a thousand differs from the C library's and from the correctly rounded one.
float NumpySine(float x);
float NumpyCosine(float x);

// NumPy's x ** 2 for a float64: the C library's pow(x, 2), whose last bit differs from that of x *
// x for about one number in a thousand.
double NumpySquare(double x);

}  // namespace dqnd
