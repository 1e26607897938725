#include "replay/segment.h"

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dqnd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

using Frame = std::array<uint8_t, 1>;

std::unique_ptr<Segment> MakeSegment(const SegmentShape& shape) {
  return std::make_unique<Segment>(std::make_shared<BlockPool>(shape.BlockBytes(), 0), shape, 0);
}

std::unique_ptr<Segment> Load(const std::string& bytes, const SegmentShape& shape) {
  ByteReader reader(bytes);
  return Segment::Load(std::make_shared<BlockPool>(shape.BlockBytes(), 0), shape, reader);
}

std::string Saved(const Segment& segment) {
  ByteWriter writer;
  segment.Save(writer);
  return writer.Take();
}

constexpr size_t kHeaderBytes = 6 * sizeof(uint64_t);

// What every saved segment of that shape begins with: the magic number and the shape.
std::string Header(const SegmentShape& shape) {
  return Saved(*MakeSegment(shape)).substr(0, kHeaderBytes);
}

// The bytes of a segment as if it were of another shape.
std::string Forged(const std::string& bytes, const SegmentShape& shape) {
  return std::string(bytes).replace(0, kHeaderBytes, Header(shape));
}

// `rows` transitions, each of an episode of its own that carries `carried` frames over.
std::string SavedEpisodes(const SegmentShape& shape, int rows, size_t carried) {
  const auto segment = MakeSegment(shape);
  const std::vector<uint8_t> frames(carried, 7);
  for (int i = 0; i < rows; ++i) segment->Append(Segment::kNone, frames, {}, Frame{1});
  return Saved(*segment);
}

TEST(Segment, BeginsWithTheFramesThatItsFirstStatesNeed) {
  const auto segment = MakeSegment({.transitions = 4, .stack = 3});
  const uint32_t row =
      segment->Append(Segment::kNone, std::array<uint8_t, 3>{7, 8, 9}, {.action = 2}, Frame{10});
  std::vector<uint8_t> state(3);
  FrameStore::Scratch scratch;
  EXPECT_EQ(segment->CopyStateBefore(row, state, scratch), 3);
  EXPECT_THAT(state, ElementsAre(7, 8, 9));
  EXPECT_EQ(segment->CopyStateAfter(row, state, scratch), 3);
  EXPECT_THAT(state, ElementsAre(8, 9, 10));
}

TEST(Segment, LinksTheTransitionsOfAnEpisode) {
  const auto segment = MakeSegment({.transitions = 4, .lanes = 2, .stack = 2});
  const uint32_t first = segment->Append(Segment::kNone, Frame{1}, {}, Frame{2});
  const uint32_t other = segment->Append(Segment::kNone, Frame{50}, {}, Frame{51});
  const uint32_t second = segment->Append(first, {}, {.terminated = true}, Frame{3});
  EXPECT_EQ(segment->row(first).next_row, second);
  EXPECT_EQ(segment->row(second).next_row, Segment::kNone);
  EXPECT_EQ(segment->row(other).next_row, Segment::kNone);
  std::vector<uint8_t> state(2);
  FrameStore::Scratch scratch;
  EXPECT_EQ(segment->CopyStateBefore(first, state, scratch), 1);
  EXPECT_THAT(state, ElementsAre(0, 1));
  segment->CopyStateBefore(second, state, scratch);
  EXPECT_THAT(state, ElementsAre(1, 2));
}

TEST(Segment, ComesBackFromItsBytesWithItsLinks) {
  const SegmentShape shape{.transitions = 3, .stack = 2};
  const auto segment = MakeSegment(shape);
  const uint32_t first = segment->Append(Segment::kNone, Frame{1}, {.action = -5}, Frame{2});
  segment->Append(first, {}, {.reward = 1.5f, .terminated = true}, Frame{3});
  segment->Append(Segment::kNone, Frame{9}, {.truncated = true}, Frame{8});
  const auto loaded = Load(Saved(*segment), shape);
  ASSERT_EQ(loaded->size(), 3u);
  EXPECT_TRUE(loaded->full());
  for (uint32_t row = 0; row < 3; ++row) {
    EXPECT_EQ(loaded->row(row).transition, segment->row(row).transition);
    EXPECT_EQ(loaded->row(row).next_row, segment->row(row).next_row);
  }
  EXPECT_EQ(Saved(*loaded), Saved(*segment));
}

TEST(Segment, NeverHoldsMoreFramesThanItsShapeAllows) {
  // Every lane carries a whole state over, and then has episodes of one env_step.
  const SegmentShape shape{.transitions = 10, .lanes = 3, .frame_bytes = 5'000, .stack = 4};
  const auto segment = MakeSegment(shape);
  const std::vector<uint8_t> frames(20'000);
  for (size_t i = 0; i < 10; ++i) {
    segment->Append(Segment::kNone, std::span(frames).first(i < 3 ? 20'000 : 5'000),
                    {.truncated = true}, std::span(frames).first(5'000));
  }
  EXPECT_EQ(segment->bytes(), shape.MostBytes());
  EXPECT_EQ(shape.MostFrames(), 29);
}

TEST(Segment, RefusesMoreThanItsShapeAllows) {
  const SegmentShape wide{.transitions = 20, .lanes = 20, .stack = 4};
  const SegmentShape small{.transitions = 10};
  const std::string many_rows = SavedEpisodes(wide, 11, 1);
  EXPECT_THAT([&] { Load(Forged(many_rows, small), small); },
              ThrowsMessage<std::runtime_error>(HasSubstr("11 transitions, at most 10")));
  const std::string many_frames = SavedEpisodes(wide, 10, 4);
  EXPECT_THAT([&] { Load(Forged(many_frames, small), small); },
              ThrowsMessage<std::runtime_error>(HasSubstr("50 frames, at most 20")));
}

TEST(Segment, OfAnotherShapeOrFormatIsRefusedByName) {
  const SegmentShape shape{.transitions = 3, .stack = 2};
  const std::string bytes = Saved(*MakeSegment(shape));
  EXPECT_THAT([&] { Load(bytes, {.transitions = 3, .stack = 4}); },
              ThrowsMessage<std::runtime_error>(HasSubstr("stack is 2, this run has 4")));
  std::string newer = bytes;
  newer[7] = 2;
  EXPECT_THAT([&] { Load(newer, shape); },
              ThrowsMessage<std::runtime_error>(HasSubstr("format 1")));
}

TEST(Segment, RefusesTransitionsThatContradictEachOther) {
  const SegmentShape shape{.transitions = 3};
  const auto segment = MakeSegment(shape);
  const uint32_t first = segment->Append(Segment::kNone, Frame{1}, {}, Frame{2});
  segment->Append(first, {}, {}, Frame{3});
  const std::string bytes = Saved(*segment);
  const size_t row_size = 13, first_row = bytes.size() - 3 - 2 * row_size;

  std::string goes_on_after_its_end = bytes;
  goes_on_after_its_end[first_row + row_size - 1] = 1;  // terminated
  EXPECT_THAT([&] { Load(goes_on_after_its_end, shape); },
              ThrowsMessage<std::runtime_error>(HasSubstr("ends its episode")));

  std::string swapped = bytes;
  swapped.replace(first_row, row_size, bytes, first_row + row_size, row_size);
  swapped.replace(first_row + row_size, row_size, bytes, first_row, row_size);
  EXPECT_THAT([&] { Load(swapped, shape); },
              ThrowsMessage<std::runtime_error>(HasSubstr("transition 1 leads to frame 1")));
}

TEST(Segment, ComparesItsCountsWithWhatIsLeftBeforeItTakesMemory) {
  const SegmentShape shape{.transitions = 1'000'000, .frame_bytes = 7'056};
  ByteWriter writer;
  const std::string header = Header(shape);
  writer.Raw(header.data(), header.size());
  writer.I64(0);
  writer.U64(1'000'001);
  writer.U64(1'000'000);
  EXPECT_THAT([&] { Load(writer.bytes(), shape); },
              ThrowsMessage<std::runtime_error>(HasSubstr("7073007060 bytes wanted, 0 left")));
}

}  // namespace
}  // namespace dqnd
