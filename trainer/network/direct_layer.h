#pragma once

#include <cstdint>
#include <vector>

#include "base/thread_team.h"

namespace dqnd {

// Where the numbers of a layer lie. A picture is [height, width, channels], row-major; the weights
// of an output are a picture as large as what they meet. A fully connected layer is one whose
// weights meet the whole picture.
struct DirectShape {
  int64_t in_height = 1, in_width = 1, in_channels = 0;
  int64_t kernel_height = 1, kernel_width = 1, stride = 1;  // pixels
  int64_t outputs = 0;                                      // channels

  int64_t out_height() const { return (in_height - kernel_height) / stride + 1; }
  int64_t out_width() const { return (in_width - kernel_width) / stride + 1; }
  int64_t pixels() const { return out_height() * out_width(); }  // of the result
  int64_t in_numbers() const { return in_height * in_width * in_channels; }
  int64_t out_numbers() const { return pixels() * outputs; }
  int64_t fan_in() const { return kernel_height * kernel_width * in_channels; }
  int64_t kernel_run() const { return kernel_width * in_channels; }  // one run of memory
  bool is_fully_connected() const { return fan_in() == in_numbers(); }
};

// One layer, y = W x + b, with y = max(y, 0) where it is `rectified`, and its derivatives. All
// arrays are float32 and dense: x [batch, in_numbers], y [batch, out_numbers],
// W [outputs, fan_in], b [outputs].
class DirectLayer {
 public:
  DirectLayer(const DirectShape& shape, bool rectified, ThreadTeam& team)
      : shape_(shape), rectified_(rectified), team_(team) {}

  const DirectShape& shape() const { return shape_; }

  // To be called when the weights have changed, before the next Forward.
  void WeightsChanged(const float* weights);

  void Forward(int64_t batch, const float* x, const float* weights, const float* bias, float* y);

  // From dC/dy, where y was not cut off: dC/dW and dC/db.
  void GradientOfParameters(int64_t batch, const float* x, const float* dy, float* dweights,
                            float* dbias);

  // dC/dx, and 0 where x, which the layer before has rectified, was cut off.
  void GradientOfInput(int64_t batch, const float* x, const float* weights, const float* dy,
                       float* dx);

 private:
  void Convolve(int64_t batch, const float* x, const float* bias, float* y);
  void ConvolutionGradient(int64_t batch, const float* x, const float* dy, float* dweights);
  void ConvolutionInputGradient(int64_t batch, const float* x, const float* weights,
                                const float* dy, float* dx);

  DirectShape shape_;
  bool rectified_;
  ThreadTeam& team_;
  std::vector<float> transposed_;           // W as [fan_in, outputs], where that is faster
  std::vector<float> transposed_gradient_;  // of a convolution
  std::vector<float> bias_gradients_;       // [batch, outputs]
};

}  // namespace dqnd
