#include "trainer/published_network.h"

#include <cassert>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include "base/random_stream.h"
#include "trainer/network/network_policy.h"
#include "trainer/network/q_network.h"

namespace dqnd {

class PublishedNetwork::NewestPolicy final : public LivePolicy {
 public:
  explicit NewestPolicy(PublishedNetwork& source)
      : source_(source),
        network_(source.network_, source.environment_.observation,
                 source.environment_.num_actions(), init_),
        policy_(network_, source.environment_.observation) {
    ++source_.policies_;
    Refresh();
  }

  ~NewestPolicy() override { --source_.policies_; }

  std::span<const float> ActionValues(std::span<const uint8_t> states) override {
    // For each thread its own setting; one that shares its processor with training must not spin.
    if (at::get_num_threads() != 1) at::set_num_threads(1);
    return policy_.ActionValues(states);
  }

  int64_t Refresh() override {
    std::shared_ptr<const Snapshot> newest = source_.newest();
    if (newest != snapshot_) {
      const c10::NoGradGuard no_grad;
      const auto& entries = network_.parameters().entries();
      for (size_t i = 0; i < entries.size(); ++i) entries[i].value.copy_(newest->values[i]);
      snapshot_ = std::move(newest);
    }
    return snapshot_->env_steps;
  }

 private:
  PublishedNetwork& source_;
  RandomStream init_{0, "published"};  // for values that Refresh overwrites
  QNetwork network_;
  NetworkPolicy policy_;
  std::shared_ptr<const Snapshot> snapshot_;  // whose values network_ has
};

std::unique_ptr<LivePolicy> PublishedNetwork::Make() {
  return std::make_unique<NewestPolicy>(*this);
}

void PublishedNetwork::Publish(const Parameters& parameters, int64_t env_steps) {
  const c10::NoGradGuard no_grad;
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->env_steps = env_steps;
  for (const NamedTensor& entry : parameters.entries()) {
    snapshot->values.push_back(entry.value.detach().clone());
  }
  const std::lock_guard lock(mutex_);
  newest_ = std::move(snapshot);
}

std::shared_ptr<const PublishedNetwork::Snapshot> PublishedNetwork::newest() const {
  const std::lock_guard lock(mutex_);
  assert(newest_ != nullptr);
  return newest_;
}

}  // namespace dqnd
