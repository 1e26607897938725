#include "trainer/checkpoint/checkpoint_writer.h"

#include <stdexcept>
#include <system_error>
#include <utility>

namespace dqnd {
namespace {

using Clock = std::chrono::steady_clock;

// Segments that may wait. They are memory that the replay memory may want back.
constexpr size_t kMostWaitingJobs = 4;

}  // namespace

CheckpointWriter::CheckpointWriter(CheckpointStore& store)
    : store_(store), thread_([this] { Run(); }) {}

CheckpointWriter::~CheckpointWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

bool CheckpointWriter::Write(std::shared_ptr<const Segment> segment, const std::stop_token& stop) {
  return HandOver(std::move(segment), stop);
}

bool CheckpointWriter::Write(CheckpointContent checkpoint, const std::stop_token& stop) {
  // A second one in memory would be paid for by every run.
  return Wait(stop) && HandOver(std::move(checkpoint), stop);
}

bool CheckpointWriter::HandOver(Job job, const std::stop_token& stop) {
  {
    std::unique_lock lock(mutex_);
    const bool has_room =
        changed_.wait(lock, stop, [this] { return broken_ || jobs_.size() < kMostWaitingJobs; });
    RethrowIfBroken();
    if (!has_room) return false;
    jobs_.push_back(std::move(job));
  }
  changed_.notify_all();
  return true;
}

std::optional<CheckpointWriter::Outcome> CheckpointWriter::TakeOutcome() {
  const std::lock_guard lock(mutex_);
  RethrowIfBroken();
  return std::exchange(outcome_, std::nullopt);
}

bool CheckpointWriter::WaitUntil(Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  const bool done =
      changed_.wait_until(lock, deadline, [this] { return broken_ || (jobs_.empty() && !busy_); });
  RethrowIfBroken();
  return done;
}

bool CheckpointWriter::Wait(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const bool done =
      changed_.wait(lock, stop, [this] { return broken_ || (jobs_.empty() && !busy_); });
  RethrowIfBroken();
  return done;
}

void CheckpointWriter::RethrowIfBroken() {
  if (broken_) std::rethrow_exception(broken_);
}

void CheckpointWriter::Run() {
  while (true) {
    std::optional<Job> job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
      busy_ = true;
    }
    changed_.notify_all();
    try {
      if (auto* checkpoint = std::get_if<CheckpointContent>(&*job)) {
        Do(std::move(*checkpoint));
      } else {
        store_.SaveSegment(*std::get<std::shared_ptr<const Segment>>(*job));
      }
    } catch (const std::system_error&) {  // NOLINT(bugprone-empty-catch)
      // A segment: the next checkpoint tries again, and reports it if that fails, too.
    } catch (...) {
      const std::lock_guard lock(mutex_);
      broken_ = std::current_exception();
    }
    job.reset();  // gives up its segments before anybody is told
    {
      const std::lock_guard lock(mutex_);
      busy_ = false;
      if (broken_) jobs_.clear();
    }
    changed_.notify_all();
  }
}

void CheckpointWriter::Do(CheckpointContent checkpoint) {
  Outcome outcome{.env_steps = checkpoint.manifest.env_steps};
  const Clock::time_point begun = Clock::now();
  try {
    outcome.bytes = store_.Save(std::move(checkpoint));
    outcome.seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    try {
      store_.Prune();
    } catch (const std::runtime_error& error) {
      outcome.removal_error = error.what();
    }
  } catch (const std::system_error& error) {
    outcome.error = error.what();
  }
  const std::lock_guard lock(mutex_);
  outcome_ = std::move(outcome);
}

}  // namespace dqnd
