#include "replay/replay_memory.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace dqnd {

ReplayMemory::ReplayMemory(const ReplayOptions& options) : options_(options) {
  CheckReplayOptions(options);
  shape_ = options.Shape();
  lanes_.resize(static_cast<size_t>(options.lanes));
  for (Lane& lane : lanes_) lane.carried.resize(static_cast<size_t>(shape_.state_bytes()));
  pool_ = std::make_shared<BlockPool>(shape_.BlockBytes(), shape_.MostBlocks());
  Clear();
}

void ReplayMemory::Clear() {
  sealed_.clear();
  first_frames_.clear();
  making_first_frame_ = 0;
  making_.reset();
  making_ = std::make_unique<Segment>(pool_, shape_, 0);
  appended_ = 0;
  for (Lane& lane : lanes_) {
    lane.in_episode = false;
    lane.last_row = Segment::kNone;
    lane.carried_frames = 0;
  }
}

void ReplayMemory::Begin(int lane_number, std::span<const uint8_t> frame) {
  Lane& lane = LaneAt(lane_number, frame);
  lane.in_episode = true;
  lane.last_row = Segment::kNone;
  lane.carried_frames = 1;
  std::ranges::copy(frame, lane.carried.end() - options_.frame_bytes);
}

void ReplayMemory::Append(int lane_number, const Transition& transition,
                          std::span<const uint8_t> next_frame) {
  Lane& lane = LaneAt(lane_number, next_frame);
  if (!lane.in_episode) {
    throw std::invalid_argument("replay lane " + std::to_string(lane_number) +
                                " has no episode under way; call Begin before Append");
  }
  const bool first_here = lane.last_row == Segment::kNone;
  const int64_t new_frames = 1 + (first_here ? lane.carried_frames : 0);
  DropOutdated(appended_ + 1);
  DropToFit(making_->GrowthBytes(new_frames));
  DropBeyondTheCopy(new_frames);
  int64_t number = frames_stored();
  lane.last_row = making_->Append(lane.last_row, CarriedFrames(lane), transition, next_frame);
  if (copy_ != nullptr) {
    const std::span<const uint8_t> carried = CarriedFrames(lane);
    const auto frame_bytes = static_cast<size_t>(options_.frame_bytes);
    for (size_t offset = 0; offset < carried.size(); offset += frame_bytes) {
      copy_->Put(number++, carried.subspan(offset, frame_bytes));
    }
    copy_->Put(number, next_frame);
  }
  lane.carried_frames = 0;
  ++appended_;
  if (transition.done()) {
    lane.in_episode = false;
    lane.last_row = Segment::kNone;
  }
  if (making_->full()) SealSegment();
}

void ReplayMemory::SealSegment() {
  for (Lane& lane : lanes_) {
    if (lane.last_row == Segment::kNone) continue;
    scratch_.key = FrameStore::kNone;
    lane.carried_frames = making_->CopyStateAfter(lane.last_row, lane.carried, scratch_);
    lane.last_row = Segment::kNone;
  }
  first_frames_.push_back(making_first_frame_);
  making_first_frame_ = frames_stored();
  sealed_.push_back(std::move(making_));
  OpenSegment();
}

void ReplayMemory::OpenSegment() {
  DropToFit(shape_.MetadataBytes());
  if (options_.max_bytes) {
    pool_->DropFreeBlocks(*options_.max_bytes - options_.LaneBytes() - shape_.MetadataBytes());
  }
  making_ = std::make_unique<Segment>(pool_, shape_, appended_);
}

// Drops the segments none of whose transitions is among the newest buffer_size once there are
// `appended`.
void ReplayMemory::DropOutdated(int64_t appended) {
  while (!sealed_.empty() && sealed_.front()->first_transition() + sealed_.front()->size() <=
                                 appended - options_.buffer_size) {
    DropOldest();
  }
}

// Drops the oldest segments until `more_bytes` can be taken without exceeding max_bytes. At least
// one full segment stays, since max_bytes has room for two.
void ReplayMemory::DropToFit(int64_t more_bytes) {
  if (!options_.max_bytes || more_bytes == 0) return;
  while (!sealed_.empty() && OwnBytes() + more_bytes > *options_.max_bytes) DropOldest();
}

// Likewise, until the frames that are left and `more_frames` are no more than the copy holds.
void ReplayMemory::DropBeyondTheCopy(int64_t more_frames) {
  if (copy_ == nullptr) return;
  while (!sealed_.empty() &&
         frames_stored() + more_frames - first_frames_.front() > copy_->capacity()) {
    DropOldest();
  }
}

void ReplayMemory::DropOldest() {
  sealed_.pop_front();
  first_frames_.pop_front();
}

void ReplayMemory::CopyFramesTo(FrameCopy& copy) {
  const int64_t least = 2 * shape_.MostFrames();
  if (copy.capacity() < least) {
    throw std::invalid_argument("a copy of the replay memory holds " +
                                std::to_string(copy.capacity()) +
                                " frames; two segments can have " + std::to_string(least));
  }
  copy_ = &copy;
  DropBeyondTheCopy(0);
  CopyAllFrames();
}

void ReplayMemory::CopyAllFrames() {
  if (copy_ == nullptr) return;
  std::vector<uint8_t> frame(static_cast<size_t>(options_.frame_bytes));
  const auto copy = [&](const Segment& segment, int64_t number) {
    scratch_.key = FrameStore::kNone;
    for (uint32_t i = 0; i < segment.frames(); ++i) {
      segment.CopyFrame(i, frame, scratch_);
      copy_->Put(number + i, frame);
    }
  };
  for (size_t i = 0; i < sealed_.size(); ++i) copy(*sealed_[i], first_frames_[i]);
  copy(*making_, making_first_frame_);
}

int64_t ReplayMemory::OwnBytes() const {
  int64_t bytes = options_.LaneBytes() + (making_ ? making_->bytes() : 0);
  for (const auto& segment : sealed_) bytes += segment->bytes();
  return bytes;
}

void ReplayMemory::Sample(int batch_size, int n_steps, RandomStream& random, Batch& batch) const {
  if (size() == 0 || batch_size < 1 || n_steps < 1) {
    throw std::invalid_argument("replay cannot sample " + std::to_string(batch_size) +
                                " transitions of up to " + std::to_string(n_steps) +
                                " env_steps from " + std::to_string(size()) +
                                "; all three must be at least 1");
  }
  const int64_t oldest = appended_ - size();
  batch.indices.resize(static_cast<size_t>(batch_size));
  for (int64_t& index : batch.indices) {
    index = oldest + random.Below(static_cast<uint32_t>(size()));
  }
  FetchIndices(n_steps, copy_ != nullptr, batch);
}

void ReplayMemory::Fetch(std::span<const int64_t> transitions, int n_steps, Batch& batch) const {
  for (const int64_t transition : transitions) {
    if (transition >= appended_ - size() && transition < appended_) continue;
    throw std::invalid_argument("replay has no transition " + std::to_string(transition) +
                                "; it remembers " + std::to_string(appended_ - size()) + " to " +
                                std::to_string(appended_ - 1));
  }
  batch.indices.assign(transitions.begin(), transitions.end());
  FetchIndices(n_steps, false, batch);
}

// Fills the batch with the transitions of its indices.
void ReplayMemory::FetchIndices(int n_steps, bool by_number, Batch& batch) const {
  const size_t count = batch.indices.size();
  const size_t state_bytes = by_number ? 0 : count * static_cast<size_t>(shape_.state_bytes());
  const size_t frame_numbers = by_number ? count * static_cast<size_t>(shape_.stack) : 0;
  batch.size = static_cast<int>(count);
  batch.n_steps = n_steps;
  batch.states.resize(state_bytes);
  batch.next_states.resize(state_bytes);
  batch.state_frames.resize(frame_numbers);
  batch.next_state_frames.resize(frame_numbers);
  batch.actions.resize(count);
  batch.rewards.assign(count * static_cast<size_t>(n_steps), 0.0f);
  batch.steps.resize(count);
  batch.terminated.resize(count);
  batch.weights.assign(count, 1.0f);
  for (int i = 0; i < batch.size; ++i) {
    FetchOne(batch.indices[static_cast<size_t>(i)], i, by_number, batch);
  }
}

// Fills `position` of the batch with the transition of that number.
void ReplayMemory::FetchOne(int64_t transition, int position, bool by_number, Batch& batch) const {
  const Segment& segment = SegmentOf(transition);
  const auto i = static_cast<size_t>(position);
  const auto first = static_cast<uint32_t>(transition - segment.first_transition());
  const std::span rewards =
      std::span(batch.rewards)
          .subspan(i * static_cast<size_t>(batch.n_steps), static_cast<size_t>(batch.n_steps));
  uint32_t last = first;
  size_t steps = 1;
  rewards[0] = segment.row(first).transition.reward;
  while (steps < rewards.size() && segment.row(last).next_row != Segment::kNone) {
    last = segment.row(last).next_row;
    rewards[steps++] = segment.row(last).transition.reward;
  }
  batch.actions[i] = segment.row(first).transition.action;
  batch.steps[i] = static_cast<int32_t>(steps);
  batch.terminated[i] = segment.row(last).transition.terminated ? 1 : 0;

  if (by_number) {
    FetchFrameNumbers(transition, last, i, batch);
  } else {
    FetchStates(segment, first, last, i, batch);
  }
}

// The states before row `first` and after row `last`.
void ReplayMemory::FetchStates(const Segment& segment, uint32_t first, uint32_t last,
                               size_t position, Batch& batch) const {
  const auto state_bytes = static_cast<size_t>(shape_.state_bytes());
  const auto before = std::span(batch.states).subspan(position * state_bytes, state_bytes);
  const auto after = std::span(batch.next_states).subspan(position * state_bytes, state_bytes);
  batch.scratch.key = FrameStore::kNone;  // of another segment
  if (last == first) {
    segment.CopyStates(first, before, after, batch.scratch);
  } else {
    segment.CopyStateBefore(first, before, batch.scratch);
    segment.CopyStateAfter(last, after, batch.scratch);
  }
}

// Of the same states.
void ReplayMemory::FetchFrameNumbers(int64_t transition, uint32_t last, size_t position,
                                     Batch& batch) const {
  const size_t segment_number = SegmentNumber(transition);
  const Segment& segment = SegmentOf(transition);
  const int64_t first_frame =
      segment_number < sealed_.size() ? first_frames_[segment_number] : making_first_frame_;
  const auto first = static_cast<uint32_t>(transition - segment.first_transition());
  const auto stack = static_cast<size_t>(shape_.stack);
  const auto number = [&](uint32_t newest, std::vector<int64_t>& numbers) {
    uint32_t frame = newest;
    for (size_t i = stack; i-- > 0;) {
      const bool is_real = frame != Segment::kNone;
      numbers[position * stack + i] = is_real ? first_frame + frame : Batch::kNoFrame;
      if (is_real) frame = segment.frame_before(frame);
    }
  };
  number(segment.frame_before(segment.row(first).frame_after), batch.state_frames);
  number(segment.row(last).frame_after, batch.next_state_frames);
}

size_t ReplayMemory::SegmentNumber(int64_t transition) const {
  return static_cast<size_t>((transition - first_transition()) / shape_.transitions);
}

const Segment& ReplayMemory::SegmentOf(int64_t transition) const {
  const size_t number = SegmentNumber(transition);
  return number < sealed_.size() ? *sealed_[number] : *making_;
}

void ReplayMemory::UpdatePriorities(std::span<const int64_t> indices,
                                    std::span<const float> priorities) {
  if (indices.size() != priorities.size()) {
    throw std::invalid_argument("replay got " + std::to_string(priorities.size()) +
                                " priorities for " + std::to_string(indices.size()) +
                                " transitions; it needs one for each");
  }
}

// The oldest transition that a segment still holds.
int64_t ReplayMemory::first_transition() const {
  return sealed_.empty() ? making_->first_transition() : sealed_.front()->first_transition();
}

int64_t ReplayMemory::size() const {
  return std::min(options_.buffer_size, appended_ - first_transition());
}

int64_t ReplayMemory::bytes() const {
  return options_.LaneBytes() + pool_->bytes();
}

int64_t ReplayMemory::BytesAtBound(const ReplayOptions& options, int64_t shortest_episode) {
  CheckReplayOptions(options);
  if (shortest_episode < 1) {
    throw std::invalid_argument("shortest_episode is " + std::to_string(shortest_episode) +
                                "; an episode has at least 1 env_step");
  }
  const int64_t bytes =
      (options.MostFullSegments() + 1) * options.Shape().MostBytes(shortest_episode) +
      options.LaneBytes();
  return options.max_bytes ? std::min(bytes, *options.max_bytes) : bytes;
}

std::span<const uint8_t> ReplayMemory::CarriedFrames(const Lane& lane) const {
  return std::span(lane.carried)
      .last(static_cast<size_t>(lane.carried_frames) * static_cast<size_t>(options_.frame_bytes));
}

// The lane of that number, once it and the frame meant for it are checked.
ReplayMemory::Lane& ReplayMemory::LaneAt(int lane, std::span<const uint8_t> frame) {
  if (lane < 0 || lane >= options_.lanes) {
    throw std::invalid_argument("replay lane is " + std::to_string(lane) + "; it must be 0 to " +
                                std::to_string(options_.lanes - 1));
  }
  if (frame.size() != static_cast<size_t>(options_.frame_bytes)) {
    throw std::invalid_argument("replay got a frame of " + std::to_string(frame.size()) +
                                " bytes; it must have " + std::to_string(options_.frame_bytes));
  }
  return lanes_[static_cast<size_t>(lane)];
}

}  // namespace dqnd
