#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "env_bridge/policy.h"
#include "env_bridge/watch/saliency.h"
#include "env_bridge/watch/wakeup.h"

namespace dqnd {

// Computes saliency maps in a thread of its own, of the newest state that was offered; it takes at
// most a quarter of a processor and yields to threads that train. Safe for use by several threads
// at once.
class SaliencyWorker {
 public:
  struct Result {
    int64_t env_step = 0;
    Saliency map;
  };

  // Starts the thread, which makes a policy of its own. `policies` and `on_result` (which is
  // notified of each new result) must outlive this object.
  SaliencyWorker(PolicySource& policies, const ObservationSpec& observation, Wakeup& on_result);

  // Takes the place of what was offered before and is not begun.
  void Offer(int64_t env_step, const std::vector<uint8_t>& state, int action);

  // The newest; null before the first.
  std::shared_ptr<const Result> newest() const;

 private:
  struct Task {
    int64_t env_step = 0;
    std::vector<uint8_t> state;
    int action = 0;
  };

  void Run(const std::stop_token& stop);

  PolicySource& policies_;
  const ObservationSpec observation_;
  Wakeup& on_result_;
  Wakeup offered_;

  mutable std::mutex mutex_;  // guards what follows
  std::unique_ptr<Task> task_;
  std::shared_ptr<const Result> newest_;

  std::jthread thread_;
};

}  // namespace dqnd
