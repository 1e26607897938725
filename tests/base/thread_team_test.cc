#include "base/thread_team.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace dqnd {
namespace {

using ::testing::Contains;
using ::testing::Each;

TEST(ThreadTeam, DoesEachPieceOfALoopOnceAndWaitsForAll) {
  for (const int size : {1, 2, 5}) {
    ThreadTeam team(size);
    EXPECT_EQ(team.size(), size);
    for (int64_t count : {0, 1, 2, 3, 100}) {
      for (int round = 0; round < 200; ++round) {
        std::vector<int> done(count);
        team.For(count, [&](int64_t i) { ++done[i]; });
        ASSERT_THAT(done, Each(1));
      }
    }
  }
}

TEST(ThreadTeam, SharesALoopBetweenItsThreads) {
  ThreadTeam team(3);
  std::mutex mutex;
  std::set<std::thread::id> seen;
  // Each piece waits for the others: one thread alone would never come to the end.
  team.For(3, [&](int64_t) {
    {
      const std::lock_guard lock(mutex);
      seen.insert(std::this_thread::get_id());
    }
    for (size_t threads = 0; threads < 3;) {
      const std::lock_guard lock(mutex);
      threads = seen.size();
    }
  });
  EXPECT_EQ(seen.size(), 3u);
}

TEST(ThreadTeam, TellsAPieceWhichMemberItIsOnAndOnlyOneThreadIsThatMember) {
  ThreadTeam team(3);
  std::vector<std::set<std::thread::id>> threads(team.size());
  for (int round = 0; round < 200; ++round) {
    team.For(30,
             [&](int64_t, int64_t member) { threads[member].insert(std::this_thread::get_id()); });
  }
  for (const auto& of_member : threads) EXPECT_LE(of_member.size(), 1u);
  EXPECT_THAT(threads[0], Contains(std::this_thread::get_id()));
}

TEST(ThreadTeam, WakesThreadsThatFellAsleep) {
  ThreadTeam team(2);
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    std::vector<int> done(8);
    team.For(8, [&](int64_t i) { done[i] = round; });
    ASSERT_THAT(done, Each(round));
  }
}

TEST(ThreadTeam, EndsWithoutALoop) {
  for (int i = 0; i < 20; ++i) ThreadTeam team(4);
}

}  // namespace
}  // namespace dqnd
