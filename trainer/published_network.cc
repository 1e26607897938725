#include "trainer/published_network.h"

#include <cassert>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include "base/random_stream.h"
#include "trainer/acting/actor.h"
#include "trainer/network/q_network.h"

namespace dqnd {

class PublishedNetwork::NewestPolicy final : public LivePolicy {
 public:
  explicit NewestPolicy(PublishedNetwork& source)
      : source_(source),
        network_(source.network_, source.environment_.observation,
                 source.environment_.num_actions(), init_),
        actor_(MakeActor(network_, source.network_, source.environment_.observation)) {
    ++source_.policies_;
    Refresh();
  }

  ~NewestPolicy() override { --source_.policies_; }

  std::span<const float> ActionValues(std::span<const uint8_t> states) override {
    // For each thread its own setting; one that shares its processor with training must not spin.
    if (at::get_num_threads() != 1) at::set_num_threads(1);
    return actor_->ActionValues(states);
  }

  int64_t Refresh() override {
    Copy& newest = source_.copies_[source_.newest_];
    const std::lock_guard lock(newest.mutex);
    assert(newest.env_steps >= 0);
    if (newest.env_steps > env_steps_) {
      const c10::NoGradGuard no_grad;
      const auto& entries = network_.parameters().entries();
      for (size_t i = 0; i < entries.size(); ++i) entries[i].value.copy_(newest.values[i]);
      actor_->ParametersChanged();
      env_steps_ = newest.env_steps;
    }
    return env_steps_;
  }

 private:
  PublishedNetwork& source_;
  RandomStream init_{0, "published"};  // for values that Refresh overwrites
  QNetwork network_;
  std::unique_ptr<Actor> actor_;
  int64_t env_steps_ = -1;  // of the copy whose values network_ has
};

std::unique_ptr<LivePolicy> PublishedNetwork::Make() {
  return std::make_unique<NewestPolicy>(*this);
}

void PublishedNetwork::Publish(const Parameters& parameters, int64_t env_steps) {
  const size_t older = 1 - newest_;
  Copy& copy = copies_[older];
  const std::unique_lock lock(copy.mutex, std::try_to_lock);
  if (!lock.owns_lock()) return;
  const c10::NoGradGuard no_grad;
  const auto& entries = parameters.entries();
  copy.values.resize(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    at::Tensor& value = copy.values[i];
    if (!value.defined()) value = at::empty_like(entries[i].value);
    value.copy_(entries[i].value);
  }
  copy.env_steps = env_steps;
  newest_ = older;
}

}  // namespace dqnd
