#include "trainer/service_manager.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace dqnd {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// The other end of NOTIFY_SOCKET, and the environment of a process that systemd has started.
class FakeManager {
 public:
  explicit FakeManager(std::chrono::microseconds watchdog = {}) {
    path_ = testing::TempDir() + "notify-" + std::to_string(getpid());
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) abort();
    ::setenv("NOTIFY_SOCKET", path_.c_str(), 1);
    if (watchdog.count() == 0) return;
    ::setenv("WATCHDOG_USEC", std::to_string(watchdog.count()).c_str(), 1);
    ::setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  }

  ~FakeManager() {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
    ::close(socket_);
    std::filesystem::remove(path_);
  }

  // The next message; nothing when none comes within `patience`.
  std::optional<std::string> Next(std::chrono::milliseconds patience = 10s) {
    const timeval time{.tv_sec = patience / 1s, .tv_usec = (patience % 1s) / 1us};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    char message[4096];
    const ssize_t bytes = ::recv(socket_, message, sizeof message, 0);
    if (bytes < 0) return std::nullopt;
    return std::string(message, static_cast<size_t>(bytes));
  }

  // So many messages.
  std::vector<std::string> Next(size_t count) {
    std::vector<std::string> messages(count);
    for (std::string& message : messages) message = Next().value_or("none came");
    return messages;
  }

 private:
  std::string path_;
  int socket_ = -1;
};

// A run that trains a second whenever somebody looks, unless it hangs.
struct FakeRun {
  RunState state() {
    RunState now;
    now.phase = phase;
    now.env_steps = 1200;
    now.total_env_steps = 5000;
    now.env_steps_per_second = 480;
    now.mean_return = 3.5;
    now.elapsed_seconds = hangs ? seconds.load() : seconds.fetch_add(1);
    return now;
  }
  std::atomic<RunPhase> phase = RunPhase::kTraining;
  std::atomic<bool> hangs = false;
  std::atomic<int> seconds = 0;
};

TEST(ServiceManager, SaysThatTheRunIsReadyWhereItStandsAndThatItStops) {
  FakeManager manager;
  FakeRun run;
  {
    const ServiceManager service_manager([&run] { return run.state(); });
    EXPECT_THAT(manager.Next(2),
                ElementsAre("READY=1",
                            StartsWith("STATUS=training at env_step 1200 of 5000, 480 env_steps/s, "
                                       "mean return 3.50")));
  }
  EXPECT_EQ(manager.Next(), "STOPPING=1");
}

TEST(ServiceManager, FeedsTheWatchdogUntilTheTrainingThreadHangs) {
  FakeManager manager(40ms);
  FakeRun run;
  const ServiceManager service_manager([&run] { return run.state(); });
  manager.Next(1);  // ready
  for (const std::string& message : manager.Next(10))
    EXPECT_THAT(message, HasSubstr("\nWATCHDOG=1"));
  run.hangs = true;
  manager.Next(2);  // what was under way
  for (const std::string& message : manager.Next(10)) {
    EXPECT_THAT(message, Not(HasSubstr("WATCHDOG=1")));
  }
}

TEST(ServiceManager, FeedsTheWatchdogOfARunThatWaitsByIntention) {
  for (const RunPhase phase : {RunPhase::kPaused, RunPhase::kStopping, RunPhase::kServing}) {
    FakeManager manager(40ms);
    FakeRun run;
    run.phase = phase;
    run.hangs = true;
    const ServiceManager service_manager([&run] { return run.state(); });
    manager.Next(1);  // ready
    for (const std::string& message : manager.Next(5))
      EXPECT_THAT(message, HasSubstr("WATCHDOG=1"));
  }
}

TEST(ServiceManager, IsSilentWhereNobodyListens) {
  FakeManager manager;
  ::unsetenv("NOTIFY_SOCKET");
  const ServiceManager service_manager([]() -> RunState { throw std::logic_error("asked"); });
  EXPECT_EQ(manager.Next(50ms), std::nullopt);
}

}  // namespace
}  // namespace dqnd
