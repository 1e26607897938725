#include "trainer/stop_on_signal.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <thread>

#include <gtest/gtest.h>

namespace dqnd {
namespace {

using namespace std::chrono_literals;
using Clock = StopOnSignal::Clock;

// Whether the stop is requested within ten seconds.
bool Stops(const StopOnSignal& stop) {
  const Clock::time_point give_up = Clock::now() + 10s;
  while (!stop.token().stop_requested() && Clock::now() < give_up) std::this_thread::yield();
  return stop.token().stop_requested();
}

TEST(StopOnSignal, TheFirstSignalRequestsAStop) {
  for (const int signal : {SIGTERM, SIGINT}) {
    StopOnSignal stop;
    EXPECT_FALSE(stop.token().stop_requested());
    kill(getpid(), signal);
    EXPECT_TRUE(Stops(stop));
    EXPECT_TRUE(stop.signalled());
  }
}

TEST(StopOnSignal, AMomentRequestsAStop) {
  StopOnSignal stop;
  const Clock::time_point moment = Clock::now() + 50ms;
  stop.StopAt(moment);
  EXPECT_TRUE(Stops(stop));
  EXPECT_GE(Clock::now(), moment);
  EXPECT_FALSE(stop.signalled());
}

TEST(StopOnSignal, AMomentThatIsFarAwayRequestsNone) {
  StopOnSignal stop;
  stop.StopAt(Clock::time_point::max());
  EXPECT_FALSE(stop.token().stop_requested());
}

// Ends the process with 0 unless a signal does it before.
[[noreturn]] void SignalTwice(Clock::duration apart) {
  StopOnSignal stop;
  kill(getpid(), SIGTERM);
  if (!Stops(stop)) exit(1);
  const Clock::time_point until = Clock::now() + apart;
  while (Clock::now() < until) std::this_thread::yield();
  kill(getpid(), SIGTERM);
  const Clock::time_point give_up = Clock::now() + (apart > 200ms ? 10s : 100ms);
  while (Clock::now() < give_up) std::this_thread::yield();
  exit(0);
}

TEST(StopOnSignalDeathTest, ALaterSignalEndsTheProcessAtOnce) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(SignalTwice(300ms), ::testing::ExitedWithCode(128 + SIGTERM), "");
}

TEST(StopOnSignalDeathTest, TwoSignalsInOneBreathAreOneRequest) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(SignalTwice(0ms), ::testing::ExitedWithCode(0), "");
}

TEST(StopOnSignalDeathTest, ASignalAfterTheMomentIsTheFirstOne) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        StopOnSignal stop;
        stop.StopAt(Clock::now());
        if (!Stops(stop)) exit(1);
        kill(getpid(), SIGTERM);
        while (!stop.signalled()) std::this_thread::yield();
        exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace dqnd
