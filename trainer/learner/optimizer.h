#pragma once

#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/thread_team.h"
#include "trainer/config/config.h"
#include "trainer/network/parameters.h"

namespace dqnd {

// First-order optimizers, one pass over memory each (and one before it to clip). g is the gradient,
// theta a parameter:
//
//   adam            Kingma and Ba 2015, as torch.optim.Adam:
//                   m += (1 - beta1) (g - m);  v = beta2 v + (1 - beta2) g^2
//                   theta -= lr m / (1 - beta1^t) / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
//   rmsprop         as torch.optim.RMSprop: v = alpha v + (1 - alpha) g^2
//                   theta -= lr g / (sqrt(v) + epsilon); centered: v - m^2 in place of v,
//                   m += (1 - alpha) (g - m)
//   rmsprop_nature  as DeepMind's DQN: always centred, and epsilon inside the root:
//                   theta -= lr g / sqrt(v - m^2 + epsilon)
//
// Results do not depend on the processor's vector width or the number of threads: every operation
// is IEEE and element by element, with no fused multiply-add.
class Optimizer {
 public:
  // Of these parameters, whose tensors it keeps; the work is divided among `team`.
  Optimizer(const OptimizerSection& options, const Parameters& parameters, ThreadTeam& team);

  struct Outcome {
    double gradient_norm;  // before it was clipped
    bool finite;           // whether every parameter is, and the norm
  };

  // Applies the gradients that backpropagation left in the parameters, their numbers in the order
  // of the parameters' memory; all of them times max_norm / norm where their Euclidean norm is
  // above max_norm. A norm that is not finite changes nothing where there is a max_norm, and
  // otherwise leaves parameters that are not finite.
  Outcome Step(std::optional<double> max_norm = {});

  // Of the steps to come, in place of optimizer.learning_rate.
  void SetLearningRate(double rate) { options_.learning_rate = rate; }

  int64_t steps() const { return steps_; }

  // What the next step depends on: the number of steps, and the moments in the shapes of their
  // parameters, by PyTorch's names: "conv1.weight.exp_avg" and ".exp_avg_sq" (adam),
  // ".grad_avg" and ".square_avg" (rmsprop). The tensors are this object's own memory: filling them
  // loads it.
  void SetSteps(int64_t steps) { steps_ = steps; }
  std::vector<NamedTensor> State() const;

 private:
  struct Moments {
    std::vector<float> mean;          // m
    std::vector<float> squared_mean;  // v
  };
  // A part of one parameter's numbers, which one thread passes over at a time.
  struct Piece {
    size_t parameter;
    int64_t begin, size;
    double squared_norm;
    bool finite;
  };
  const float* GradientOf(const Piece& piece) const;
  double GradientNorm();
  double NormOfPieces() const;

  OptimizerSection options_;
  std::vector<NamedTensor> parameters_;
  ThreadTeam& team_;
  bool worth_sharing_;
  std::vector<Moments> moments_;  // one a parameter tensor
  std::vector<Piece> pieces_;
  int64_t steps_ = 0;
};

}  // namespace dqnd
