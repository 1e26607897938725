#include "base/thread_team.h"

namespace dqnd {
namespace {

// About ten to twenty microseconds: longer than what lies between two loops of an update.
constexpr int kLooks = 1000;

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

ThreadTeam::ThreadTeam(int size) {
  for (int i = 1; i < size; ++i) threads_.emplace_back([this] { Work(); });
}

ThreadTeam::~ThreadTeam() {
  ends_ = true;
  ++loop_;
  loop_.notify_all();
}

void ThreadTeam::Share(int64_t count, Call call, const void* body) {
  call_ = call;
  body_ = body;
  count_ = count;
  next_.store(0, std::memory_order_relaxed);
  working_.store(size() - 1, std::memory_order_relaxed);
  loop_.fetch_add(1, std::memory_order_release);
  loop_.notify_all();
  TakeTurns();
  for (int left = working_.load(std::memory_order_acquire); left != 0;
       left = working_.load(std::memory_order_acquire)) {
    AwaitChange(working_, left);
  }
}

void ThreadTeam::TakeTurns() {
  for (int64_t i = next_++; i < count_; i = next_++) call_(body_, i);
}

void ThreadTeam::Work() {
  int seen = 0;
  for (;;) {
    AwaitChange(loop_, seen);
    ++seen;
    if (ends_) return;
    TakeTurns();
    if (working_.fetch_sub(1, std::memory_order_release) == 1) working_.notify_all();
  }
}

}  // namespace dqnd
