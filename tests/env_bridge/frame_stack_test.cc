#include "env_bridge/frame_stack.h"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dqnd {
namespace {

using testing::ElementsAre;
using Bytes = std::vector<uint8_t>;

// `stack` observations of `bytes` bytes each.
ObservationSpec Stack(int stack, int bytes) {
  return {.channels = bytes, .stack = stack};
}

TEST(FrameStack, PutsZerosBeforeAnEpisodesFirstObservation) {
  FrameStack stack(1, Stack(3, 2));
  stack.Begin(0, Bytes{1, 2});
  EXPECT_THAT(stack.states(), ElementsAre(0, 0, 0, 0, 1, 2));
  stack.Push(0, Bytes{3, 4});
  EXPECT_THAT(stack.states(), ElementsAre(0, 0, 1, 2, 3, 4));
}

TEST(FrameStack, KeepsTheNewestObservationsOldestFirst) {
  FrameStack stack(1, Stack(3, 2));
  stack.Begin(0, Bytes{1, 2});
  for (uint8_t i = 3; i < 11; i += 2) stack.Push(0, Bytes{i, static_cast<uint8_t>(i + 1)});
  EXPECT_THAT(stack.states(), ElementsAre(5, 6, 7, 8, 9, 10));
}

TEST(FrameStack, ForgetsTheEpisodeBeforeWhenANewOneBegins) {
  FrameStack stack(1, Stack(2, 1));
  stack.Begin(0, Bytes{1});
  stack.Push(0, Bytes{2});
  stack.Begin(0, Bytes{3});
  EXPECT_THAT(stack.states(), ElementsAre(0, 3));
}

TEST(FrameStack, LanesDoNotTouchEachOther) {
  FrameStack stack(3, Stack(2, 1));
  for (int lane = 0; lane < 3; ++lane) stack.Begin(lane, Bytes{static_cast<uint8_t>(lane + 1)});
  stack.Push(1, Bytes{9});
  EXPECT_THAT(stack.states(), ElementsAre(0, 1, 2, 9, 0, 3));
  stack.Begin(2, Bytes{8});
  EXPECT_THAT(stack.states(), ElementsAre(0, 1, 2, 9, 0, 8));
}

TEST(FrameStack, AStackOfOneIsTheNewestObservation) {
  FrameStack stack(1, Stack(1, 2));
  stack.Begin(0, Bytes{1, 2});
  stack.Push(0, Bytes{3, 4});
  EXPECT_THAT(stack.states(), ElementsAre(3, 4));
}

TEST(FrameStack, ContinuesIdenticallyFromASavedState) {
  FrameStack original(2, Stack(2, 1)), restored(2, Stack(2, 1));
  original.Begin(0, Bytes{1});
  original.Push(0, Bytes{2});
  original.Begin(1, Bytes{3});
  ByteWriter writer;
  original.SaveState(writer);
  ByteReader reader(writer.bytes());
  restored.LoadState(reader);
  restored.Push(0, Bytes{4});
  EXPECT_THAT(restored.states(), ElementsAre(2, 4, 0, 3));
}

TEST(FrameStack, RefusesAStateOfAnotherSize) {
  ByteWriter writer;
  FrameStack(2, Stack(2, 1)).SaveState(writer);
  FrameStack stack(2, Stack(3, 1));
  ByteReader reader(writer.bytes());
  EXPECT_THROW(stack.LoadState(reader), std::runtime_error);
}

TEST(FrameStack, RefusesFewerThanOneLane) {
  EXPECT_THROW(FrameStack(0, Stack(1, 1)), std::invalid_argument);
}

}  // namespace
}  // namespace dqnd
