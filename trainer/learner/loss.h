#pragma once

#include <span>

#include "trainer/config/config.h"

namespace dqnd {

struct LossAndSlope {
  float value;
  float slope;  // d value / d error
};

// As torch's smooth_l1_loss and mse_loss have them.
LossAndSlope LossOf(float error, Loss loss);

// How far a student's values of one state's actions are from its teacher's, and the slope for each
// of the student's; "Policy Distillation" (Rusu et al. 2016, section 3.2), of which
//   values  is the loss of the temporal-difference error, here averaged over all actions
//   policy  is the Kullback-Leibler divergence of softmax(teacher / temperature) from
//           softmax(student / temperature); the paper has a temperature for the teacher alone,
//           which leaves a student no Q-values, but logits
// All spans have a number an action.
double DistillationLoss(std::span<const float> student, std::span<const float> teacher,
                        const TrainSection& options, std::span<float> slopes);

}  // namespace dqnd
