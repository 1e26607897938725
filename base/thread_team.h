#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <type_traits>
#include <vector>

namespace dqnd {

// Threads that divide loops among them, one of them the caller's. Each begins with a share of its
// own, the same part of every loop, so that what it leaves in its cache is what it wants next. Then
// it takes over the share of one that comes late, and after a hundredth of a millisecond what is
// left of the others'. They wait for the next loop with open eyes for a tenth of a millisecond,
// then asleep: where other programs have the processors, they are not in the way. Owned and called
// by one thread.
class ThreadTeam {
 public:
  // Of `size` threads, the caller's among them.
  explicit ThreadTeam(int size);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int size() const { return static_cast<int>(ranges_.size()); }

  // Calls body(i), or body(i, member), once for each i < count, each on some thread, the
  // `member`-th of the team, and returns when all are done. `body` must not throw. A loop that is
  // done sooner than another thread could begin, in about ten microseconds, is not `worth_sharing`.
  template <typename Body>
  void For(int64_t count, const Body& body, bool worth_sharing = true) {
    const Call call = [](const void* of, int64_t i, int64_t member) {
      if constexpr (std::is_invocable_v<const Body&, int64_t, int64_t>) {
        (*static_cast<const Body*>(of))(i, member);
      } else {
        (*static_cast<const Body*>(of))(i);
      }
    };
    if (size() == 1 || count < 2 || !worth_sharing) {
      for (int64_t i = 0; i < count; ++i) call(&body, i, 0);
    } else {
      Share(count, call, &body);
    }
  }

 private:
  using Call = void (*)(const void* body, int64_t i, int64_t member);

  void Share(int64_t count, Call call, const void* body);
  void TakeTurns(int64_t member);
  void End();
  void Work(int64_t member);

  // What is left of a member's share, in a cache line of its own.
  struct alignas(64) Range {
    std::atomic<int64_t> next = 0;
    int64_t begin = 0, end = 0;

    bool IsUnderWay() const {
      const int64_t at = next.load(std::memory_order_relaxed);
      return begin < at && at < end;
    }
  };

  // The loop under way. Written by the owner while nobody is in it.
  Call call_ = nullptr;
  const void* body_ = nullptr;
  std::vector<Range> ranges_;  // one a member; the owner is the first

  std::atomic<int> loop_ = 0;  // its number; a new one wakes the others
  // Threads beside the owner's that are in it, and kOpen while more may come.
  static constexpr int kOpen = 1 << 30;
  std::atomic<int> in_it_ = 0;
  std::atomic<bool> ends_ = false;
  std::vector<std::jthread> threads_;  // beside the owner's
};

}  // namespace dqnd
