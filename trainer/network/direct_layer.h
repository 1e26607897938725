#pragma once

#include <cstdint>
#include <memory>

#include "base/thread_team.h"
#include "trainer/config/config.h"

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

// One layer, y = W x + b, with y = max(y, 0) where it is rectified, and its derivatives. All arrays
// are float32 and dense: x [batch, in_numbers], y [batch, out_numbers], W [outputs, fan_in],
// b [outputs].
class DirectLayer {
 public:
  // Where the numbers are. They stay there.
  struct Parameters {
    const float* weights;
    const float* bias;
  };
  struct Gradients {
    float* weights;
    float* bias;
  };

  virtual ~DirectLayer() = default;

  virtual const DirectShape& shape() const = 0;

  // To be called when the parameters have changed, before the next Forward.
  virtual void ParametersChanged() = 0;

  virtual void Forward(int64_t batch, const float* x, float* y) = 0;

  // The same sample by sample, by several threads: Begin, then ForwardSample of each, in any order,
  // from its x to its y. Where no Backward follows, fewer samples than there are may take turns
  // with the `place`s below `places`. REQUIRES: a convolution.
  virtual void Begin(int64_t places, const float* x) = 0;
  virtual void ForwardSample(int64_t place, const float* x, float* y) = 0;

  // Whether Backward needs the last Forward's x to be where it was: Begin's x then has a place for
  // each sample.
  virtual bool NeedsX() const = 0;

  // Of the last Forward, from dC/dy, which is 0 where y was cut off: dC/dW and dC/db. And dC/dx
  // unless dx is null, 0 where x, which the layer before has rectified, was cut off.
  virtual void Backward(int64_t batch, const float* dy, const Gradients& gradients, float* dx) = 0;
};

// With `precision` bfloat16 what is multiplied is rounded to it, and sums stay float32. A layer of
// an odd number of outputs or of numbers in a run of memory, which come in pairs there, and one
// without a rectifier, which is a network's last, stays float32. The team must outlive the layer.
std::unique_ptr<DirectLayer> MakeDirectLayer(const DirectShape& shape, bool rectified,
                                             const DirectLayer::Parameters& parameters,
                                             Precision precision, ThreadTeam& team);

}  // namespace dqnd
