// Saving and loading: a loaded memory is the saved one, and damaged bytes do no harm.
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/replay/random_play.h"
#include "tests/replay/saved_memory.h"

namespace dqnd {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::string Tail(const ReplayMemory& memory) {
  ByteWriter writer;
  memory.SaveTail(writer);
  return writer.Take();
}

void ExpectLoadedGoesOnAlike(uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomStream random(seed, "state");
  ReplayOptions options = RandomOptions(random);
  if (random.Below(3) == 0) {
    options.buffer_size = 1'000;
    options.max_bytes = 3 * options.Shape().MostBytes() + options.LaneBytes();
  }
  ReplayMemory original(options), copy(options);
  RandomPlay(options, seed + 1'000).Steps(20, {&copy});  // what the load replaces
  RandomPlay play(options, seed, {.end = 0.2, .in_turn = random.Below(2) == 0});
  play.Steps(static_cast<int>(random.Below(200)), {&original});
  const std::string bytes = Saved(original);
  Load(copy, bytes);
  EXPECT_EQ(Saved(copy), bytes);

  RandomStream one(seed, "sample"), two(seed, "sample");
  Batch expected, actual;
  for (int step = 0; step < 100; ++step) {
    play.Step({&original, &copy});
    original.Sample(4, 3, one, expected);
    copy.Sample(4, 3, two, actual);
    ASSERT_EQ(actual.indices, expected.indices);
    ASSERT_EQ(actual.states, expected.states);
    ASSERT_EQ(actual.next_states, expected.next_states);
    ASSERT_EQ(actual.rewards, expected.rewards);
    ASSERT_EQ(actual.steps, expected.steps);
    ASSERT_EQ(actual.terminated, expected.terminated);
    ExpectBatchIsRight(actual, play.naive());
    ASSERT_FALSE(::testing::Test::HasFailure());
  }
  EXPECT_EQ(Saved(copy), Saved(original));
}

TEST(ReplayMemoryState, GoesOnInAnotherMemoryWithTheSameSamples) {
  for (uint64_t seed = 1; seed <= 40 && !HasFailure(); ++seed) ExpectLoadedGoesOnAlike(seed);
}

TEST(ReplayMemoryState, SavedUnderOtherOptionsIsRefusedByName) {
  const ReplayOptions options{.buffer_size = 50, .lanes = 2, .frame_bytes = 4, .stack = 2};
  const std::string bytes = Saved(ReplayMemory(options));
  const auto expect_refused = [&](ReplayOptions other, const std::string& name) {
    ReplayMemory memory(other);
    EXPECT_THAT([&] { Load(memory, bytes); }, ThrowsMessage<std::runtime_error>(HasSubstr(name)));
  };
  auto other = options;
  expect_refused((other.buffer_size = 51, other), "buffer_size 50");
  other = options;
  expect_refused((other.lanes = 3, other), "lanes 2");
  other = options;
  expect_refused((other.frame_bytes = 5, other), "frame_bytes 4");
  other = options;
  expect_refused((other.stack = 3, other), "stack 2");
  other = options;
  expect_refused((other.segment_transitions = 65, other), "segment_transitions 64");
}

TEST(ReplayMemoryState, NamesTheOptionsThatItWasSavedUnder) {
  const ReplayOptions options{.buffer_size = 50,
                              .lanes = 2,
                              .frame_bytes = 4,
                              .stack = 3,
                              .segment_transitions = 70,
                              .codec = FrameCodec::kLz4};
  ByteWriter tail;
  ReplayMemory(options).SaveTail(tail);
  const std::string bytes = tail.Take();
  ByteReader reader(bytes);
  const ReplayMemory like(ReplayMemory::SavedOptions(reader));
  EXPECT_EQ(Saved(like), Saved(ReplayMemory(options)));
}

// A small memory in full swing: dropped segments, two lanes in mid-episode, one of which carries
// frames over.
class DamagedReplayMemory : public ::testing::Test {
 protected:
  DamagedReplayMemory() {
    RandomPlay play(options_, 31, {.end = 0.1});
    ReplayMemory memory(options_);
    play.Steps(25, {&memory});
    bytes_ = Saved(memory);
  }

  // Whatever the bytes are: either they are refused, and the memory is empty and usable, or it has
  // the shape of the saved one and can be used.
  void LoadAndUse(const std::string& bytes) {
    ReplayMemory memory(options_);
    bool refused = false;
    try {
      Load(memory, bytes);
    } catch (const std::runtime_error&) {
      refused = true;
    }
    refused_ += refused ? 1 : 0;
    ASSERT_EQ(memory.appended() == 0, refused);
    ASSERT_LE(memory.bytes(), ReplayMemory::BytesAtBound(options_, 1));
    RandomStream random(1, "sample");
    Batch batch;
    if (!refused) {
      ASSERT_EQ(Saved(memory), bytes);  // nothing was passed over or made up
      ASSERT_LE(memory.size(), options_.buffer_size);
      memory.Sample(100, 3, random, batch);
    }
    const std::vector<uint8_t> frame(2);
    for (int lane = 0; lane < 2; ++lane) {
      if (refused || random.Below(2) == 0) memory.Begin(lane, frame);
    }
    for (int i = 0; i < 20; ++i) {
      try {
        memory.Append(i % 2, {}, frame);
      } catch (const std::invalid_argument&) {  // the lane's episode had ended
        memory.Begin(i % 2, frame);
      }
      if (memory.size() > 0) memory.Sample(10, 3, random, batch);
    }
  }

  const ReplayOptions options_{
      .buffer_size = 10, .lanes = 2, .frame_bytes = 2, .stack = 3, .segment_transitions = 7};
  std::string bytes_;
  int refused_ = 0;
};

TEST_F(DamagedReplayMemory, IsRefusedWhereverItIsCutOff) {
  for (size_t length = 0; length < bytes_.size(); ++length) {
    SCOPED_TRACE("length " + std::to_string(length));
    ASSERT_NO_FATAL_FAILURE(LoadAndUse(bytes_.substr(0, length)));
  }
  EXPECT_EQ(refused_, static_cast<int>(bytes_.size()));
}

TEST_F(DamagedReplayMemory, DoesNoHarmWhateverBitIsFlipped) {
  for (size_t position = 0; position < bytes_.size(); ++position) {
    for (int bit = 0; bit < 8; ++bit) {
      SCOPED_TRACE("byte " + std::to_string(position) + ", bit " + std::to_string(bit));
      std::string damaged = bytes_;
      damaged[position] = static_cast<char>(damaged[position] ^ (1 << bit));
      ASSERT_NO_FATAL_FAILURE(LoadAndUse(damaged));
    }
  }
  EXPECT_GT(refused_, 0);
}

TEST_F(DamagedReplayMemory, DoesNoHarmWhateverNumberIsWrittenOver) {
  for (const uint64_t number : {uint64_t{0}, ~uint64_t{0}, uint64_t{1} << 62, uint64_t{1} << 31}) {
    for (size_t position = 0; position + 8 <= bytes_.size(); ++position) {
      SCOPED_TRACE("byte " + std::to_string(position) + ", number " + std::to_string(number));
      ByteWriter writer;
      writer.U64(number);
      ASSERT_NO_FATAL_FAILURE(LoadAndUse(std::string(bytes_).replace(position, 8, writer.bytes())));
    }
  }
  EXPECT_GT(refused_, 0);
}

// Numbers that are plausible one by one and contradict each other.
TEST(ForgedReplayMemory, WithMoreSegmentsThanItsBufferNeedsIsRefused) {
  ReplayOptions options{.buffer_size = 100, .segment_transitions = 7};
  ReplayMemory large(options);
  RandomPlay(options, 41).Steps(80, {&large});
  const std::string tail = Tail(large);
  ByteWriter buffer_size;
  buffer_size.I64(options.buffer_size = 10);
  const std::string forged = std::string(tail).replace(sizeof(uint32_t), 8, buffer_size.bytes());
  ReplayMemory memory(options);
  ByteReader reader(forged);
  std::vector<std::shared_ptr<const Segment>> sealed(large.sealed_segments().begin(),
                                                     large.sealed_segments().end());
  EXPECT_THAT([&] { memory.Restore(reader, sealed); },
              ThrowsMessage<std::runtime_error>(HasSubstr("11 full segments, 11 are there")));
}

TEST(ForgedReplayMemory, WithoutOneOfItsSegmentsIsRefusedByName) {
  const ReplayOptions options{.buffer_size = 100, .segment_transitions = 7};
  ReplayMemory memory(options), copy(options);
  RandomPlay(options, 44).Steps(30, {&memory});
  const std::string tail = Tail(memory);
  std::vector<std::shared_ptr<const Segment>> sealed(memory.sealed_segments().begin(),
                                                     memory.sealed_segments().end());
  std::swap(sealed[1], sealed[2]);
  ByteReader reader(tail);
  EXPECT_THAT([&] { copy.Restore(reader, sealed); },
              ThrowsMessage<std::runtime_error>(HasSubstr("begins at transition 7 is missing")));
  EXPECT_EQ(copy.size(), 0);
}

TEST(ForgedReplayMemory, WithTwoLanesInOneEpisodeIsRefused) {
  const ReplayOptions options{.buffer_size = 10, .lanes = 2};
  ReplayMemory memory(options);
  RandomPlay(options, 42, {.end = 0}).Steps(4, {&memory});
  std::string forged = Saved(memory);
  const size_t lane_size = 1 + 4 + 4, lane0 = forged.size() - 2 * lane_size;
  forged.replace(lane0 + lane_size, lane_size, forged.substr(lane0, lane_size));
  EXPECT_THAT([&] { Load(memory, forged); },
              ThrowsMessage<std::runtime_error>(HasSubstr("two lanes")));
}

TEST(ForgedReplayMemory, WithAFullSegmentInTheMakingIsRefused) {
  const ReplayOptions options{.buffer_size = 10, .segment_transitions = 7};
  ReplayMemory memory(options);
  RandomPlay(options, 43, {.end = 1}).Steps(7, {&memory});
  ByteWriter full;
  memory.sealed_segments().front()->Save(full);
  std::string forged = Tail(memory);
  const size_t options_size = 52, count_size = 8, lane_size = 9;
  forged.replace(options_size, count_size, count_size, '\0');
  forged.replace(options_size + count_size, forged.size() - options_size - count_size - lane_size,
                 full.bytes());
  ByteReader reader(forged);
  EXPECT_THAT([&] { memory.Restore(reader, {}); },
              ThrowsMessage<std::runtime_error>(HasSubstr("in the making is full")));
}

TEST_F(DamagedReplayMemory, IsEmptyAndUsableAfterARefusal) {
  ReplayMemory memory(options_);
  Load(memory, bytes_);
  ASSERT_GT(memory.size(), 0);
  EXPECT_THROW(Load(memory, bytes_.substr(0, bytes_.size() - 1)), std::runtime_error);
  EXPECT_EQ(memory.size(), 0);
  EXPECT_EQ(memory.appended(), 0);
  RandomPlay play(options_, 32);
  play.Steps(40, {&memory});
  RandomStream random(1, "sample");
  Batch batch;
  memory.Sample(50, 2, random, batch);
  ExpectBatchIsRight(batch, play.naive());
}

}  // namespace
}  // namespace dqnd
