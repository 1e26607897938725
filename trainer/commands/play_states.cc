#include "trainer/commands/play_states.h"

#include <limits>

#include "trainer/evaluation.h"

namespace dqnd {
namespace {

// Decides as it is told, and says when it was enough.
class CountingPolicy : public Policy {
 public:
  CountingPolicy(const std::function<std::span<const float>(std::span<const uint8_t>)>& decide,
                 int64_t states, std::stop_source& enough)
      : decide_(decide), left_(states), enough_(enough) {}

  std::span<const float> ActionValues(std::span<const uint8_t> states) override {
    if (--left_ == 0) enough_.request_stop();
    return decide_(states);
  }

 private:
  const std::function<std::span<const float>(std::span<const uint8_t>)>& decide_;
  int64_t left_;
  std::stop_source& enough_;
};

}  // namespace

bool PlayStates(const EnvironmentOptions& environment, int64_t states, uint64_t seed,
                const std::function<std::span<const float>(std::span<const uint8_t>)>& decide,
                const std::stop_token& stop) {
  std::stop_source enough;
  const std::stop_callback on_stop(stop, [&] { enough.request_stop(); });
  CountingPolicy policy(decide, states, enough);
  constexpr int64_t kUntilEnough = std::numeric_limits<int32_t>::max();
  Evaluate(policy, environment,
           {.episodes = kUntilEnough, .eps = 0.05, .seed = seed, .stream = "dqnd verify"},
           enough.get_token());
  return !stop.stop_requested();
}

}  // namespace dqnd
