#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/random_stream.h"
#include "replay/block_pool.h"
#include "replay/frame_copy.h"
#include "replay/replay_options.h"
#include "replay/segment.h"
#include "replay/transition.h"

namespace dqnd {

// A batch of sampled transitions. Reused from call to call, so that sampling does not allocate.
struct Batch {
  int size = 0;
  int n_steps = 0;
  std::vector<uint8_t> states;       // [size, stack, frame_bytes], oldest frame first
  std::vector<uint8_t> next_states;  // [size, stack, frame_bytes], `steps` env_steps later
  // Where a FrameCopy has the frames, their numbers in place of states; kNoFrame before an
  // episode's first. Both [size, stack].
  static constexpr int64_t kNoFrame = -1;
  std::vector<int64_t> state_frames, next_state_frames;
  std::vector<int32_t> actions;     // [size]
  std::vector<float> rewards;       // [size, n_steps], 0 from `steps` on
  std::vector<int32_t> steps;       // [size], 1..n_steps: env_steps between state and next state
  std::vector<uint8_t> terminated;  // [size], 1: the next state is terminal
  std::vector<int64_t> indices;     // [size], the transition's number since the run began
  std::vector<float> weights;       // [size], importance weights; 1 under uniform sampling
  FrameStore::Scratch scratch;      // the memory's, between two frames
};

// The bounded memory of the newest transitions.
//
// Frames are stored once: a state is the last `stack` frames of its episode, put together when it
// is sampled, with zeros before the episode's first. A transition and its successor share all but
// one frame. Transitions lie in segments of a fixed count; where an episode goes on from one
// segment to the next, the frames of its current state are stored in both, so that each stands
// alone. A full segment is sealed: it never changes again and may be shared (`sealed_segments`)
// while the memory goes on.
//
// The oldest segment is dropped when none of its transitions is among the newest `buffer_size`;
// with `max_bytes` set, also when the memory would otherwise exceed it, and then fewer than
// `buffer_size` are remembered. What is dropped depends on the memory's own segments alone. One
// that was dropped while somebody else still holds it counts in bytes() until it is let go: then
// bytes() can exceed `max_bytes`, and whoever shares segments has to wait for its holders before it
// appends more.
//
// Misuse (a lane out of range, a frame of the wrong size, Append without Begin, Sample from an
// empty memory or of fewer than one) throws std::invalid_argument and changes nothing.
//
// Bytes and indices only: no tensors, no files. Not safe for use by several threads at once.
class ReplayMemory {
 public:
  // Throws what CheckReplayOptions throws.
  explicit ReplayMemory(const ReplayOptions& options);

  // Begins an episode in `lane` with its first frame; one that is under way there is left off, its
  // last transition neither terminated nor truncated. REQUIRES: frame.size() == frame_bytes.
  void Begin(int lane, std::span<const uint8_t> frame);

  // Stores the transition from the lane's newest frame to `next_frame`. After a terminated or
  // truncated one the lane needs Begin before the next Append. REQUIRES: Begin was called.
  void Append(int lane, const Transition& transition, std::span<const uint8_t> next_frame);

  // Draws `batch_size` transitions uniformly with replacement, one word of `random` each (rarely
  // more). With n_steps > 1 the next state lies up to n_steps env_steps later: fewer where the
  // episode ends, and where the segment ends, so that no batch depends on two segments.
  // REQUIRES: size() > 0, batch_size > 0, n_steps > 0.
  void Sample(int batch_size, int n_steps, RandomStream& random, Batch& batch) const;

  // From now on `copy` gets every frame, those that the memory has already first, and Sample gives
  // frame numbers. It must outlive this object. Throws std::invalid_argument when it has not room
  // for two segments.
  void CopyFramesTo(FrameCopy& copy);

  // The transitions of those numbers with their states, one to an n_steps as Sample has it. Throws
  // std::invalid_argument when one is not among the newest size().
  void Fetch(std::span<const int64_t> transitions, int n_steps, Batch& batch) const;

  // Takes new priorities for sampled transitions (Batch::indices). Uniform sampling has no use for
  // them; the call is the seam for prioritized replay. Throws std::invalid_argument when the two
  // differ in length.
  void UpdatePriorities(std::span<const int64_t> indices, std::span<const float> priorities);

  int64_t size() const;                           // transitions that can be sampled now
  int64_t appended() const { return appended_; }  // transitions since the run began
  const ReplayOptions& options() const { return options_; }

  // Memory held: blocks of frames in use or kept for reuse, rows and links of every segment, the
  // lanes' states. Only container headers and the allocator's own overhead are not counted.
  int64_t bytes() const;

  // The full segments, oldest first. Any thread may read a segment that it holds a pointer to.
  const std::deque<std::shared_ptr<const Segment>>& sealed_segments() const { return sealed_; }

  // Most bytes that a memory of these options can come to hold when episodes are at least
  // `shortest_episode` env_steps long and nobody holds on to dropped segments. Throws what
  // CheckReplayOptions throws, and std::invalid_argument when shortest_episode < 1.
  static int64_t BytesAtBound(const ReplayOptions& options, int64_t shortest_episode = 16);

  // Everything but the sealed segments, which are saved one by one (Segment::Save): options, the
  // segment in the making, the lanes.
  void SaveTail(ByteWriter& writer) const;

  // The options of the memory whose tail this is, but for max_bytes, which is not saved. Throws
  // std::runtime_error when it is of another format.
  static ReplayOptions SavedOptions(ByteReader& tail);

  // A sealed segment back from its bytes, in this memory's blocks. Throws std::runtime_error when
  // they are damaged or of another shape.
  std::shared_ptr<const Segment> LoadSegment(ByteReader& reader) const;

  // Replaces what the memory held by a saved tail and the segments sealed before it, oldest first.
  // Throws std::runtime_error when the bytes were saved under other options or are damaged, or the
  // segments do not lead up to the tail; the memory is then empty, as if new. REQUIRES: `sealed`
  // came from LoadSegment since the last call.
  void Restore(ByteReader& tail, std::vector<std::shared_ptr<const Segment>> sealed);

 private:
  // Where a lane's episode stands. Its newest frame is the one after `last_row` of the segment in
  // the making; before its first transition in that segment, the newest of `carried`.
  struct Lane {
    bool in_episode = false;
    uint32_t last_row = Segment::kNone;
    int carried_frames = 0;        // real ones, at the end of `carried`
    std::vector<uint8_t> carried;  // [stack, frame_bytes], oldest frame first
  };

  void Clear();
  int64_t first_transition() const;
  int64_t OwnBytes() const;
  std::span<const uint8_t> CarriedFrames(const Lane& lane) const;
  Lane& LaneAt(int lane, std::span<const uint8_t> frame);
  // Which segment holds a transition: an index of sealed_, whose size stands for making_.
  size_t SegmentNumber(int64_t transition) const;
  const Segment& SegmentOf(int64_t transition) const;

  void DropOutdated(int64_t appended);
  void DropToFit(int64_t more_bytes);
  void DropBeyondTheCopy(int64_t more_frames);
  void DropOldest();
  int64_t frames_stored() const { return making_first_frame_ + making_->frames(); }
  void CopyAllFrames();
  void OpenSegment();
  void SealSegment();
  void FetchIndices(int n_steps, bool by_number, Batch& batch) const;
  void FetchOne(int64_t transition, int position, bool by_number, Batch& batch) const;
  void FetchStates(const Segment& segment, uint32_t first, uint32_t last, size_t position,
                   Batch& batch) const;
  void FetchFrameNumbers(int64_t transition, uint32_t last, size_t position, Batch& batch) const;

  void SaveOptions(ByteWriter& writer) const;
  void LoadOptions(ByteReader& reader) const;
  void LoadContents(ByteReader& reader, std::vector<std::shared_ptr<const Segment>> sealed);
  void LoadLane(ByteReader& reader, Lane& lane) const;

  ReplayOptions options_;
  SegmentShape shape_;
  std::shared_ptr<BlockPool> pool_;
  std::deque<std::shared_ptr<const Segment>> sealed_;  // oldest first
  std::unique_ptr<Segment> making_;                    // follows sealed_; never full
  std::deque<int64_t> first_frames_;  // the number of the first frame of each of sealed_
  int64_t making_first_frame_ = 0;    // and of making_
  FrameCopy* copy_ = nullptr;
  std::vector<Lane> lanes_;  // [options_.lanes]
  int64_t appended_ = 0;
  FrameStore::Scratch scratch_;
};

}  // namespace dqnd
