#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "env_bridge/policy.h"

namespace dqnd {

// A policy that a test writes as a function from one state to values.
class FunctionPolicy final : public LivePolicy {
 public:
  using Function = std::function<std::vector<float>(std::span<const uint8_t> state)>;

  FunctionPolicy(size_t state_bytes, Function function)
      : state_bytes_(state_bytes), function_(std::move(function)) {}

  std::span<const float> ActionValues(std::span<const uint8_t> states) override {
    values_.clear();
    for (size_t begin = 0; begin < states.size(); begin += state_bytes_) {
      const std::vector<float> values = function_(states.subspan(begin, state_bytes_));
      values_.insert(values_.end(), values.begin(), values.end());
    }
    return values_;
  }

  int64_t Refresh() override { return 1234; }

 private:
  const size_t state_bytes_;
  const Function function_;
  std::vector<float> values_;
};

class FunctionPolicySource final : public PolicySource {
 public:
  FunctionPolicySource(size_t state_bytes, FunctionPolicy::Function function)
      : state_bytes_(state_bytes), function_(std::move(function)) {}

  std::unique_ptr<LivePolicy> Make() override {
    return std::make_unique<FunctionPolicy>(state_bytes_, function_);
  }

 private:
  const size_t state_bytes_;
  const FunctionPolicy::Function function_;
};

// Moves the paddle of Catch under the ball.
inline std::vector<float> CatchesTheBall(std::span<const uint8_t> board) {
  int ball = 2, paddle = 2;
  for (int cell = 0; cell < 45; ++cell) {
    if (board[cell] != 0) ball = cell % 5;
  }
  for (int column = 0; column < 5; ++column) {
    if (board[45 + column] != 0) paddle = column;
  }
  return {ball < paddle ? 1.0f : 0.0f, ball == paddle ? 1.0f : 0.0f, ball > paddle ? 1.0f : 0.0f};
}

}  // namespace dqnd
