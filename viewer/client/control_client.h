#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "viewer/client/address.h"
#include "viewer/client/connection.h"

namespace dqnd {

// What a person asks of a run.
enum class RunCommand { kPause, kResume, kStep, kCheckpoint, kStop };

// How it went.
struct CommandAnswer {
  RunCommand command = RunCommand::kPause;
  bool done = false;
  std::string text;  // one line for people
};

// Controls a run without making anybody wait: commands are carried out one after another on a
// thread of its own, over a connection that is made when the first one needs it.
//
// All methods may be called by any thread. `wake` is called on the client's thread whenever there
// is an answer; it must be quick and may not call this object. The destructor gives up what is
// under way.
class ControlClient {
 public:
  ControlClient(Destination destination, std::function<void()> wake);
  ControlClient(const ControlClient&) = delete;
  ControlClient& operator=(const ControlClient&) = delete;
  ~ControlClient();

  // Commands beyond 64 that wait are dropped.
  void Send(RunCommand command);
  // Whether a command waits or is under way.
  bool busy() const;
  std::vector<CommandAnswer> TakeAnswers();

 private:
  void Run(const std::stop_token& stop);
  CommandAnswer Carry(RunCommand command, const std::stop_token& stop);

  const Destination destination_;
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::condition_variable_any commanded_;
  // Guarded by mutex_.
  std::deque<RunCommand> commands_;  // the first is under way
  std::vector<CommandAnswer> answers_;
  // Owned by the thread.
  std::unique_ptr<Connection> connection_;
  // Last, so that it ends before what it uses.
  std::jthread thread_;
};

}  // namespace dqnd
