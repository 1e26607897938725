#include "trainer/learner/loss.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace dqnd {
namespace {

std::vector<double> LogSoftmax(std::span<const float> values, double temperature) {
  const double largest = *std::ranges::max_element(values);
  std::vector<double> logarithms;
  double sum = 0;
  for (const float value : values) {
    logarithms.push_back((value - largest) / temperature);
    sum += std::exp(logarithms.back());
  }
  for (double& logarithm : logarithms) logarithm -= std::log(sum);
  return logarithms;
}

}  // namespace

LossAndSlope LossOf(float error, Loss loss) {
  if (loss == Loss::kSquared) return {error * error, 2 * error};
  if (std::abs(error) < 1) return {0.5f * error * error, error};
  return {std::abs(error) - 0.5f, std::copysign(1.0f, error)};
}

double DistillationLoss(std::span<const float> student, std::span<const float> teacher,
                        const TrainSection& options, std::span<float> slopes) {
  double total = 0;
  if (options.teacher_loss == TeacherLoss::kValues) {
    const auto actions = static_cast<float>(student.size());
    for (size_t a = 0; a < student.size(); ++a) {
      const LossAndSlope loss = LossOf(student[a] - teacher[a], options.loss);
      total += loss.value / actions;
      slopes[a] = loss.slope / actions;
    }
    return total;
  }
  const double temperature = options.teacher_temperature;
  const std::vector<double> here = LogSoftmax(student, temperature);
  const std::vector<double> there = LogSoftmax(teacher, temperature);
  for (size_t a = 0; a < student.size(); ++a) {
    total += std::exp(there[a]) * (there[a] - here[a]);
    slopes[a] = static_cast<float>((std::exp(here[a]) - std::exp(there[a])) / temperature);
  }
  return total;
}

}  // namespace dqnd
