#include "trainer/learner/loss.h"

#include <gtest/gtest.h>

#include <vector>

namespace dqnd {
namespace {

const std::vector<float> kStudent = {0.5f, -1.25f, 2.0f}, kTeacher = {1.0f, 0.25f, -0.5f};

TrainSection Values(Loss loss) {
  TrainSection options;
  options.teacher_loss = TeacherLoss::kValues;
  options.loss = loss;
  return options;
}

TrainSection Policies(double temperature) {
  TrainSection options;
  options.teacher_loss = TeacherLoss::kPolicy;
  options.teacher_temperature = temperature;
  return options;
}

double LossOf(const std::vector<float>& student, const TrainSection& options) {
  std::vector<float> slopes(student.size());
  return DistillationLoss(student, kTeacher, options, slopes);
}

void ExpectSlopesAreTheLosses(const TrainSection& options) {
  std::vector<float> slopes(kStudent.size());
  DistillationLoss(kStudent, kTeacher, options, slopes);
  constexpr float kStep = 1e-3f;
  for (size_t a = 0; a < slopes.size(); ++a) {
    std::vector<float> above = kStudent, below = kStudent;
    above[a] += kStep;
    below[a] -= kStep;
    const double slope = (LossOf(above, options) - LossOf(below, options)) / (above[a] - below[a]);
    EXPECT_NEAR(slopes[a], slope, 2e-4) << a;
  }
}

TEST(DistillationLoss, SlopesAreThoseOfTheLoss) {
  ExpectSlopesAreTheLosses(Values(Loss::kHuber));
  ExpectSlopesAreTheLosses(Values(Loss::kSquared));
  for (const double temperature : {0.5, 1.0, 3.0}) ExpectSlopesAreTheLosses(Policies(temperature));
}

TEST(DistillationLoss, OfValuesIsTheMeanOverAllActions) {
  EXPECT_NEAR(LossOf(kStudent, Values(Loss::kHuber)), (0.125 + 1.0 + 2.0) / 3, 1e-6);
}

// softmax(1, 0.25, -0.5) = .590, .279, .132; softmax(0.5, -1.25, 2) = .177, .031, .792.
TEST(DistillationLoss, OfPoliciesIsTheirDivergence) {
  EXPECT_NEAR(LossOf(kStudent, Policies(1)), 1.08844, 1e-5);
}

TEST(DistillationLoss, OfPoliciesIsZeroWhereValuesDifferByOneConstantAndNeverOverflows) {
  std::vector<float> student;
  for (const float value : kTeacher) student.push_back(value + 1024);
  EXPECT_NEAR(LossOf(student, Policies(1e-4)), 0, 1e-9);
}

}  // namespace
}  // namespace dqnd
