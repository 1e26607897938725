#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include <ATen/core/Tensor.h>

#include "env_bridge/environment.h"
#include "env_bridge/policy.h"
#include "trainer/config/config.h"
#include "trainer/network/parameters.h"

namespace dqnd {

// Copies of the online network's parameters for those who watch. The training loop publishes one
// now and then while somebody wants them; policies take the newest, each into a network of its own,
// on one thread of LibTorch.
//
// Publish is called by one thread; everything else is safe for use by several threads at once. It
// must outlive the policies it made.
class PublishedNetwork final : public PolicySource {
 public:
  PublishedNetwork(const NetworkSection& network, const EnvironmentSpec& environment)
      : network_(network), environment_(environment) {}

  // REQUIRES: Publish came first.
  std::unique_ptr<LivePolicy> Make() override;

  // Whether a policy exists that would take new parameters.
  bool wanted() const { return policies_.load(std::memory_order_relaxed) > 0; }

  // Waits for nobody: where a policy still reads the copy that is the older one, the newer stays
  // what it is. From its third call on it allocates nothing.
  void Publish(const Parameters& parameters, int64_t env_steps);

 private:
  class NewestPolicy;
  struct Copy {
    std::mutex mutex;        // guards what follows
    int64_t env_steps = -1;  // of the run, which also says which copy is newer; -1: none yet
    std::vector<at::Tensor> values;  // in the order of Parameters::entries()
  };

  const NetworkSection network_;
  const EnvironmentSpec environment_;
  std::atomic<int> policies_ = 0;

  std::array<Copy, 2> copies_;
  std::atomic<size_t> newest_ = 0;  // which of them; Publish writes the other one
};

}  // namespace dqnd
