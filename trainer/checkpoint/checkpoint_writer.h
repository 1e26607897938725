#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <variant>

#include "trainer/checkpoint/checkpoint_store.h"

namespace dqnd {

// Writes checkpoints and sealed segments in a thread of its own, in the order in which they were
// handed over, while the run goes on. At most one checkpoint and a few segments wait or are being
// written; who hands over more waits for room, or until `stop` is requested: then Write returns
// false and has taken nothing.
//
// Called by one thread, the training loop's. A write that the system refuses is told by TakeOutcome
// and leaves the run as it is; a segment that could not be written is tried again with the next
// checkpoint.
class CheckpointWriter {
 public:
  // From here on `store` belongs to the writer's thread; it must outlive this object.
  explicit CheckpointWriter(CheckpointStore& store);
  // Finishes what was handed over.
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  // What became of a checkpoint.
  struct Outcome {
    int64_t env_steps = 0;
    double seconds = 0;              // of writing
    uint64_t bytes = 0;              // written, with the segments that were not there yet
    std::string error = {};          // empty: it is complete
    std::string removal_error = {};  // empty: what the retention does not keep is gone
  };

  bool Write(std::shared_ptr<const Segment> segment, const std::stop_token& stop = {});
  bool Write(CheckpointContent checkpoint, const std::stop_token& stop = {});

  // What became of the last checkpoint that ended since the last call, if one did.
  std::optional<Outcome> TakeOutcome();

  // Returns once everything handed over was written or refused; false when `deadline` or `stop`
  // came first.
  bool WaitUntil(std::chrono::steady_clock::time_point deadline);
  bool Wait(const std::stop_token& stop = {});

 private:
  using Job = std::variant<std::shared_ptr<const Segment>, CheckpointContent>;

  bool HandOver(Job job, const std::stop_token& stop);
  void Run();
  void Do(CheckpointContent checkpoint);
  void RethrowIfBroken();  // REQUIRES: mutex_ is held

  CheckpointStore& store_;  // the thread's

  std::mutex mutex_;
  std::condition_variable_any changed_;
  // Guarded by mutex_.
  std::deque<Job> jobs_;
  bool busy_ = false;
  bool stopping_ = false;
  std::optional<Outcome> outcome_;
  std::exception_ptr broken_;  // what no write should throw

  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace dqnd
