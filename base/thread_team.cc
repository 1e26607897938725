#include "base/thread_team.h"

#include <algorithm>

namespace dqnd {
namespace {

// About a tenth of a millisecond: longer than what lies between two loops of an update, or two
// updates of a small network.
constexpr int kLooks = 8000;

// About a hundredth of a millisecond, a few pieces of an update of a small network.
constexpr int kPatience = 800;

inline void Pause() {
#ifdef __x86_64__
  __builtin_ia32_pause();
#endif
}

// Waits until `value` is another than `old`.
template <typename T>
void AwaitChange(const std::atomic<T>& value, T old) {
  for (int look = 0; look < kLooks; ++look) {
    if (value.load(std::memory_order_acquire) != old) return;
    Pause();
  }
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

ThreadTeam::ThreadTeam(int size) : ranges_(std::max(size, 1)) {
  try {
    for (size_t i = 1; i < ranges_.size(); ++i) threads_.emplace_back([this, i] { Work(i); });
  } catch (...) {  // no more threads may be made: those that were would be waited for
    End();
    throw;
  }
}

ThreadTeam::~ThreadTeam() {
  End();
}

void ThreadTeam::End() {
  ends_ = true;
  ++loop_;
  loop_.notify_all();
}

void ThreadTeam::Share(int64_t count, Call call, const void* body) {
  call_ = call;
  body_ = body;
  const int64_t members = size();
  for (int64_t i = 0; i < members; ++i) {
    ranges_[i].begin = count * i / members;
    ranges_[i].next.store(ranges_[i].begin, std::memory_order_relaxed);
    ranges_[i].end = count * (i + 1) / members;
  }
  in_it_.store(kOpen, std::memory_order_release);
  loop_.fetch_add(1, std::memory_order_release);
  loop_.notify_all();
  TakeTurns(0);
  for (int left = in_it_.fetch_and(~kOpen, std::memory_order_acq_rel) & ~kOpen; left != 0;
       left = in_it_.load(std::memory_order_acquire)) {
    AwaitChange(in_it_, left);
  }
}

void ThreadTeam::TakeTurns(int64_t member) {
  const auto share = [this](int64_t number) -> Range& { return ranges_[number % size()]; };
  const auto take = [&](Range& range) {
    for (int64_t i = range.next++; i < range.end; i = range.next++) call_(body_, i, member);
  };
  take(share(member));
  for (int64_t other = 1; other < size(); ++other) {
    if (!share(member + other).IsUnderWay()) take(share(member + other));
  }
  // What is left of another's share lies in its cache, and is soonest done there, unless it was
  // interrupted.
  int patience = kPatience;
  for (int64_t other = 1; other < size(); ++other) {
    for (; patience > 0 && share(member + other).IsUnderWay(); --patience) Pause();
    take(share(member + other));
  }
}

void ThreadTeam::Work(int64_t member) {
  for (int seen = 0;;) {
    AwaitChange(loop_, seen);
    seen = loop_.load(std::memory_order_acquire);
    if (ends_) return;
    int in_it = in_it_.load(std::memory_order_relaxed);
    while ((in_it & kOpen) != 0) {
      if (!in_it_.compare_exchange_weak(in_it, in_it + 1, std::memory_order_acq_rel)) continue;
      TakeTurns(member);
      if (in_it_.fetch_sub(1, std::memory_order_acq_rel) == 1) in_it_.notify_all();
      break;
    }
  }
}

}  // namespace dqnd
