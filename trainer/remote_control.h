#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "env_bridge/run_control.h"
#include "env_bridge/watch/wakeup.h"

namespace dqnd {

// Where clients leave commands for the training loop, which carries them out between two cycles.
// The RunControl side is safe for use by several threads at once; the loop's side is for one.
class RemoteControl final : public RunControl {
 public:
  enum class Kind { kPause, kResume, kStep, kCheckpoint };
  struct Command {
    Kind kind = Kind::kPause;
    int64_t cycles = 0;  // of kStep
    Done done;
  };

  // `request_stop` ends the run as a signal would, from any thread. `news` is notified when the
  // phase changes, and must outlive this object.
  RemoteControl(RunDescription description, std::function<void()> request_stop, Wakeup& news);

  // Refuses what is still waiting.
  ~RemoteControl() override;

  const RunDescription& description() const override { return description_; }
  RunState state() const override;
  void Pause(Done done) override {
    Add({.kind = Kind::kPause, .cycles = 0, .done = std::move(done)});
  }
  void Resume(Done done) override {
    Add({.kind = Kind::kResume, .cycles = 0, .done = std::move(done)});
  }
  void Step(int64_t cycles, Done done) override {
    Add({.kind = Kind::kStep, .cycles = cycles, .done = std::move(done)});
  }
  void Checkpoint(Done done) override {
    Add({.kind = Kind::kCheckpoint, .cycles = 0, .done = std::move(done)});
  }
  void Stop(Done done) override;

  // Whether a client has stopped the run.
  bool stopped() const { return stopped_; }

  // The loop's side. Whether a command waits: cheap enough for every cycle.
  bool waiting() const { return waiting_.load(std::memory_order_relaxed); }
  // The oldest; nothing when none waits.
  std::optional<Command> Take();
  // Returns when one waits, or `stop` is requested.
  void WaitForCommand(const std::stop_token& stop);
  // What state() gives from now on.
  void SetState(const RunState& state);
  // Refuses all that waits and comes from now on with this sentence.
  void Close(const std::string& why);

 private:
  static constexpr size_t kMostWaiting = 1000;

  void Add(Command command);

  const RunDescription description_;
  const std::function<void()> request_stop_;
  Wakeup& news_;
  std::atomic<bool> stopped_ = false;
  std::atomic<bool> waiting_ = false;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable_any added_;
  std::deque<Command> commands_;
  RunState state_;
  std::string closed_;  // why; empty: it is open
};

}  // namespace dqnd
